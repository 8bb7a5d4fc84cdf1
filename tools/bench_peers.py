#!/usr/bin/env python3
"""Runs croton_bench's workloads in the peers that are installed (numpy, jax, torch, pytensor, mlx) and prints a table.

    croton_bench --benchmark_out=croton.json --benchmark_out_format=json
    tools/bench_peers.py --croton croton.json [--only tutorial_step,softmax] [--seconds 1]

Times are medians in microseconds, steady state, all threads, float32. A peer that is missing is left out.
"""
import argparse
import importlib.metadata
import json
import statistics
import time

import numpy as np

RATE, LAMBDA = 0.01, 0.01
random = np.random.default_rng(1)


def numbers(*shape, scale=1.0):
    return (scale * random.standard_normal(shape)).astype(np.float32)


def classes(rows, count):
    y = np.zeros((rows, count), np.float32)
    y[np.arange(rows), np.arange(rows) * 7 % count] = 1
    return y


def network(inputs, outputs, n=5000, h=1000):
    return [numbers(n, inputs), classes(n, outputs), numbers(inputs, h, scale=0.7), numbers(h, scale=0.1),
            numbers(h, outputs, scale=0.03), numbers(outputs, scale=0.1)]


def values():
    """Name -> arguments; drawn when asked for."""
    return {
        "tutorial_step": lambda: network(2, 2),
        "tutorial_step_hidden_100": lambda: network(2, 2, h=100),
        "tutorial_step_hidden_10000": lambda: network(2, 2, h=10000),
        "tutorial_step_examples_500": lambda: network(2, 2, n=500),
        "tutorial_step_examples_50000": lambda: network(2, 2, n=50000),
        "elementwise_chain": lambda: [numbers(10**7) for _ in range(4)],
        "axpb": lambda: [numbers(10**7)],
        "sum": lambda: [np.ones(10**8, np.float32)],
        "mean_axis_0": lambda: [numbers(4096, 4096)],
        "mean_axis_1": lambda: [numbers(4096, 4096)],
        "var_axis_0": lambda: [numbers(4096, 4096)],
        "var_axis_1": lambda: [numbers(4096, 4096)],
        "softmax": lambda: [numbers(4096, 1000)],
        "logsumexp_grad": lambda: [numbers(4096, 1000)],
        "crossentropy_grad": lambda: [numbers(4096, 1000), classes(4096, 1000)],
        "layer_norm_grad": lambda: [numbers(4096, 1024), numbers(1024), numbers(1024), numbers(4096, 1024)],
        "wide_network_grad": lambda: network(8, 8),
        "gemm_1024": lambda: [numbers(1024, 1024), numbers(1024, 1024)],
        "gemm_bias_relu": lambda: [numbers(4096, 1024), numbers(1024, 1024), numbers(1024)],
    }


def numpy_functions(np):
    def step(x, y, w1, b1, w2, b2):
        n = np.float32(len(x))
        a = np.tanh(x @ w1 + b1)
        z = a @ w2 + b2
        e = np.exp(z - z.max(1, keepdims=True))
        d = (e / e.sum(1, keepdims=True) - y) / n
        g = (d @ w2.T) * (1 - a * a)
        decay = np.float32(LAMBDA) / n
        rate = np.float32(RATE)
        return (w1 - rate * (x.T @ g + decay * w1), b1 - rate * g.sum(0), w2 - rate * (a.T @ d + decay * w2),
                b2 - rate * d.sum(0))

    def softmax(z):
        e = np.exp(z - z.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    table = {name: step for name in values() if name.startswith("tutorial_step")}
    table.update({
        "elementwise_chain": lambda a, b, c, d: np.tanh(a * b + c) * np.exp(-d) + np.sqrt(np.abs(a)),
        "axpb": lambda a: a * 2 + 1,
        "sum": lambda a: a.sum(),
        "mean_axis_0": lambda a: a.mean(0),
        "mean_axis_1": lambda a: a.mean(1),
        "var_axis_0": lambda a: a.var(0),
        "var_axis_1": lambda a: a.var(1),
        "softmax": softmax,
        "gemm_1024": lambda a, b: a @ b,
        "gemm_bias_relu": lambda a, b, c: np.maximum(a @ b + c, 0),
    })
    return table


def jax_functions(jax):
    jnp = jax.numpy

    def loss(w1, b1, w2, b2, x, y):
        z = jnp.tanh(x @ w1 + b1) @ w2 + b2
        return -(y * jax.nn.log_softmax(z)).sum() / len(x)

    def step(x, y, w1, b1, w2, b2):
        def cost(w1, b1, w2, b2):
            return loss(w1, b1, w2, b2, x, y) + LAMBDA / 2 / len(x) * ((w1 * w1).sum() + (w2 * w2).sum())
        return [p - RATE * g for p, g in zip((w1, b1, w2, b2), jax.grad(cost, (0, 1, 2, 3))(w1, b1, w2, b2))]

    def layer_norm(x, gain, bias, seen):
        def cost(x, gain, bias):
            c = x - x.mean(1, keepdims=True)
            return ((c * jax.lax.rsqrt((c * c).mean(1, keepdims=True) + 1e-5) * gain + bias) * seen).sum()
        return jax.grad(cost, (0, 1, 2))(x, gain, bias)

    table = {**numpy_functions(jnp), **{name: step for name in values() if name.startswith("tutorial_step")}}
    table.update({
        "logsumexp_grad": jax.value_and_grad(lambda z: jax.nn.logsumexp(z, 1).sum()),
        "crossentropy_grad": lambda z, y: jax.value_and_grad(lambda z: -(y * jax.nn.log_softmax(z)).sum() / len(z))(z),
        "layer_norm_grad": layer_norm,
        "wide_network_grad": lambda x, y, *p: jax.value_and_grad(loss, (0, 1, 2, 3))(*p, x, y),
    })
    return {name: jax.jit(f) for name, f in table.items()}


def torch_functions(torch):
    def gradients(cost, *leaves):
        leaves = [t.detach().requires_grad_() for t in leaves]
        return torch.autograd.grad(cost(*leaves), leaves), leaves

    def loss(x, y, w1, b1, w2, b2):
        return -(y * torch.log_softmax(torch.tanh(x @ w1 + b1) @ w2 + b2, 1)).sum() / len(x)

    def step(x, y, *p):
        def cost(w1, b1, w2, b2):
            return loss(x, y, w1, b1, w2, b2) + LAMBDA / 2 / len(x) * ((w1 * w1).sum() + (w2 * w2).sum())
        d, p = gradients(cost, *p)
        with torch.no_grad():
            return [a - RATE * g for a, g in zip(p, d)]

    table = {name: step for name in values() if name.startswith("tutorial_step")}
    table.update({
        "elementwise_chain": lambda a, b, c, d: torch.tanh(a * b + c) * torch.exp(-d) + torch.sqrt(torch.abs(a)),
        "axpb": lambda a: a * 2 + 1,
        "sum": torch.sum,
        "mean_axis_0": lambda a: a.mean(0),
        "mean_axis_1": lambda a: a.mean(1),
        "var_axis_0": lambda a: a.var(0, correction=0),
        "var_axis_1": lambda a: a.var(1, correction=0),
        "softmax": lambda z: torch.softmax(z, 1),
        "logsumexp_grad": lambda z: gradients(lambda z: torch.logsumexp(z, 1).sum(), z),
        "crossentropy_grad": lambda z, y: gradients(lambda z: -(y * torch.log_softmax(z, 1)).sum() / len(z), z),
        "layer_norm_grad": lambda x, g, b, s: gradients(
            lambda x, g, b: (torch.nn.functional.layer_norm(x, x.shape[1:], g, b) * s).sum(), x, g, b),
        "wide_network_grad": lambda x, y, *p: gradients(lambda *p: loss(x, y, *p), *p),
        "gemm_1024": torch.matmul,
        "gemm_bias_relu": lambda a, b, c: torch.relu(a @ b + c),
    })
    return table


def mlx_functions(mlx):
    mx = mlx.core

    def loss(w1, b1, w2, b2, x, y):
        z = mx.tanh(x @ w1 + b1) @ w2 + b2
        return -(y * (z - mx.logsumexp(z, 1, keepdims=True))).sum() / len(x)

    def step(x, y, w1, b1, w2, b2):
        def cost(w1, b1, w2, b2):
            return loss(w1, b1, w2, b2, x, y) + LAMBDA / 2 / len(x) * ((w1 * w1).sum() + (w2 * w2).sum())
        return [p - RATE * g for p, g in zip((w1, b1, w2, b2), mx.grad(cost, (0, 1, 2, 3))(w1, b1, w2, b2))]

    table = {**numpy_functions(mx), **{name: step for name in values() if name.startswith("tutorial_step")}}
    table.update({
        "logsumexp_grad": mx.value_and_grad(lambda z: mx.logsumexp(z, 1).sum()),
        "crossentropy_grad": lambda z, y: mx.value_and_grad(
            lambda z: -(y * (z - mx.logsumexp(z, 1, keepdims=True))).sum() / len(z))(z),
        "layer_norm_grad": lambda x, g, b, s: mx.grad(
            lambda x, g, b: (mx.fast.layer_norm(x, g, b, 1e-5) * s).sum(), (0, 1, 2))(x, g, b),
        "wide_network_grad": lambda x, y, *p: mx.value_and_grad(loss, (0, 1, 2, 3))(*p, x, y),
    })
    return {name: mx.compile(f) for name, f in table.items()}


def pytensor_functions(pytensor):
    tt = pytensor.tensor
    pytensor.config.floatX = "float32"

    def step(x, y, w1, b1, w2, b2):
        p = tt.special.softmax(tt.tanh(x @ w1 + b1) @ w2 + b2, axis=1)
        cost = -(y * tt.log(p)).sum() / x.shape[0].astype("float32")
        cost = cost + np.float32(LAMBDA / 2) / x.shape[0].astype("float32") * ((w1 * w1).sum() + (w2 * w2).sum())
        return [a - np.float32(RATE) * d for a, d in zip((w1, b1, w2, b2), pytensor.grad(cost, [w1, b1, w2, b2]))]

    build = {name: step for name in values() if name.startswith("tutorial_step")}
    build.update({
        "elementwise_chain": lambda a, b, c, d: tt.tanh(a * b + c) * tt.exp(-d) + tt.sqrt(abs(a)),
        "axpb": lambda a: a * np.float32(2) + np.float32(1),
        "sum": lambda a: a.sum(),
        "softmax": lambda z: tt.special.softmax(z, axis=1),
        "gemm_1024": lambda a, b: a @ b,
    })

    def compiled(expression):
        known = []

        def call(*arguments):
            if not known:
                inputs = [tt.TensorType("float32", (None,) * a.ndim)() for a in arguments]
                known.append(pytensor.function(inputs, expression(*inputs)))
            return known[0](*arguments)
        return call
    return {name: compiled(e) for name, e in build.items()}


def peers():
    """Name and version -> (functions, conversion of arguments, waiting for a result)."""
    found = {"numpy " + np.__version__: (numpy_functions(np), lambda a: a, lambda r: r)}
    for name, functions in (("jax", jax_functions), ("torch", torch_functions), ("pytensor", pytensor_functions),
                            ("mlx", mlx_functions)):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        inner = {"pytensor": "pytensor.tensor.special", "mlx": "mlx.core"}.get(name)
        if inner:
            importlib.import_module(inner)
        into = {"jax": lambda a, m=module: m.numpy.asarray(a), "torch": lambda a, m=module: m.from_numpy(a),
                "mlx": lambda a, m=module: m.core.array(a)}.get(name, lambda a: a)
        wait = {"jax": lambda r, m=module: m.block_until_ready(r),
                "mlx": lambda r, m=module: m.core.eval(r)}.get(name, lambda r: r)
        found[f"{name} {importlib.metadata.version(name)}"] = (functions(module), into, wait)
    return found


def median_time(run, seconds):
    run()
    run()
    times, end = [], time.perf_counter() + seconds
    while len(times) < 5 or time.perf_counter() < end:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1e6 * statistics.median(times)


def croton_times(path):
    if not path:
        return {}
    with open(path) as f:
        runs = json.load(f)["benchmarks"]
    return {r["name"].split("/")[0]: r for r in runs if not r.get("error_occurred")}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--croton", help="croton_bench's JSON")
    parser.add_argument("--only", help="workloads, separated by commas")
    parser.add_argument("--seconds", type=float, default=1.0, help="time a workload and peer")
    options = parser.parse_args()
    ours, found = croton_times(options.croton), peers()
    print("| workload | croton us | limit us | ratio | " + " | ".join(f"{p} us" for p in found) + " |")
    print("|---|---|---|---|" + "---|" * len(found))
    for name, draw in values().items():
        if options.only and name not in options.only.split(","):
            continue
        row = ours.get(name, {})
        cells = [f"{row[k]:.{2 if k == 'ratio' else 0}f}" if k in row else "" for k in ("median_us", "limit_us", "ratio")]
        arguments = draw()
        for functions, into, wait in found.values():
            if name not in functions:
                cells.append("")
                continue
            given = [into(a) for a in arguments]
            cells.append(f"{median_time(lambda: wait(functions[name](*given)), options.seconds):.0f}")
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()

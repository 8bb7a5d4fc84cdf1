"""croton_bench's workloads in other libraries: how large they are, and what each library computes."""
import math
from typing import Callable, NamedTuple

import numpy as np

RATE, LAMBDA = 0.01, 0.01
ADAM_RATE, BETA1, BETA2, EPSILON = 0.001, 0.9, 0.999, 1e-8
random = np.random.default_rng(1)


class Repeated(NamedTuple):
    """An array of float32 that repeats `values`, as croton_bench's do: drawing all of it would take too long."""
    values: np.ndarray
    shape: tuple

    def whole(self):
        return np.resize(self.values, self.shape)


class Workload(NamedTuple):
    function: str                         # the key of the libraries' tables
    draw: Callable[[], list]              # the arguments
    carried: int = 0                      # so many last arguments are replaced by a call's first results, as in training


def numbers(*shape, scale=1.0):
    return Repeated((scale * random.standard_normal(min(math.prod(shape), 65521))).astype(np.float32), shape)


def filled(value, *shape):
    return Repeated(np.full(min(math.prod(shape), 65521), value, np.float32), shape)


def classes(rows, count):
    y = np.zeros((count, count), np.float32)
    y[np.arange(count), np.arange(count) * 7 % count] = 1
    return Repeated(y.ravel(), (rows, count))


def network(inputs, outputs, n=5000, h=1000):
    return [numbers(n, inputs), classes(n, outputs), numbers(inputs, h, scale=0.7), numbers(h, scale=0.1),
            numbers(h, outputs, scale=0.03), numbers(outputs, scale=0.1)]


def mlp(n, inputs, h):
    shapes = (inputs, h), (h,), (h, h), (h,), (h, 10), (10,)
    return [numbers(n, inputs), classes(n, 10), *(numbers(*s, scale=0.03 if len(s) == 2 else 0.01) for s in shapes),
            *(filled(0, *s) for _ in ("m", "v") for s in shapes), filled(0)]


def cpu_workloads():
    def rows(n=1000):
        return numbers(4096, n)

    return {
        "tutorial_step": Workload("tutorial_step", lambda: network(2, 2)),
        "tutorial_step_hidden_100": Workload("tutorial_step", lambda: network(2, 2, h=100)),
        "tutorial_step_hidden_10000": Workload("tutorial_step", lambda: network(2, 2, h=10000)),
        "tutorial_step_examples_500": Workload("tutorial_step", lambda: network(2, 2, n=500)),
        "tutorial_step_examples_50000": Workload("tutorial_step", lambda: network(2, 2, n=50000)),
        "elementwise_chain": Workload("elementwise_chain", lambda: [numbers(10**7) for _ in range(4)]),
        "axpb": Workload("axpb", lambda: [numbers(10**7)]),
        "sum": Workload("sum", lambda: [filled(1, 10**8)]),
        **{name: Workload(name, lambda: [rows(4096)])
           for name in ("mean_axis_0", "mean_axis_1", "var_axis_0", "var_axis_1")},
        **{name: Workload(name, lambda: [filled(7, 1)]) for name in ("uniform", "normal")},
        "dropout_grad": Workload("dropout_grad", lambda: [rows(4096), filled(7, 1)]),
        "softmax": Workload("softmax", lambda: [rows()]),
        "logsumexp_grad": Workload("logsumexp_grad", lambda: [rows()]),
        "crossentropy_grad": Workload("crossentropy_grad", lambda: [rows(), classes(4096, 1000)]),
        "layer_norm_grad": Workload("layer_norm_grad", lambda: [rows(1024), numbers(1024), numbers(1024), rows(1024)]),
        "wide_network_grad": Workload("wide_network_grad", lambda: network(8, 8)),
        "gemm_1024": Workload("gemm", lambda: [numbers(1024, 1024), numbers(1024, 1024)]),
        "gemm_bias_relu": Workload("gemm_bias_relu", lambda: [rows(1024), numbers(1024, 1024), numbers(1024)]),
    }


def gpu_workloads(part=1):
    """What is bound by memory exceeds a GPU's caches; extents are divided by `part`. The most telling ones come first."""
    rows = 65536 // part

    def step(n=5000, h=1000):
        return Workload("tutorial_step", lambda: network(2, 2, n // part, h // part), 4)

    def product(n, function="gemm"):
        n //= part
        biases = [numbers(n)] if function == "gemm_bias_relu" else []
        return Workload(function, lambda: [numbers(n, n), numbers(n, n), *biases])

    return {
        "tutorial_step": step(),
        "softmax": Workload("softmax", lambda: [numbers(rows, 1024)]),
        "layer_norm": Workload("layer_norm", lambda: [numbers(rows, 1024), numbers(1024), numbers(1024)]),
        "elementwise_chain": Workload("elementwise_chain", lambda: [numbers(2**26 // part) for _ in range(4)]),
        "axpb": Workload("axpb", lambda: [numbers(2**27 // part)]),
        "sum": Workload("sum", lambda: [filled(1, 2**28 // part)]),
        "layer_norm_grad": Workload(
            "layer_norm_grad",
            lambda: [numbers(rows, 1024), numbers(1024), numbers(1024), numbers(rows, 1024, scale=0.01)]),
        "crossentropy_grad": Workload("crossentropy_grad", lambda: [numbers(rows, 1000), classes(rows, 1000)]),
        "logsumexp_grad": Workload("logsumexp_grad", lambda: [numbers(rows, 1000)]),
        "gemm_1024": product(1024),
        "gemm_4096": product(4096),
        "gemm_bias_relu_1024": product(1024, "gemm_bias_relu"),
        "gemm_bias_relu_4096": product(4096, "gemm_bias_relu"),
        "mlp_adam": Workload("mlp_adam", lambda: mlp(256 // part, 784 // part, 1024 // part), 19),
        "wide_network_grad": Workload("wide_network_grad", lambda: network(8, 8, 5000 // part, 1000 // part)),
        "pairwise": Workload("pairwise", lambda: [numbers(10000 // part, 3), numbers(10000 // part, 3)]),
        "tutorial_step_examples_50000": step(n=50000),
        "tutorial_step_hidden_10000": step(h=10000),
        "tutorial_step_examples_500000": step(n=500000),
        "tutorial_step_hidden_100": step(h=100),
        "tutorial_step_examples_500": step(n=500),
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

    return {
        "tutorial_step": step,
        "elementwise_chain": lambda a, b, c, d: np.tanh(a * b + c) * np.exp(-d) + np.sqrt(np.abs(a)),
        "axpb": lambda a: a * 2 + 1,
        "sum": lambda a: a.sum(),
        "mean_axis_0": lambda a: a.mean(0),
        "mean_axis_1": lambda a: a.mean(1),
        "var_axis_0": lambda a: a.var(0),
        "var_axis_1": lambda a: a.var(1),
        "softmax": softmax,
        "gemm": lambda a, b: a @ b,
        "gemm_bias_relu": lambda a, b, c: np.maximum(a @ b + c, 0),
    }


def adam_update(library, state, d):
    """`state`: six parameters, their m, their v, and t; `d`: gradients; `library` has expm1, sqrt. -> the new state."""
    t = state[18] + 1
    m = [BETA1 * a + (1 - BETA1) * g for a, g in zip(state[6:12], d)]
    v = [BETA2 * a + (1 - BETA2) * g * g for a, g in zip(state[12:18], d)]
    left1, left2 = -library.expm1(t * math.log(BETA1)), -library.expm1(t * math.log(BETA2))  # 1 - beta^t
    p = [a - ADAM_RATE * (b / left1) / (library.sqrt(c / left2) + EPSILON) for a, b, c in zip(state, m, v)]
    return [*p, *m, *v, t]


def jax_functions(jax):
    """Not compiled yet."""
    jnp = jax.numpy

    def loss(w1, b1, w2, b2, x, y):
        z = jnp.tanh(x @ w1 + b1) @ w2 + b2
        return -(y * jax.nn.log_softmax(z)).sum() / len(x)

    def step(x, y, w1, b1, w2, b2):
        def cost(w1, b1, w2, b2):
            return loss(w1, b1, w2, b2, x, y) + LAMBDA / 2 / len(x) * ((w1 * w1).sum() + (w2 * w2).sum())
        return [p - RATE * g for p, g in zip((w1, b1, w2, b2), jax.grad(cost, (0, 1, 2, 3))(w1, b1, w2, b2))]

    def key(seed):
        return jax.random.key(seed[0].astype(jnp.uint32))

    def layer_norm(x, gain, bias):
        c = x - x.mean(1, keepdims=True)
        return c * jax.lax.rsqrt((c * c).mean(1, keepdims=True) + 1e-5) * gain + bias

    def adam(x, y, *state):
        def cost(w1, b1, w2, b2, w3, b3):
            a = jax.nn.relu(jax.nn.relu(x @ w1 + b1) @ w2 + b2)
            return -(y * jax.nn.log_softmax(a @ w3 + b3)).sum() / len(x)
        l, d = jax.value_and_grad(cost, tuple(range(6)))(*state[:6])
        return [*adam_update(jnp, state, d), l]

    return {
        **numpy_functions(jnp),
        "tutorial_step": step,
        "uniform": lambda seed: jax.random.uniform(key(seed), (4096, 4096)),
        "normal": lambda seed: jax.random.normal(key(seed), (4096, 4096)),
        "dropout_grad": lambda x, seed: jax.value_and_grad(lambda x: jnp.square(
            jnp.where(jax.random.bernoulli(key(seed), 0.5, x.shape), x * 2, 0)).mean())(x),
        "logsumexp_grad": jax.value_and_grad(lambda z: jax.nn.logsumexp(z, 1).sum()),
        "crossentropy_grad": lambda z, y: jax.value_and_grad(lambda z: -(y * jax.nn.log_softmax(z)).sum() / len(z))(z),
        "layer_norm": layer_norm,
        "layer_norm_grad": lambda x, g, b, s: jax.grad(lambda *p: (layer_norm(*p) * s).sum(), (0, 1, 2))(x, g, b),
        "wide_network_grad": lambda x, y, *p: jax.value_and_grad(loss, (0, 1, 2, 3))(*p, x, y),
        "pairwise": lambda x, y: jnp.exp(-((x[:, None] - y) ** 2).sum(2)).sum(1),
        "mlp_adam": adam,
    }


def torch_functions(torch, for_compiler=False):
    """torch.compile follows torch.func's gradients, where torch.autograd's would break its graphs."""
    def gradients(cost, *leaves):
        if for_compiler:
            d, l = torch.func.grad_and_value(cost, tuple(range(len(leaves))))(*leaves)
            return l, d
        leaves = [t.detach().requires_grad_() for t in leaves]
        l = cost(*leaves)
        return l.detach(), torch.autograd.grad(l, leaves)

    def crossentropy(z, y):
        return -(y * torch.log_softmax(z, 1)).sum() / len(z)

    def loss(x, y, w1, b1, w2, b2):
        return crossentropy(torch.tanh(x @ w1 + b1) @ w2 + b2, y)

    def step(x, y, *p):
        def cost(w1, b1, w2, b2):
            return loss(x, y, w1, b1, w2, b2) + LAMBDA / 2 / len(x) * ((w1 * w1).sum() + (w2 * w2).sum())
        d = gradients(cost, *p)[1]
        if for_compiler:  # which makes one kernel of it; that of torch 2.11 forgets _foreach_sub's alpha
            return [a - RATE * g for a, g in zip(p, d)]
        return torch._foreach_sub(p, d, alpha=RATE)

    def layer_norm(x, gain, bias):
        return torch.nn.functional.layer_norm(x, x.shape[1:], gain, bias)

    def adam(x, y, *state):
        def cost(w1, b1, w2, b2, w3, b3):
            return crossentropy(torch.relu(torch.relu(x @ w1 + b1) @ w2 + b2) @ w3 + b3, y)
        p, m, v, t = state[:6], state[6:12], state[12:18], state[18]
        l, d = gradients(cost, *p)
        if for_compiler:
            return [*adam_update(torch, state, d), l]
        t += 1
        # The kernel of torch.optim.Adam(fused=True).
        torch._fused_adam_(p, d, m, v, [], [t] * 6, lr=ADAM_RATE, beta1=BETA1, beta2=BETA2, weight_decay=0, eps=EPSILON,
                           amsgrad=False, maximize=False)
        return [*state, l]

    return {
        "tutorial_step": step,
        "elementwise_chain": lambda a, b, c, d: torch.tanh(a * b + c) * torch.exp(-d) + torch.sqrt(torch.abs(a)),
        "axpb": lambda a: a * 2 + 1,
        "sum": torch.sum,
        "mean_axis_0": lambda a: a.mean(0),
        "mean_axis_1": lambda a: a.mean(1),
        "var_axis_0": lambda a: a.var(0, correction=0),
        "var_axis_1": lambda a: a.var(1, correction=0),
        "uniform": lambda seed: torch.rand(4096, 4096, device=seed.device),
        "normal": lambda seed: torch.randn(4096, 4096, device=seed.device),
        "dropout_grad": lambda x, seed: gradients(lambda x: torch.dropout(x, 0.5, True).square().mean(), x),
        "softmax": lambda z: torch.softmax(z, 1),
        "logsumexp_grad": lambda z: gradients(lambda z: torch.logsumexp(z, 1).sum(), z),
        "crossentropy_grad": lambda z, y: gradients(lambda z: crossentropy(z, y), z),
        "layer_norm": layer_norm,
        "layer_norm_grad": lambda x, g, b, s: gradients(lambda *p: (layer_norm(*p) * s).sum(), x, g, b)[1],
        "wide_network_grad": lambda x, y, *p: gradients(lambda *p: loss(x, y, *p), *p),
        "gemm": torch.matmul,
        "gemm_bias_relu": lambda a, b, c: torch.relu(a @ b + c),
        "pairwise": lambda x, y: torch.exp(-((x[:, None] - y) ** 2).sum(2)).sum(1),
        "mlp_adam": adam,
    }


def mlx_functions(mlx):
    mx = mlx.core

    def loss(w1, b1, w2, b2, x, y):
        z = mx.tanh(x @ w1 + b1) @ w2 + b2
        return -(y * (z - mx.logsumexp(z, 1, keepdims=True))).sum() / len(x)

    def step(x, y, w1, b1, w2, b2):
        def cost(w1, b1, w2, b2):
            return loss(w1, b1, w2, b2, x, y) + LAMBDA / 2 / len(x) * ((w1 * w1).sum() + (w2 * w2).sum())
        return [p - RATE * g for p, g in zip((w1, b1, w2, b2), mx.grad(cost, (0, 1, 2, 3))(w1, b1, w2, b2))]

    table = {
        **numpy_functions(mx),
        "tutorial_step": step,
        "logsumexp_grad": mx.value_and_grad(lambda z: mx.logsumexp(z, 1).sum()),
        "crossentropy_grad": lambda z, y: mx.value_and_grad(
            lambda z: -(y * (z - mx.logsumexp(z, 1, keepdims=True))).sum() / len(z))(z),
        "layer_norm_grad": lambda x, g, b, s: mx.grad(
            lambda x, g, b: (mx.fast.layer_norm(x, g, b, 1e-5) * s).sum(), (0, 1, 2))(x, g, b),
        "wide_network_grad": lambda x, y, *p: mx.value_and_grad(loss, (0, 1, 2, 3))(*p, x, y),
    }
    return {name: mx.compile(f) for name, f in table.items()}


def pytensor_functions(pytensor):
    tt = pytensor.tensor
    pytensor.config.floatX = "float32"

    def step(x, y, w1, b1, w2, b2):
        p = tt.special.softmax(tt.tanh(x @ w1 + b1) @ w2 + b2, axis=1)
        cost = -(y * tt.log(p)).sum() / x.shape[0].astype("float32")
        cost = cost + np.float32(LAMBDA / 2) / x.shape[0].astype("float32") * ((w1 * w1).sum() + (w2 * w2).sum())
        return [a - np.float32(RATE) * d for a, d in zip((w1, b1, w2, b2), pytensor.grad(cost, [w1, b1, w2, b2]))]

    build = {
        "tutorial_step": step,
        "elementwise_chain": lambda a, b, c, d: tt.tanh(a * b + c) * tt.exp(-d) + tt.sqrt(abs(a)),
        "axpb": lambda a: a * np.float32(2) + np.float32(1),
        "sum": lambda a: a.sum(),
        "softmax": lambda z: tt.special.softmax(z, axis=1),
        "gemm": lambda a, b: a @ b,
    }

    def compiled(expression):
        known = []

        def call(*arguments):
            if not known:
                inputs = [tt.TensorType("float32", (None,) * a.ndim)() for a in arguments]
                known.append(pytensor.function(inputs, expression(*inputs)))
            return known[0](*arguments)
        return call
    return {name: compiled(e) for name, e in build.items()}

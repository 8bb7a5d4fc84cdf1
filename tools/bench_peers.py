#!/usr/bin/env python3
"""Runs croton_bench's workloads in other libraries, where they are installed, and prints a table.

    croton_bench --benchmark_out=croton.json --benchmark_out_format=json
    tools/bench_peers.py --croton croton.json [--only tutorial_step,softmax] [--seconds 1]
    tools/bench_peers.py --device gpu --croton croton.json [--seconds 0.3] [--limit 75]

Float32; times are medians in microseconds, steady state. A library that is missing is left out.
On the CPU, with all threads: numpy, jax, torch, pytensor and mlx, each call waited for.
On an NVIDIA GPU: jax and torch (eager, and for some workloads compiled), calls enqueued one after another and waited for
once, divided by their number; TF32 is off. What fails says why on the standard error, beside how each time came about.
"""
import argparse
import importlib
import importlib.metadata
import json
import statistics
import time

import numpy as np

import peer_workloads


def peers():
    """Name and version -> (functions, conversion of arguments, waiting for a result)."""
    found = {"numpy " + np.__version__: (peer_workloads.numpy_functions(np), lambda a: a, lambda r: r)}
    for name, inner in (("jax", None), ("torch", None), ("pytensor", "pytensor.tensor.special"), ("mlx", "mlx.core")):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        if inner:
            importlib.import_module(inner)
        functions = getattr(peer_workloads, name + "_functions")(module)
        if name == "jax":
            functions = {key: module.jit(f) for key, f in functions.items()}
        into = {"jax": lambda a, m=module: m.numpy.asarray(a), "torch": lambda a, m=module: m.from_numpy(a),
                "mlx": lambda a, m=module: m.core.array(a)}.get(name, lambda a: a)
        wait = {"jax": lambda r, m=module: m.block_until_ready(r),
                "mlx": lambda r, m=module: m.core.eval(r)}.get(name, lambda r: r)
        found[f"{name} {importlib.metadata.version(name)}"] = (functions, into, wait)
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


def print_header(titles):
    print("| workload | croton us | limit us | ratio | " + " | ".join(f"{t} us" for t in titles) + " |")
    print("|---|---|---|---|" + "---|" * len(titles), flush=True)


def print_row(name, ours, cells, digits):
    """`ours`: croton_bench's counters, if any; `digits` after the point."""
    counters = [f"{ours[k]:.{n}f}" if k in ours else ""
                for k, n in (("median_us", digits), ("limit_us", digits), ("ratio", 2))]
    print(f"| {name} | " + " | ".join(counters + cells) + " |", flush=True)


def run_on_cpu(workloads, ours, seconds):
    found = peers()
    print_header(found)
    for name, workload in workloads.items():
        arguments, cells = [a.whole() for a in workload.draw()], []
        for functions, into, wait in found.values():
            if workload.function not in functions:
                cells.append("")
                continue
            given, call = [into(a) for a in arguments], functions[workload.function]
            cells.append(f"{median_time(lambda: wait(call(*given)), seconds):.0f}")
        print_row(name, ours.get(name, {}), cells, digits=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cpu", "gpu"), default="cpu")
    parser.add_argument("--croton", help="croton_bench's JSON")
    parser.add_argument("--only", type=lambda s: s.split(","), help="workloads, separated by commas")
    parser.add_argument("--seconds", type=float, default=1.0, help="time a workload and peer")
    gpu = parser.add_argument_group("with --device gpu")
    gpu.add_argument("--limit", type=float, default=600.0, help="seconds after which remaining rows are left out")
    gpu.add_argument("--compile", type=lambda s: s.split(","), default=["tutorial_step", "softmax", "layer_norm"],
                     help="workloads for torch.compile, which takes 5 to 30 s each (%(default)s)")
    gpu.add_argument("--rehearse", action="store_true", help="on the CPU and smaller, to try this without a GPU")
    options = parser.parse_args()
    on_gpu = options.device == "gpu"
    known = peer_workloads.gpu_workloads(8 if options.rehearse else 1) if on_gpu else peer_workloads.cpu_workloads()
    for name in (options.only or []) + (options.compile if on_gpu else []):
        if name not in known:
            parser.error(f"no workload {name}; there are {', '.join(known)}")
    workloads = {name: w for name, w in known.items() if not options.only or name in options.only}
    ours = croton_times(options.croton)
    if not on_gpu:
        return run_on_cpu(workloads, ours, options.seconds)
    import peers_on_gpu
    peers_on_gpu.run(workloads, options, print_header,
                     lambda name, cells: print_row(name, ours.get(name, {}), cells, digits=1))


if __name__ == "__main__":
    main()

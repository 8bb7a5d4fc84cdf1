"""bench_peers.py's GPU: each library works in a process of its own, so that one that hangs or dies leaves the rest alone."""
import gc
import multiprocessing
import os
import statistics
import sys
import time

import numpy as np

import peer_workloads

START_LIMIT, CELL_LIMIT = 120, 60  # seconds for a library to start, and for a cell of the table
# Relative to a result's largest element: a product with TF32 is off by 3e-4. The updates of a training step are compared
# rather than what they lead to, and lose digits where they are taken from the parameters.
TOLERANCE, UPDATE_TOLERANCE = 5e-5, 5e-3
NUMPY_CHECKS = "tutorial_step", "tutorial_step_hidden_100", "tutorial_step_examples_500", "gemm_1024"  # the quick ones


def log(*words):
    print(*words, file=sys.stderr, flush=True)


def sampled(array):
    """Up to some 4096 elements, spread over all."""
    flat = array.reshape(-1)
    return flat[::max(1, flat.shape[0] // 4096)]


def flat(results):
    return [f for r in results for f in flat(r)] if isinstance(results, (list, tuple)) else [results]


def carrying(call, fixed, carried):
    """A call as `prepared` makes them: arguments -> results, the next call's arguments."""
    def advance(arguments):
        results = call(*arguments)
        return results, [*arguments[:fixed], *results[:carried]] if carried else arguments
    return advance


class Jax:
    variants = ("",)

    def __init__(self, rehearse):
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # the others need memory too
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        import jax
        device = jax.devices()[0]
        if device.platform == "cpu" and not rehearse:
            raise RuntimeError(f"no GPU: its devices are {jax.devices()}")
        jax.config.update("jax_default_matmul_precision", "highest")
        self.jax, self.functions = jax, peer_workloads.jax_functions(jax)
        self.name, self.device = f"jax {jax.__version__}", device.device_kind

    def array(self, a):
        n = int(np.prod(a.shape))
        if n <= 2**22:  # copying takes less time than compiling
            return self.jax.device_put(a.whole())
        times = -(-n // a.values.size)
        return self.jax.jit(lambda v: self.jax.numpy.tile(v, times)[:n].reshape(a.shape))(a.values)

    def prepared(self, function, arguments, carried, variant):
        fixed = len(arguments) - carried
        call = self.jax.jit(self.functions[function], donate_argnums=tuple(range(fixed, len(arguments))))
        return carrying(call, fixed, carried)

    def wait(self, results):
        self.jax.block_until_ready(results)

    def sample(self, result):
        return np.asarray(sampled(result) if result.size <= 2**16 else self.jax.jit(sampled)(result))

    def remark(self, variant):
        return ""

    def release(self):
        self.jax.clear_caches()
        self.jax.block_until_ready(self.jax.numpy.zeros(1))


class Torch:
    variants = ("eager", "compile", "compile, CUDA graphs")

    def __init__(self, rehearse):
        import torch
        if not torch.cuda.is_available() and not rehearse:
            raise RuntimeError(f"no GPU: torch.cuda is not available (built for CUDA {torch.version.cuda})")
        torch.set_float32_matmul_precision("highest")  # no TF32
        self.torch, self.name = torch, f"torch {torch.__version__}"
        self.on = "cpu" if rehearse else "cuda"
        self.device = "cpu" if rehearse else torch.cuda.get_device_name()

    def array(self, a):
        n, values = int(np.prod(a.shape)), self.torch.from_numpy(a.values).to(self.on)
        return values.repeat(-(-n // a.values.size))[:n].reshape(a.shape)

    def prepared(self, function, arguments, carried, variant):
        """Compiled steps change their parameters in place, at addresses that a CUDA graph may rely on."""
        call = peer_workloads.torch_functions(self.torch, for_compiler=variant != "eager")[function]
        fixed = len(arguments) - carried

        def in_place(*arguments):
            results = call(*arguments)
            if not carried:
                return results
            for old, new in zip(arguments[fixed:], results):
                old.copy_(new)
            return results[carried:]

        if variant == "eager":
            return carrying(call, fixed, carried)
        if "graphs" in variant:
            for a in arguments:
                self.torch._dynamo.mark_static_address(a)
        compiled = self.torch.compile(in_place, dynamic=False,
                                      mode="reduce-overhead" if "graphs" in variant else "default")

        def advance(arguments):
            results = compiled(*arguments)
            return [*arguments[fixed:], results] if carried else results, arguments
        return advance

    def wait(self, results):
        if self.on == "cuda":
            self.torch.cuda.synchronize()

    def sample(self, result):
        return sampled(result).cpu().numpy().copy()

    def remark(self, variant):
        skipped = "graphs" in variant and self.torch._dynamo.utils.counters["inductor"]["cudagraph_skips"]
        return "; torch made no CUDA graph of it" if skipped else ""

    def release(self):
        self.torch._dynamo.reset()
        self.torch._dynamo.utils.counters.clear()
        if self.on == "cuda":
            self.torch.cuda.synchronize()
            self.torch.cuda.empty_cache()


PEERS = {"jax": Jax, "torch": Torch}


def measured(peer, workload, arguments, variant, seconds):
    """-> times in microseconds and what else is told, and samples of the first call's results."""
    start = time.perf_counter()
    arguments = [peer.array(a) for a in arguments]
    peer.wait(arguments)
    made = time.perf_counter()
    advance = peer.prepared(workload.function, arguments, workload.carried, variant)
    results, arguments = advance(arguments)
    peer.wait(results)
    first = time.perf_counter()
    samples = [peer.sample(r) for r in flat(results)]

    def run(n):
        nonlocal results, arguments
        start = time.perf_counter()
        for _ in range(n):
            results, arguments = advance(arguments)
        peer.wait(results)
        return (time.perf_counter() - start) / n

    run(3)
    n = 1
    while (one := run(n)) * n < seconds / 20:
        n *= 2
    n = max(1, round(seconds / 5 / one))
    times = sorted(1e6 * run(n) for _ in range(5))
    alone = 1e6 * statistics.median(run(1) for _ in range(5))
    told = (f"{times[0]:.1f} to {times[-1]:.1f} us in 5 runs of {n} calls, {alone:.1f} us a call that is waited for; "
            f"{made - start:.2f} s for the arguments, {first - made:.2f} s for the first call{peer.remark(variant)}")
    return {"us": statistics.median(times), "told": told, "samples": samples}


def serve(pipe, name, rehearse, seconds):
    """The process of a library: answers (workload without its draw, arguments, variant) until None comes."""
    def reason(e):
        return f"{type(e).__name__}: {' '.join(str(e).split())[:400]}"

    try:
        peer = PEERS[name](rehearse)
        pipe.send({"name": peer.name, "device": peer.device})
    except Exception as e:
        return pipe.send({"fault": reason(e)})
    while (asked := pipe.recv()) is not None:
        try:
            answer = measured(peer, *asked, seconds)
        except Exception as e:
            answer = {"fault": reason(e)}
        pipe.send(answer)
        del asked
        gc.collect()
        peer.release()  # raises, and so ends this process, where the device does not work any more


class Worker:
    """The process of a library, started anew when it was ended."""

    def __init__(self, name, options):
        self.name, self.options, self.process = name, options, None

    def start(self):
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        arguments = theirs, self.name, self.options.rehearse, self.options.seconds
        self.process = context.Process(target=serve, args=arguments)
        self.process.start()
        theirs.close()

    def answer(self, seconds):
        try:
            if self.pipe.poll(max(0, seconds)):
                return self.pipe.recv()
            fault = f"not done in {seconds:.0f} s"
        except (EOFError, OSError):
            self.process.join(10)
            fault = f"its process died ({self.process.exitcode})"
        self.stop()
        return {"fault": fault}

    def ask(self, question, end):
        if not self.process:
            self.start()
            if "fault" in (started := self.answer(min(START_LIMIT, end - time.monotonic()))):
                return started
        try:
            self.pipe.send(question)
        except OSError:
            pass  # it died since; the answer says so
        return self.answer(min(CELL_LIMIT, end - time.monotonic()))

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.join(10)
            self.process = None


def differs(samples, wanted, old):
    """`old`: samples of what the first results update. -> what is wrong, or ""."""
    if [s.shape for s in samples] != [w.shape for w in wanted]:
        return f"the results have {[s.shape for s in samples]} elements, not {[w.shape for w in wanted]}"
    for i, (a, b) in enumerate(zip(samples, wanted)):
        before = old[i] if i < len(old) else 0
        worst, largest = np.abs(a - b).max(), np.abs(b - before).max()
        if not worst <= (UPDATE_TOLERANCE if i < len(old) else TOLERANCE) * largest:
            return f"result {i} is off by {worst / max(largest, 1e-30):.3g} of its largest element"
    return ""


def numpy_samples(workload, arguments):
    results = peer_workloads.numpy_functions(np)[workload.function](*(a.whole() for a in arguments))
    return [sampled(r) for r in flat(results)]


def run(workloads, options, print_header, print_row):
    end = time.monotonic() + options.limit
    workers = {name: Worker(name, options) for name in PEERS}
    for w in workers.values():
        w.start()
    columns = {}  # (peer, variant) -> title
    try:
        for name, w in list(workers.items()):
            started = w.answer(min(START_LIMIT, end - time.monotonic()))
            if "fault" in started:
                log(f"{name} is left out: {started['fault']}")
                w.stop()
                continue
            log(f"{started['name']} on {started['device']}")
            columns.update({(name, v): f"{started['name']} {v}".strip() for v in PEERS[name].variants})
        if not columns:
            sys.exit("There is nothing to run.")
        print_header(columns.values())
        fill(workloads, options, workers, columns, end, print_row)
    finally:
        for w in workers.values():
            w.stop()


def fill(workloads, options, workers, columns, end, print_row):
    names = list(workloads)
    for at, name in enumerate(names):
        if time.monotonic() > end:
            return print(f"\nLeft out after {options.limit:.0f} s: {', '.join(names[at:])}.", flush=True)
        workload = workloads[name]
        arguments = workload.draw()
        old = [sampled(a.whole()) for a in arguments[len(arguments) - workload.carried:]] if workload.carried else []
        wanted, against = numpy_samples(workload, arguments) if name in NUMPY_CHECKS else None, "numpy"
        cells = []
        for (peer, variant), title in columns.items():
            if "compile" in variant and name not in options.compile or "graphs" in variant and not workload.carried:
                cells.append("")
                continue
            if time.monotonic() > end:
                cells.append("no time")
                continue
            answer = workers[peer].ask((workload._replace(draw=None), arguments, variant), end)
            if "fault" in answer:
                log(f"{name}, {title}: {answer['fault']}")
                cells.append("failed")
                continue
            if wanted is None:
                wanted, against, wrong, beside = answer["samples"], title, "", "not compared"
            else:
                wrong = differs(answer["samples"], wanted, old)
                beside = f"compared with {against}: {wrong or 'equal'}"
            log(f"{name}, {title}: {answer['told']}; {beside}")
            cells.append(f"{answer['us']:.1f}" + (" (differs)" if wrong else ""))
        print_row(name, cells)

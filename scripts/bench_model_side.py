"""Our side of scripts/bench_model.py: a process of its own that runs one network when it is asked to.

python scripts/bench_model_side.py NETWORK HEIGHT WIDTH DEVICE: the size is that of the frames that go in.
"""

import json
import sys
import time
from pathlib import Path


def serve(run, facts, held: int) -> None:
    """Answer the lines of stdin by lines of JSON on stdout, until they end.

    "run": `run()` is done, its milliseconds. "memory": the bytes that this process held at most, less `held`.
    "facts": what `facts()` returns.
    """

    def timed():
        start = time.perf_counter()
        run()
        return 1e3 * (time.perf_counter() - start)

    answers = {"run": timed, "memory": lambda: resident_bytes("VmHWM") - held, "facts": facts}
    for line in sys.stdin:
        print(json.dumps(answers[line.strip()]()), flush=True)


def resident_bytes(entry: str) -> int:
    """Return the memory this process holds ("VmRSS"), or the most it ever held ("VmHWM"), as Linux counts it.

    Other than the maximum of getrusage, this one does not begin with what the parent held.
    """
    for line in Path("/proc/self/status").read_text(encoding="ascii", errors="ignore").splitlines():
        name, _, value = line.partition(":")
        if name == entry:
            return 1024 * int(value.split()[0])
    raise OSError(f"/proc/self/status has no line {entry}")


def main(arguments: list) -> None:
    name, height, width, device_target = arguments
    from src.engine.device import start_device

    start_device(device_target, seed=1)
    import mindspore
    from mindspore import Tensor

    from src.models import count_parameters, create_model
    from src.models.complexity import count_multiply_accumulates, example_inputs

    (Tensor([1.0]) + 1.0).asnumpy()  # the device comes up with the first operator
    held = resident_bytes("VmRSS")
    network = create_model(name).set_train(False)
    size = int(height), int(width)
    tensors = [Tensor(each) for each in example_inputs(network, *size)]

    def facts():
        return {
            "framework": f"MindSpore {mindspore.__version__} on {device_target}",
            "parameters": count_parameters(network),
            "multiply_accumulates": count_multiply_accumulates(network, *size),
        }

    serve(lambda: network(*tensors).asnumpy(), facts, held)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from src.errors import run_command

    run_command(main)

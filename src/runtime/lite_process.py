"""One exported network in MindSpore Lite, in a process of its own, whose Python may be as old as 3.7.

lite_process.py MODEL TARGET DEVICE_ID THREADS SHAPES: says what it is in one line of JSON, then answers the arrays of
every request with the first output. SHAPES is the JSON list of {"name", "shape"} in the order of a request; arrays go
through the standard streams as plain float32 values. It ends with its input.
"""

import json
import os
import sys

import numpy as np


def main(path, target, device_id, threads, shapes):
    """Load the network, say so, and answer until the input ends."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what the library prints must not come between the answers
    import mindspore_lite

    model, settings = mindspore_lite.Model(), context(mindspore_lite, target, device_id, threads)
    try:
        model.build_from_file(path, mindspore_lite.ModelType.MINDIR, settings)
    except RuntimeError as error:
        tell(answers, {"version": mindspore_lite.__version__, "error": str(error)})
        return
    tensors = {each.name: each for each in model.get_inputs()}
    inputs = [tensors[each["name"]] for each in shapes]
    tell(answers, {"version": mindspore_lite.__version__})
    while True:
        for tensor, each in zip(inputs, shapes):
            values = requests.read(4 * int(np.prod(each["shape"])))
            if not values:
                return
            tensor.set_data_from_numpy(np.frombuffer(values, np.float32).reshape(each["shape"]))
        output = model.predict(list(tensors.values()))[0].get_data_to_numpy()
        answers.write(np.ascontiguousarray(output, np.float32).tobytes())
        answers.flush()


def context(mindspore_lite, target, device_id, threads):
    """Return the settings of a device: "cpu", "gpu" or "ascend"."""
    settings = mindspore_lite.Context()
    settings.target = [target]
    settings.cpu.thread_num = threads
    if target != "cpu":
        getattr(settings, target).device_id = device_id
    return settings


def tell(answers, facts):
    """Write one line of JSON."""
    answers.write(json.dumps(facts).encode() + b"\n")
    answers.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), json.loads(sys.argv[5]))

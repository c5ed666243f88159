"""infer.py --serve with networks that take their time to average, or enlarge: python -m tests.serve.slow_average."""

import os
import signal
import sys
import time
import types

import infer
from src.config import parse_options
from src.errors import leave_on_termination, run_command
from src.serve.options import ServeOptions
from src.serve.server import serve_page
from tests.video.clips import Average, Larger

SECONDS = float(os.environ.get("SECONDS_OF_A_PREDICTION", "0.1"))


class SlowAverage(Average):
    def __call__(self, frames, times):
        time.sleep(SECONDS * len(times))
        return super().__call__(frames, times)


def load_predictor(model, ckpt_path, *device):
    return Larger() if model == "tdan_x4" and ckpt_path else SlowAverage()


def main(arguments):
    module = types.ModuleType("src.runtime.mindspore_graph")
    module.load_predictor = load_predictor
    sys.modules[module.__name__] = module
    infer.main(arguments)


def serve(arguments):
    serve_page(parse_options(ServeOptions, arguments, ""), main)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, leave_on_termination)
    run_command(serve)

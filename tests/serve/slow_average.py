"""infer.py, and its page, with a network that takes its time to average: python -m tests.serve.slow_average FLAGS."""

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
from tests.video.clips import Average

SECONDS = float(os.environ.get("SECONDS_OF_A_PREDICTION", "0.1"))


class SlowAverage(Average):
    def __call__(self, frames, times):
        time.sleep(SECONDS * len(times))
        return super().__call__(frames, times)


def main(arguments):
    module = types.ModuleType("src.runtime.mindspore_graph")
    module.load_predictor = lambda *_: SlowAverage()
    sys.modules[module.__name__] = module
    infer.main(arguments)


def serve(arguments):
    serve_page(parse_options(ServeOptions, arguments, ""), main)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, leave_on_termination)
    run_command(serve)

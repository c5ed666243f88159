"""Turn a video, or a folder of images, into a smoother one: frames between the frames, sound kept."""

import signal
import sys

from src.config import parse_options
from src.errors import run_command
from src.runtime.options import InferOptions
from src.video.pipeline import interpolate, interpolated_count
from src.video.progress import shown
from src.video.publish import check_output, publish
from src.video.reader import open_source
from src.video.writer import open_sink


def main(argv):
    options = parse_options(InferOptions, argv, __doc__)
    check_output(options.output_path, options.input, options.overwrite)
    source = open_source(options.input, needed=2)
    with publish(options.output_path) as unfinished:
        from src.runtime.choice import choose_predictor  # runtimes take seconds to load: after all cheap checks

        predictor = choose_predictor(options)
        rate = source.rate * options.multi
        frames = interpolate(source.frames(), predictor, options.multi)
        written = 0
        with open_sink(unfinished, source, rate) as sink:
            for frame in shown(frames, interpolated_count(source.count, options.multi)):
                sink.write(frame)
                written += 1
    print(f"{options.output_path}: {written} frames of {source.width}x{source.height}, {float(rate):.6g} fps")


def leave_on_termination(*_):
    """A termination ends like an interrupt, so that nothing unfinished is left behind."""
    sys.exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, leave_on_termination)
    run_command(main)

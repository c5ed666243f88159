"""Paste side by side: a frame of a doubled video, the predicted one, the average of its neighbours, the next frame.

python scripts/make_strip.py outputs/sample_2x.mp4 strip.png [--pair 10]
"""

import argparse
import itertools
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from src.engine.outputs import check_file  # noqa: E402
from src.errors import InputError, UsageError, run_command  # noqa: E402
from src.video.images import write_image  # noqa: E402
from src.video.reader import open_source  # noqa: E402

GAP = 4


def strip(first: np.ndarray, predicted: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Return the (H, 4 W + gaps, 3) uint8 picture: first, predicted, the average of first and last, last."""
    average = ((first.astype(np.uint16) + last + 1) // 2).astype(np.uint8)
    white = np.full((first.shape[0], GAP, 3), 255, np.uint8)
    return np.concatenate([first, white, predicted, white, average, white, last], axis=1)


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video", help="a video or a folder that infer.py made with --multi 2")
    parser.add_argument("output", help="the PNG to write")
    parser.add_argument("--pair", type=int, default=10, help="which pair of source frames (default: %(default)s)")
    arguments = parser.parse_args(argv)
    if arguments.pair < 0:
        raise UsageError(f"pair is at least 0; got {arguments.pair}")
    output = Path(arguments.output)
    check_file(output)
    start = 2 * arguments.pair
    frames = list(itertools.islice(open_source(arguments.video).frames(), start, start + 3))
    if len(frames) < 3:
        raise InputError(f"{arguments.video}: pair {arguments.pair} needs {start + 3} frames; it has fewer")
    output.parent.mkdir(parents=True, exist_ok=True)
    write_image(output, strip(*frames))


if __name__ == "__main__":
    run_command(main)

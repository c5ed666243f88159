"""Show the C++ program a part of a clip and score what it makes of the rest.

Of a clip for interpolation it is given every second frame, or as many fewer as its network predicts frames; of a clip
for super-resolution all frames, shrunk by bicubic kernels (BI). Its predictions, rounded to 8 bits, are compared with
the frames it was not given, and kept as PNG in OUTPUT_PATH/result_Files.
"""

import argparse
import json
import math
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from src.errors import InputError, MindFramesError, UsageError, WeightsError, run_command  # noqa: E402

SCALE = 4


class ProgramFailure(MindFramesError):
    """The program's own failure: its message has been told, its exit code comes back."""

    def __init__(self, exit_code: int):
        super().__init__(f"the program ended with {exit_code}; its message stands above")
        self.exit_code = exit_code


def read_step(mindir_path: str) -> int:
    """Return how far apart the frames are that a network takes: the predicted ones lie between; 0 when it enlarges.

    Raises InputError when the manifest beside the MINDIR cannot be read, WeightsError when it is none.
    """
    path = Path(mindir_path).with_suffix(".json")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        shape = manifest["outputs"][0]["shape"]
        return 0 if manifest["scale"] > 1 else 1 + (shape[1] if len(shape) == 5 else 1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise WeightsError(f"{path}: is not the manifest of a MINDIR: {error!r}") from error


def given_and_true(frames, step: int):
    """Yield (frame for the program or None, true frame or None) in the order of the program's result."""
    from src.data.degrade import bicubic_quarter

    for index, frame in enumerate(frames):
        if step:
            yield (frame, None) if index % step == 0 else (None, frame)
        else:
            height, width = (side // SCALE * SCALE for side in frame.shape[:2])
            true = np.ascontiguousarray(frame[:height, :width])
            yield bicubic_quarter(true), true


def feed(process: subprocess.Popen, frames, step: int) -> None:
    """Write the frames that a program is given to its standard input, and close it."""
    try:
        with process.stdin as pipe:
            for given, _ in given_and_true(frames, step):
                if given is not None:
                    pipe.write(given.tobytes())
    except BrokenPipeError:
        pass  # the program has ended, and its exit code tells why


def score(command: list, source, step: int, folder: Path) -> dict:
    """Run a program over the frames of a source and return {"psnr", "frames"}; predictions are written to `folder`.

    Raises ProgramFailure when the program fails, InputError when it was left with nothing to predict.
    """
    from src.metrics.psnr import psnr
    from src.video.images import write_image

    first, _ = next(given_and_true(source.frames(), step))
    command = [*command, "--input_path", "-", "--output_path", "-", "--size", f"{first.shape[1]}x{first.shape[0]}"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    feeder = threading.Thread(target=feed, args=(process, source.frames(), step), daemon=True)
    feeder.start()
    scores = []
    for index, (given, true) in enumerate(given_and_true(source.frames(), step)):
        shape = given.shape if true is None else true.shape
        data = process.stdout.read(math.prod(shape))
        if len(data) < math.prod(shape):
            break
        if true is not None:
            predicted = np.frombuffer(data, np.uint8).reshape(shape)
            write_image(folder / f"{index:08d}.png", predicted)
            scores.append(min(psnr(predicted / 255.0, true / 255.0), 100.0))
    process.stdout.close()
    if process.wait() != 0:
        raise ProgramFailure(process.returncode if process.returncode > 0 else 128 - process.returncode)
    feeder.join()
    if not scores:
        raise InputError(f"{source.path}: has no frame between two others to be predicted")
    return {"psnr": float(np.mean(scores)), "frames": len(scores)}


def main(arguments: list) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mindir_path", required=True, help="what export.py wrote, its manifest beside it")
    parser.add_argument("--data_path", required=True, help="a video or a folder of frames")
    parser.add_argument("--output_path", required=True, help="folder of the results; an earlier one is replaced")
    parser.add_argument("--program", required=True, help="what ascend310_infer/build.sh has built")
    parser.add_argument("flags", nargs="*", help="further flags of the program, after --")
    options = parser.parse_args(arguments)
    if not Path(options.program).is_file():
        raise UsageError(f"--program is what build.sh has built; there is none at {options.program!r}")
    step = read_step(options.mindir_path)

    from src.video.reader import open_source

    source = open_source(options.data_path, needed=step + 1)
    folder = Path(options.output_path) / "result_Files"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = [options.program, "--mindir_path", options.mindir_path, *options.flags]
    results = score(command, source, step, folder)
    print(f"psnr {results['psnr']:.3f} dB over {results['frames']} predicted frames, rounded to 8 bits: {folder}")


if __name__ == "__main__":
    run_command(main)

"""score_program.py: what a program is shown of a clip, and what its predictions are compared with."""

import json
import sys

import numpy as np
import pytest

from scripts import score_program
from scripts.score_program import ProgramFailure
from src.errors import InputError, UsageError, WeightsError
from src.metrics.psnr import psnr
from src.video.images import image_files, read_image, write_image

# Stands for the program: puts copies of the frame before it for each predicted one, or enlarges by repetition.
STUB = """#!{python}
import sys
import numpy as np
flags = dict(zip(sys.argv[1::2], sys.argv[2::2]))
width, height = (int(side) for side in flags["--size"].split("x"))
assert flags["--device_id"] == "2"
frames = np.frombuffer(sys.stdin.buffer.read(), np.uint8).reshape(-1, height, width, 3)
if {enlarges}:
    result = frames.repeat(4, 1).repeat(4, 2)
else:
    result = frames.repeat({predicted} + 1, 0)[: (len(frames) - 1) * ({predicted} + 1) + 1]
sys.stdout.buffer.write(result.tobytes())
sys.exit({code})
"""


@pytest.fixture
def clip(tmp_path):
    frames = np.random.default_rng(3).integers(0, 256, (8, 20, 24, 3), np.uint8)
    (tmp_path / "clip").mkdir()
    for index, frame in enumerate(frames):
        write_image(tmp_path / "clip" / f"{index}.png", frame)
    return frames


@pytest.fixture
def run(tmp_path, clip):
    def start(predicted=1, scale=1, code=0):
        shape = [1, 3, 32, 32] if predicted == 1 else [1, predicted, 3, 32, 32]
        (tmp_path / "x.json").write_text(json.dumps({"scale": scale, "outputs": [{"shape": shape}]}))
        program = tmp_path / "infer"
        program.write_text(STUB.format(python=sys.executable, enlarges=scale > 1, predicted=predicted, code=code))
        program.chmod(0o755)
        paths = {"mindir_path": "x.mindir", "data_path": "clip", "output_path": "out", "program": "infer"}
        flags = [f"--{name}={tmp_path / value}" for name, value in paths.items()]
        score_program.main([*flags, "--", "--device_id", "2"])
        return image_files(tmp_path / "out" / "result_Files")

    return start


def told(capsys):
    words = capsys.readouterr().out.split()
    return float(words[1]), int(words[4])


def test_every_second_frame_is_shown_and_the_others_are_scored(run, clip, capsys):
    files = run()
    assert [file.name for file in files] == ["00000001.png", "00000003.png", "00000005.png"]
    np.testing.assert_array_equal([read_image(file) for file in files], clip[0:6:2])
    expected = np.mean([psnr(clip[index - 1] / 255, clip[index] / 255) for index in (1, 3, 5)])
    assert told(capsys) == (pytest.approx(expected, abs=1e-3), 3)


def test_a_network_of_three_predictions_is_shown_every_fourth_frame(run, clip, capsys):
    run(predicted=3)
    expected = np.mean([psnr(clip[0] / 255, clip[index] / 255) for index in (1, 2, 3)])
    assert told(capsys) == (pytest.approx(expected, abs=1e-3), 3)


def test_super_resolution_is_shown_shrunk_frames_and_scored_on_all(run, clip, capsys):
    files = run(scale=4)
    assert read_image(files[0]).shape == clip[0].shape
    assert told(capsys)[1] == len(clip)


def test_the_exit_code_of_the_program_comes_back(run):
    with pytest.raises(ProgramFailure) as failure:
        run(code=4)
    assert failure.value.exit_code == 4


def test_what_is_missing_or_damaged_is_named(run, tmp_path):
    run()
    flags = ["--data_path", "clip", "--output_path", "out"]
    mindir = ["--mindir_path", str(tmp_path / "x.mindir")]
    with pytest.raises(UsageError, match="absent"):
        score_program.main([*flags, *mindir, "--program", "absent"])
    program = ["--program", str(tmp_path / "infer")]
    with pytest.raises(InputError, match=r"y\.json"):
        score_program.main([*flags, "--mindir_path", str(tmp_path / "y.mindir"), *program])
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(WeightsError, match="is not the manifest"):
        score_program.main([*flags, *mindir, *program])

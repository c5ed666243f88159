"""The C++ program on CPU: as a filter of raw frames, on folders, against golden arrays, and given what is wrong."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from src.video.images import read_image, write_image
from tests.ascend310_infer.builds import SIZE, export_mixture

CLIP = np.random.default_rng(2).integers(0, 256, (4, SIZE[0] - 3, SIZE[1] - 5, 3), np.uint8)
RAW = ("--input_path", "-", "--output_path", "-", "--size", f"{CLIP.shape[2]}x{CLIP.shape[1]}")


def interpolated(clip):
    """What the mixture makes of a clip, by NumPy."""
    frames = clip.astype(np.float32) / np.float32(255)
    between = frames[:-1] * np.float32(2 / 3) + frames[1:] * np.float32(1 / 3)
    result = np.empty((2 * len(clip) - 1, *clip.shape[1:]), np.uint8)
    result[::2], result[1::2] = clip, np.rint(np.clip(between, 0, 1) * 255)
    return result


def one_line(done, code, *words):
    """Assert a failure with this exit code that is told in one line."""
    message = done.stderr.decode()
    assert done.returncode == code, message
    assert message.startswith("error: ") and message.count("\n") == 1
    for word in words:
        assert word in message


@pytest.fixture
def copied(mixture, tmp_path):
    """The export in a folder of its own, to be damaged."""
    for file in mixture.parent.iterdir():
        shutil.copy(file, tmp_path)
    return tmp_path / mixture.name


def test_raw_frames_go_in_and_come_out_with_those_between(infer, mixture):
    done = infer(mixture, *RAW, input=CLIP.tobytes())
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.frombuffer(done.stdout, np.uint8), interpolated(CLIP).ravel())
    assert b"4 frames read, 3 of 27x13 predicted; latency: mean" in done.stderr


def test_a_folder_becomes_a_folder_of_numbered_frames(infer, mixture, tmp_path):
    (tmp_path / "in").mkdir()
    for index, frame in enumerate(CLIP):
        write_image(tmp_path / "in" / f"{index + 8}.png", frame)
    done = infer(mixture, "--input_path", tmp_path / "in", "--output_path", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    files = sorted((tmp_path / "out").iterdir())
    assert [file.name for file in files] == [f"{index:08d}.png" for index in range(7)]
    np.testing.assert_array_equal([read_image(file) for file in files], interpolated(CLIP))


def test_the_selftest_tells_the_largest_difference_and_judges_it(infer, copied):
    done = infer(copied, "--selftest", "--bench", "2")
    assert done.returncode == 0, done.stderr
    selftest, latency = done.stdout.decode().splitlines()
    assert float(selftest.split("|difference| ")[1].split(",")[0]) < 1e-6
    assert "over 2 runs after 3 of warm-up; MindSpore Lite" in latency
    golden = copied.with_suffix(".golden.npz")
    arrays = dict(np.load(golden))
    arrays["output_0"][0, 0, 0, 0] += 0.25
    np.savez(golden, **arrays)
    done = infer(copied, "--selftest")
    one_line(done, 4, "max |difference| from its golden output is at most 0.0001; got 0.25")
    assert infer(copied, "--selftest", "--tolerance", "0.3").returncode == 0


def test_wrong_arguments_and_missing_files_are_told_in_one_line(infer, copied, tmp_path):
    one_line(infer(copied), 2, "nothing to do")
    one_line(infer(copied, "--selftest", target="GPU"), 2, "Ascend, Ascend310, CPU")
    one_line(infer(tmp_path / "absent.mindir", "--selftest"), 3, "absent.json")
    one_line(infer(copied, *RAW, input=CLIP.tobytes()[:-1]), 3, "ends within frame 3")
    one_line(infer(copied, *RAW[:-1], "33x4", input=bytes(33 * 4 * 3 * 2)), 3, "up to 32x16; got 33x4")
    one_line(infer(copied, "--input_path", tmp_path / "absent", "--output_path", "-"), 3, "absent: cannot be read")
    one_line(infer(copied, "--input_path", tmp_path, "--output_path", tmp_path), 3, "holds none")
    copied.with_suffix(".golden.npz").unlink()
    one_line(infer(copied, "--selftest"), 3, ".golden.npz")
    copied.unlink()
    one_line(infer(copied, *RAW), 3, "mixture.mindir")


def test_an_export_that_does_not_fit_its_manifest_is_told_in_one_line(infer, copied):
    file = copied.with_suffix(".json")
    manifest = json.loads(file.read_text())
    changed = json.loads(file.read_text())
    changed["inputs"][0]["shape"][2] = changed["inputs"][1]["shape"][2] = changed["outputs"][0]["shape"][2] = 8
    file.write_text(json.dumps(changed))
    one_line(infer(copied, *RAW), 4, "input 0 is 1x3x8x32 of float32 by its manifest; got 1x3x16x32")
    changed["outputs"][0]["shape"] = [1, 2, 8, 32]
    file.write_text(json.dumps(changed))
    one_line(infer(copied, *RAW), 2, "does not predict frames")
    file.write_text(json.dumps(manifest)[:-1])
    one_line(infer(copied, *RAW), 4, "is not the manifest of a MINDIR")


def test_a_mindir_that_cannot_be_loaded_is_told_in_one_line(infer, copied):
    copied.chmod(0o600)
    copied.write_bytes(copied.read_bytes()[: copied.stat().st_size // 2])
    one_line(infer(copied, "--selftest"), 5, "cannot load MINDIR version 1 of MindSpore 2.0.0 for CPU")


def test_a_mindir_too_new_for_the_runtime_is_told_with_both_versions(infer, tmp_path):
    mindspore = pytest.importorskip("mindspore")
    if mindspore.__version__.startswith("2.0."):
        pytest.skip("this MindSpore writes what MindSpore Lite 2.0.0 reads")
    mindir = export_mixture(sys.executable, tmp_path)
    words = f"MindSpore Lite 2.0.0 cannot load MINDIR version 3 of MindSpore {mindspore.__version__}"
    one_line(infer(mindir, "--selftest"), 5, words, "version: 1")


def test_a_device_that_is_not_there_is_told_in_one_line(infer, mixture):
    if Path("/dev/davinci_manager").exists():
        pytest.skip("this machine has an Ascend device")
    one_line(infer(mixture, "--selftest", target="Ascend310"), 5, "for Ascend310")

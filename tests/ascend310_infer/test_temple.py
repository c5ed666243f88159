"""Real frames interpolated by the C++ program: the same bits as MindSpore Lite gives in Python."""

import subprocess

import numpy as np
import pytest

from src.data.degrade import bicubic_quarter
from src.video.images import image_files, read_image, write_image
from tests.ascend310_infer.builds import ROOT

TEMPLE = ROOT.parent / "shared" / "data" / "frames" / "temple"
HEIGHT, WIDTH = 200, 300  # a quarter of theirs, which the network's multiple of 16 does not divide
WEIGHTS = ROOT / "checkpoints" / "ifrnet_s.ckpt"

# Runs every pair of frames in an .npy file through a MINDIR, in the order of the graph.
LITE = """
import sys
import numpy as np
import mindspore_lite as lite

context = lite.Context()
context.target = ["cpu"]
context.cpu.thread_num = {threads}
model = lite.Model()
model.build_from_file(sys.argv[1], lite.ModelType.MINDIR, context)
frames = np.load(sys.argv[2])
predicted = []
for first, second in zip(frames, frames[1:]):
    tensors = model.get_inputs()
    for tensor, value in zip(tensors, (first, second, np.full((1, 1, 1, 1), 0.5, np.float32))):
        tensor.set_data_from_numpy(np.ascontiguousarray(value.reshape(tensor.shape)))
    # the array that comes back is the runtime's own memory
    predicted.append(model.predict(tensors)[0].get_data_to_numpy().reshape(first.shape).copy())
np.save(sys.argv[3], np.stack(predicted))
"""


@pytest.fixture(scope="module")
def frames():
    if not TEMPLE.is_dir():
        pytest.skip("the frames of the temple are not there")
    return np.stack([bicubic_quarter(read_image(file)) for file in image_files(TEMPLE)[:7]])


@pytest.fixture(scope="module")
def mindir(frames, exporting_python, tmp_path_factory):
    path = tmp_path_factory.mktemp("temple") / "ifrnet_s.mindir"
    flags = {
        "model": "ifrnet_s", "ckpt_path": WEIGHTS, "height": HEIGHT, "width": WIDTH, "file_format": "MINDIR",
        "file_name": path.with_suffix(""),
    }  # fmt: skip
    command = [exporting_python, ROOT / "export.py", *(f"--{name}={value}" for name, value in flags.items())]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return path


def in_python(lite_python, mindir, frames, folder, threads):
    """Return what MindSpore Lite predicts between the frames in Python, as 8-bit pictures."""
    values = frames.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)
    margins = ((0, 0), (0, 0), (0, -HEIGHT % 16), (0, -WIDTH % 16))
    np.save(folder / "frames.npy", np.pad(values, margins, mode="edge"))
    command = [lite_python, "-c", LITE.format(threads=threads), mindir, folder / "frames.npy", folder / "predicted.npy"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    predicted = np.load(folder / "predicted.npy")[:, :, :HEIGHT, :WIDTH]
    return np.rint(np.clip(predicted, 0, 1) * 255).astype(np.uint8).transpose(0, 2, 3, 1)


def test_the_temple_is_interpolated_to_the_bits_of_mindspore_lite_in_python(
    infer, lite_python, mindir, frames, tmp_path
):
    expected = in_python(lite_python, mindir, frames, tmp_path, threads=1)
    (tmp_path / "in").mkdir()
    for index, frame in enumerate(frames):
        write_image(tmp_path / "in" / f"{index}.png", frame)
    done = infer(mindir, "--threads", "1", "--input_path", tmp_path / "in", "--output_path", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    result = np.stack([read_image(file) for file in image_files(tmp_path / "out")])
    np.testing.assert_array_equal(result[::2], frames)
    np.testing.assert_array_equal(result[1::2], expected)
    # and it is no mere average of its neighbours
    average = np.rint(frames[:-1] / 2 + frames[1:] / 2)
    assert np.abs(result[1::2] - average).max() > 16


def test_the_export_computes_here_what_it_computed_where_it_was_made(infer, mindir):
    done = infer(mindir, "--selftest")
    assert done.returncode == 0, done.stderr

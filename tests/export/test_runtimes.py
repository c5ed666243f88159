"""The shipped network through every runtime: the same picture as MindSpore's graph mode, of any size."""

import numpy as np
import pytest

from scripts.bench_export import OLD_PYTHON, export_with
from src.errors import EnvironmentFault
from src.export.files import Exporter
from src.export.options import ExportOptions
from src.metrics.psnr import psnr
from src.runtime.choice import choose_predictor
from src.runtime.exported import golden_difference, read_manifest
from src.runtime.lite import LiteSession, lite_python
from src.runtime.mindspore_graph import CHECKPOINTS
from src.runtime.options import InferOptions

SHIPPED = CHECKPOINTS / "ifrnet_s.ckpt"
SIZE = (45, 61)


def predicted(frames, **flags):
    options = InferOptions(input="in.mp4", output_path="out.mp4", **flags)
    return choose_predictor(options)(frames, [0.5])[0]


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    """A folder with the shipped network as mindir.mindir and onnx.onnx for frames of 48x64."""
    pytest.importorskip("onnxruntime", reason="no onnxruntime: pip install -r requirements-runtimes.txt")
    folder = tmp_path_factory.mktemp("exports")
    exporter = Exporter(ExportOptions(file_name="net"))
    exporter.export((48, 64), folder / "mindir.mindir")
    exporter.options = ExportOptions(file_name="net", file_format="ONNX")
    exporter.export((48, 64), folder / "onnx.onnx")
    return folder


@pytest.fixture(scope="module")
def pictures():
    """Two frames, what lies between them, and what graph mode predicts."""
    y, x = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]), indexing="ij")
    waves = [0.5 + 0.4 * np.sin((x + step) / 5) * np.cos((y - step) / 7) for step in (0, 1, 2)]
    first, truth, last = (np.stack([wave, wave**2, 1 - wave]).astype(np.float32) for wave in waves)
    frames = np.stack((first, last))
    return frames, truth, predicted(frames)


@pytest.mark.parametrize(
    ("runtime", "file", "flags", "limit"),
    [
        ("mindir", "mindir.mindir", {}, 0.01),
        ("onnxruntime", "onnx.onnx", {}, 0.01),
        ("onnxruntime", "onnx.onnx", {"provider": "CPU"}, 0.01),
        ("openvino", "onnx.onnx", {}, 0.01),
        ("openvino", "onnx.onnx", {"precision": "bfloat16"}, 0.05),
    ],
)
def test_every_runtime_scores_what_graph_mode_scores(exports, pictures, runtime, file, flags, limit):
    frames, truth, expected = pictures
    met = predicted(frames, runtime=runtime, ckpt_path=str(exports / file), **flags)
    assert met.shape == truth.shape
    assert abs(psnr(met, truth) - psnr(expected, truth)) <= limit


def test_lite_runs_what_mindspore_2_0_exports_beyond_the_size_its_transposed_convolution_takes(tmp_path):
    _needs_lite()
    if not OLD_PYTHON.is_file():
        pytest.skip("no .venv-2.0.0, which exports for Lite: bash scripts/run_tests.sh 2.0.0 makes it")
    path = tmp_path / "net.mindir"
    export_with(OLD_PYTHON, "ifrnet_s", SHIPPED, (192, 256), "MINDIR", path)
    assert golden_difference(LiteSession(path, read_manifest(path)), path) <= 1e-4


def test_lite_refuses_a_file_of_a_newer_mindspore_with_both_versions(exports):
    _needs_lite()
    manifest = read_manifest(exports / "mindir.mindir")
    if manifest.mindir_version == 1:
        pytest.skip("this MindSpore writes what Lite reads")
    with pytest.raises(EnvironmentFault, match="MINDIR version 3 of MindSpore .* by MindSpore Lite 2.0.0"):
        LiteSession(exports / "mindir.mindir", manifest)


def _needs_lite():
    try:
        lite_python()
    except EnvironmentFault as error:
        pytest.skip(str(error))

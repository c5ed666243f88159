"""The shipped network through every runtime: eval.py scores what it scores in MindSpore's graph mode."""

import json

import numpy as np
import pytest

import eval as program
from scripts.bench_export import OLD_PYTHON, export_with
from scripts.drawn_weights import drawn_weights
from src.errors import EnvironmentFault
from src.export.files import Exporter
from src.export.options import ExportOptions
from src.runtime.exported import golden_difference, read_golden, read_manifest
from src.runtime.lite import LiteSession, lite_python
from src.runtime.mindspore_graph import CHECKPOINTS
from src.video.images import write_image

SHIPPED = CHECKPOINTS / "ifrnet_s.ckpt"
SIZE = (45, 61)  # which the exported one is not
EXPORTED = (48, 64)


def evaluated(clip, output, **flags):
    """Return what eval.py measures of a folder of frames: PSNR in dB."""
    flags = {"dataset": "clips", "data_path": clip, "output_path": output, **flags}
    program.main([text for name, value in flags.items() for text in (f"--{name}", str(value))])
    results = json.loads((output / "metrics.json").read_text())
    assert results["runtime"] == flags.get("runtime", "mindspore") and results["samples"] == 2
    return results["psnr"]


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    """A folder with the shipped network as mindir.mindir and onnx.onnx for frames of 48x64."""
    pytest.importorskip("onnxruntime", reason="no onnxruntime: pip install -r requirements-runtimes.txt")
    folder = tmp_path_factory.mktemp("exports")
    exporter = Exporter(ExportOptions(file_name="net"))
    exporter.export(EXPORTED, folder / "mindir.mindir")
    exporter.options = ExportOptions(file_name="net", file_format="ONNX")
    exporter._golden = lambda tensors: read_golden(folder / "mindir.mindir")[1][0]  # the same again
    exporter.export(EXPORTED, folder / "onnx.onnx")
    return folder


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A folder of five frames, and what graph mode scores on it."""
    folder = tmp_path_factory.mktemp("clip")
    y, x = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]), indexing="ij")
    for step in range(5):
        wave = 0.5 + 0.4 * np.sin((x + step) / 5) * np.cos((y - step) / 7)
        frame = np.stack([wave, wave**2, 1 - wave], -1)
        write_image(folder / f"{step}.png", np.rint(255 * frame).astype(np.uint8))
    return folder, evaluated(folder, tmp_path_factory.mktemp("graph"))


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
def test_every_runtime_scores_what_graph_mode_scores(exports, clip, tmp_path, runtime, file, flags, limit):
    folder, expected = clip
    assert abs(evaluated(folder, tmp_path, runtime=runtime, ckpt_path=exports / file, **flags) - expected) <= limit


def test_openvino_gives_the_golden_output(exports):
    from src.runtime.openvino import open_openvino

    path = exports / "onnx.onnx"
    assert golden_difference(open_openvino(path, read_manifest(path)), path) <= 1e-4


def test_lite_scores_what_graph_mode_scores(clip, tmp_path):
    _needs_lite()
    folder, expected = clip
    path = tmp_path / "net.mindir"
    _export_old(EXPORTED, path)
    assert abs(evaluated(folder, tmp_path / "out", runtime="lite", ckpt_path=path) - expected) <= 0.01


def test_lite_runs_what_mindspore_2_0_exports_beyond_the_size_its_transposed_convolution_takes(tmp_path):
    _needs_lite()
    path = tmp_path / "net.mindir"
    _export_old((192, 256), path)
    assert golden_difference(LiteSession(path, read_manifest(path)), path) <= 1e-4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "size"),
    [("flavr_2x", (8, 16)), ("toflow_vfi", (16, 32)), ("toflow_vsr_x4", (4, 12)), ("tdan_x4", (5, 7)),
     ("ifrplus", (16, 32))],
)  # fmt: skip
def test_lite_runs_every_kind_of_network(tmp_path, name, size):
    _needs_lite()
    weights, path = tmp_path / "weights.ckpt", tmp_path / "net.mindir"
    drawn_weights(name, weights)
    _export_old(size, path, name, weights)
    assert golden_difference(LiteSession(path, read_manifest(path)), path) <= 1e-4


def test_lite_refuses_a_file_of_a_newer_mindspore_with_both_versions(exports):
    _needs_lite()
    manifest = read_manifest(exports / "mindir.mindir")
    if manifest.mindir_version == 1:
        pytest.skip("this MindSpore writes what Lite reads")
    with pytest.raises(EnvironmentFault, match="MINDIR version 3 of MindSpore .* by MindSpore Lite 2.0.0"):
        LiteSession(exports / "mindir.mindir", manifest)


def _export_old(size, path, name="ifrnet_s", weights=SHIPPED):
    if not OLD_PYTHON.is_file():
        pytest.skip("no .venv-2.0.0, which exports for Lite: bash scripts/run_tests.sh 2.0.0 makes it")
    export_with(OLD_PYTHON, name, weights, size, "MINDIR", path)


def _needs_lite():
    try:
        lite_python()
    except EnvironmentFault as error:
        pytest.skip(str(error))

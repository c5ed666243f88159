"""Every kind of network as MINDIR and ONNX: what runs them gives what the network gives, or nothing is written."""

import hashlib
import json
import weakref
from pathlib import Path

import numpy as np
import pytest
from mindspore import Parameter, Tensor, nn

from scripts.drawn_weights import drawn_weights
from src.engine.checkpoint import Card, save_weights
from src.errors import EnvironmentFault, UsageError, WeightsError
from src.export import files
from src.export.files import Exporter
from src.export.options import ExportOptions
from src.runtime.exported import golden_difference, read_golden, read_manifest
from src.runtime.mindir import open_mindir
from src.runtime.mindspore_graph import load_predictor

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "checkpoints" / "ifrnet_s.ckpt"
# What all others consist of, with ifrnet_s below and in test_runtimes.py, at the smallest sizes; scripts/bench.py
# export does every network at real ones
SIZES = {"flavr_2x": (8, 16), "toflow_vfi": (16, 32), "tdan_x4": (5, 7)}
SLOW_SIZES = {"toflow_vsr_x4": (4, 12), "ifrplus": (16, 32)}


class Mixture(nn.Cell):
    """Stands for a network where what is told of a file does not depend on what is in it."""

    inputs, outputs, scale, multiple, takes_time, task = 2, 1, 1, 16, False, "interpolation"

    def __init__(self):
        super().__init__()
        self.share = Parameter(Tensor(np.float32(0.3)), name="share")

    def construct(self, first, second):
        return first * self.share + second * (1 - self.share)


def exporter(folder, **changes):
    return Exporter(ExportOptions(file_name=str(folder / "net"), **changes))


@pytest.fixture
def mixture_exporter(tmp_path, tmp_path_factory, monkeypatch):
    """Returns exporters of a Mixture under the name of ifrnet_s."""
    weights = tmp_path_factory.mktemp("mixture") / "mixture.ckpt"
    save_weights(Mixture(), weights, Card("ifrnet_s"))
    monkeypatch.setattr(files, "create_model", lambda name: Mixture())
    return lambda **changes: exporter(tmp_path, ckpt_path=str(weights), **changes)


@pytest.fixture(scope="module", params=[*SIZES, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW_SIZES)])
def network(request, tmp_path_factory):
    """A network's name, its weights, and a folder."""
    folder = tmp_path_factory.mktemp(request.param)
    weights = folder / "weights.ckpt"
    drawn_weights(request.param, weights)
    return request.param, weights, folder


def test_a_network_as_mindir_and_onnx_gives_the_golden_output_everywhere(network):
    name, weights, folder = network
    size = {**SIZES, **SLOW_SIZES}[name]
    made = exporter(folder, model=name, ckpt_path=str(weights))
    mindir = folder / "net.mindir"
    assert made.export(size, mindir) <= 1e-4
    manifest = read_manifest(mindir)
    inputs, outputs = read_golden(mindir)
    assert [list(each.shape) for each in inputs] == [each["shape"] for each in manifest.inputs]
    assert [list(each.shape) for each in outputs] == [each["shape"] for each in manifest.outputs]
    pytest.importorskip("onnxruntime", reason="no onnxruntime: pip install -r requirements-runtimes.txt")
    from src.runtime.openvino import open_openvino

    made.options = ExportOptions(file_name="net", model=name, ckpt_path=str(weights), file_format="ONNX")
    made._golden = lambda tensors: outputs[0]  # the same again
    onnx = folder / "other.onnx"
    assert made.export(size, onnx) <= 1e-4
    assert read_manifest(onnx).mindir_version is None
    assert golden_difference(open_openvino(onnx, read_manifest(onnx)), onnx) <= 1e-4


def test_the_manifest_says_what_the_file_is_and_the_golden_output_is_the_networks(tmp_path):
    made = exporter(tmp_path, batch_size=2)
    made.export((17, 30), tmp_path / "net.mindir")
    told = json.loads((tmp_path / "net.json").read_text())
    assert list(told) == [
        "model", "weights_sha256", "format", "form", "precision", "scale", "timestep", "frames", "layout", "range",
        "inputs", "outputs", "multiple", "mindspore_version", "mindir_version", "loads_in",
    ]  # fmt: skip
    assert told["weights_sha256"] == hashlib.sha256(SHIPPED.read_bytes()).hexdigest()
    assert (told["model"], told["timestep"], told["scale"], told["frames"]) == ("ifrnet_s", "fixed", 1, 2)
    assert [each["name"] for each in told["inputs"]] == ["frame0", "frame1", "time"]
    assert told["inputs"][0] == {"name": "frame0", "shape": [2, 3, 32, 32], "dtype": "float32"}
    assert (told["mindir_version"] == 1) == told["mindspore_version"].startswith("2.0")
    (frame0, frame1, time), (golden,) = read_golden(tmp_path / "net.mindir")
    predictor = load_predictor("ifrnet_s", "", "CPU", 0)
    for sample in range(2):
        expected = predictor(np.stack((frame0[sample], frame1[sample])), [time[sample].item()])
        np.testing.assert_allclose(golden[sample], expected[0], atol=1e-5)
    assert 0.05 < np.abs(frame0 - frame1).max()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["net.golden.npz", "net.json", "net.mindir"]


@pytest.mark.slow
def test_half_precision_halves_the_file_and_is_what_the_shipped_weights_have(tmp_path):
    whole, half = tmp_path / "whole.mindir", tmp_path / "half.mindir"
    exporter(tmp_path).export((16, 16), whole)
    exporter(tmp_path, precision="float16").export((16, 16), half)
    assert half.stat().st_size < 0.7 * whole.stat().st_size
    np.testing.assert_allclose(read_golden(half)[1][0], read_golden(whole)[1][0], atol=1e-6)


def test_two_formats_of_one_name_would_share_a_manifest_and_are_refused(tmp_path):
    made = exporter(tmp_path)
    (tmp_path / "net.onnx").touch()
    with pytest.raises(UsageError, match="net.json belongs to .*net.onnx: give another --file_name"):
        made.export((16, 16), tmp_path / "net.mindir")
    assert [each.name for each in tmp_path.iterdir()] == ["net.onnx"]


def test_where_nothing_can_be_written_nothing_is_computed(tmp_path, monkeypatch, mixture_exporter):
    made = mixture_exporter()
    monkeypatch.setattr(made, "_golden", lambda tensors: pytest.fail("the golden output was computed"))
    (tmp_path / "folder.mindir").mkdir()
    for path, reason in (
        (Path("/dev/null/net.mindir"), "Not a directory|File exists"),
        (Path("/proc/nope/net.mindir"), "No such file or directory"),
        (tmp_path / f"{'n' * 300}.mindir", "File name too long"),
        (tmp_path / "folder.mindir", "Is a directory"),
    ):
        with pytest.raises(UsageError, match=f"file_name .*{path.name}: cannot be written: ({reason})"):
            made.export((16, 16), path)
    assert [each.name for each in tmp_path.iterdir()] == ["folder.mindir"]


def test_an_operator_that_onnx_lacks_is_named_and_leaves_nothing(tmp_path, monkeypatch, mixture_exporter):
    made = mixture_exporter(file_format="ONNX")

    def fails(*arguments, **options):
        raise RuntimeError("Can not find key Erf in convert map. Exporting Erf operator is not yet supported.")

    monkeypatch.setattr(files.mindspore, "export", fails)
    with pytest.raises(EnvironmentFault, match="cannot convert the operator Erf of ifrnet_s to ONNX: export MINDIR"):
        made.export((16, 16), tmp_path / "net.onnx")
    assert list(tmp_path.iterdir()) == []


def test_the_fused_form_reloads(tmp_path):
    assert exporter(tmp_path, form="fused").export((16, 32), tmp_path / "net.mindir") <= 1e-4
    assert read_manifest(tmp_path / "net.mindir").form == "fused"


def test_an_export_that_computes_something_else_is_not_written_and_the_earlier_one_stays(
    tmp_path, monkeypatch, mixture_exporter
):
    made = mixture_exporter()
    made.export((16, 16), tmp_path / "net.mindir")
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir()}

    def shifted(*arguments):
        session = open_mindir(*arguments)
        return lambda arrays: session(arrays) + np.float32(2e-4)

    monkeypatch.setattr(files, "open_mindir", shifted)
    with pytest.raises(WeightsError, match="differs by 0.0002 from its golden output; at most 0.0001"):
        made.export((16, 32), tmp_path / "net.mindir")
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == before


def test_the_network_of_the_golden_output_is_let_go_before_the_export_is_checked(
    tmp_path, monkeypatch, mixture_exporter
):
    made, created, alive = mixture_exporter(), [], []

    def create(name):
        network = Mixture()
        created.append(weakref.ref(network))
        return network

    def opened(*arguments):
        alive.extend(each() is not None for each in created)
        return open_mindir(*arguments)

    monkeypatch.setattr(files, "create_model", create)
    monkeypatch.setattr(files, "open_mindir", opened)
    made.export((16, 16), tmp_path / "net.mindir")
    assert alive == [False]


def test_a_damaged_or_newer_mindir_is_told_with_both_versions(tmp_path, mixture_exporter):
    mixture_exporter().export((16, 16), tmp_path / "net.mindir")
    (tmp_path / "net.mindir").write_bytes(b"x" * 1000)
    manifest = read_manifest(tmp_path / "net.mindir")
    with pytest.raises(EnvironmentFault, match=r"MINDIR version \d of MindSpore .* cannot be loaded by MindSpore"):
        open_mindir(tmp_path / "net.mindir", manifest)

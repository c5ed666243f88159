"""OpenVINO in half precision: values are rounded, positions are not."""

from types import SimpleNamespace

import mindspore
import numpy as np
import pytest
from mindspore import Tensor, nn

from src.export.onnx_graph import repair_onnx
from src.ops.backend import portable
from src.ops.warp import Warp

openvino = pytest.importorskip("openvino", reason="no openvino: pip install -r requirements-runtimes.txt")


class Warped(nn.Cell):
    """A warp by twice a flow, between two convolutions that change nothing: OpenVINO rounds only before the last."""

    def __init__(self):
        super().__init__()
        self.warp = Warp()
        self.before = _identity(2)
        self.after = _identity(3)

    def construct(self, frame, flow):
        return self.after(self.warp(frame, 2.0 * self.before(flow)))


def _identity(channels):
    kernel = Tensor(np.eye(channels, dtype=np.float32)[:, :, None, None])
    return nn.Conv2d(channels, channels, 1, pad_mode="valid", has_bias=False, weight_init=kernel)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The file, its manifest, its inputs and its output."""
    path = tmp_path_factory.mktemp("onnx") / "net.onnx"
    with portable():
        network = Warped().set_train(False)
    random = np.random.RandomState(0)
    # an eighth of a pixel, which bfloat16 holds up to 32
    flow = (random.randint(-64, 64, (1, 2, 4, 600)) / 8).astype(np.float32)
    inputs = [random.rand(1, 3, 4, 600).astype(np.float32), flow]
    tensors = [Tensor(each) for each in inputs]
    mindspore.export(network, *tensors, file_name=str(path), file_format="ONNX")
    repair_onnx(path, ["frame", "flow"], "frames")
    manifest = SimpleNamespace(inputs=[{"name": "frame"}, {"name": "flow"}])
    return path, manifest, inputs, network(*tensors).asnumpy()


@pytest.mark.parametrize(("precision", "limit"), [("float32", 1e-5), ("bfloat16", 0.01)])
def test_positions_are_exact_in_every_precision(exported, precision, limit):
    from src.runtime.openvino import open_openvino

    path, manifest, inputs, expected = exported
    met = open_openvino(path, manifest, precision)(inputs)
    assert np.abs(met - expected).max() <= limit

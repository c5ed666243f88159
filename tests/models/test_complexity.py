"""Multiply-accumulates: against closed forms, PyTorch's count of the published code, and the papers' figures."""

import mindspore
import pytest
from mindspore import nn, ops

from src.models import create_model
from src.models.complexity import GATHERING, SPREADING, count_multiply_accumulates
from src.models.layers import Convolution, Upsampling
from src.ops.backend import fused, portable
from src.ops.conv3d import Convolution3d, TransposedConvolution3d
from src.ops.deform_conv import DeformableConvolution
from src.ops.depthwise_upsample import DepthwiseUpsampling

HEIGHT, WIDTH = 6, 10
PIXELS = HEIGHT * WIDTH


class OneInput(nn.Cell):
    """A single layer that keeps the contract: one frame goes in, `prepare` makes of it what the layer takes."""

    inputs, takes_time = 1, False

    def __init__(self, layer, prepare):
        super().__init__()
        self.layer, self.prepare = layer, prepare

    def construct(self, frame):
        return self.layer(*self.prepare(frame))


def as_volume(frame):
    return (ops.stack((frame, frame, frame, frame), 2),)


def with_offsets(frame):
    return ops.concat((frame, frame), 1), ops.zeros((1, 2 * 2 * 9, HEIGHT, WIDTH), mindspore.float32)


def alone(frame):
    return (frame,)


# what a layer of 3 channels does by its definition
CLOSED_FORMS = {
    "convolution": (lambda: Convolution(3, 5, 7), alone, PIXELS * 5 * 3 * 49),
    "convolution of stride 2": (lambda: Convolution(3, 5, 3, stride=2), alone, PIXELS // 4 * 5 * 3 * 9),
    "grouped convolution": (
        lambda: nn.Conv2d(3, 6, 3, pad_mode="pad", padding=1, group=3),
        alone,
        PIXELS * 6 * 9,
    ),
    "transposed convolution": (lambda: Upsampling(3, 5), alone, PIXELS * 3 * 5 * 16),
    "depthwise upsampling": (lambda: DepthwiseUpsampling(3), alone, PIXELS * 3 * 16),
    "3-D convolution": (lambda: Convolution3d(3, 5, (3, 3, 3)), as_volume, 4 * PIXELS * 5 * 3 * 27),
    "3-D convolution of stride 2": (
        lambda: Convolution3d(3, 5, (3, 7, 7), stride=2),
        as_volume,
        4 * PIXELS // 4 * 5 * 3 * 147,
    ),
    "3-D transposed convolution": (lambda: TransposedConvolution3d(3, 5), as_volume, 4 * PIXELS * 3 * 5 * 48),
    "deformable convolution": (
        lambda: DeformableConvolution(6, 4, deform_groups=2),
        with_offsets,
        PIXELS * 4 * 6 * 9,
    ),
}


@pytest.mark.parametrize("form", [fused, portable], ids=["fused", "portable"])
@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_a_layer_counts_as_its_definition_says_in_either_form(name, form):
    build, prepare, expected = CLOSED_FORMS[name]
    with form():
        network = OneInput(build(), prepare)
        assert count_multiply_accumulates(network.set_train(False), HEIGHT, WIDTH) == expected


def test_graph_mode_is_on_again():
    count_multiply_accumulates(OneInput(Convolution(3, 3), alone), 4, 4)
    assert mindspore.get_context("mode") == mindspore.GRAPH_MODE


# By PyTorch 2.13's FlopCounterMode, two to a multiply-accumulate, of the published code on frames of the size here.
COUNTED_BY_TORCH = {
    "ifrnet_s": ((16, 32), 56_232_288),
    "ifrnet": ((16, 32), 99_002_496),
    "ifrnet_l": ((16, 32), 392_179_968),
    "flavr_2x": ((16, 32), 2_079_461_376),
    "flavr_8x": ((16, 32), 2_108_362_752),
    "toflow_vfi": ((16, 32), 344_390_144),
    "toflow_vsr_x4": ((4, 8), 1_206_611_456),
}


@pytest.mark.parametrize("name", COUNTED_BY_TORCH)
def test_networks_count_what_the_published_code_does(name):
    size, expected = COUNTED_BY_TORCH[name]
    assert count_multiply_accumulates(create_model(name).set_train(False), *size) == expected


def test_tdan_counts_the_sum_of_its_layers():
    block = 2 * 9 * 64 * 64
    extraction = 5 * (9 * 3 * 64 + 5 * block)
    deformation = 9 * 64 * (2 * 9 * 8) + 9 * 64 * 64
    alignment = 4 * (9 * 128 * 64 + 4 * deformation + 9 * 64 * 3)
    reconstruction = 9 * 15 * 64 + 10 * block + 9 * 64 * 256 * (1 + 4) + 16 * 9 * 64 * 3
    expected = (extraction + alignment + reconstruction) * 8 * 12
    assert count_multiply_accumulates(create_model("tdan_x4").set_train(False), 8, 12) == expected


def test_toflow_counts_what_a_paper_says_of_it():
    # Kong et al., CVPR 2022, table 1: 0.62 tera for 1280 x 720, 3600 times the pixels here
    count = count_multiply_accumulates(create_model("toflow_vfi").set_train(False), 16, 16)
    assert round(3600 * count / 1e12, 2) == 0.62


@pytest.mark.parametrize("name", ["ifrplus", "liteflownet", "flavr_4x", "spynet_bn"])
def test_no_layer_with_a_kernel_is_left_out(name):
    network = create_model(name)
    counted = {id(cell.weight) for _, cell in network.cells_and_names() if isinstance(cell, GATHERING + SPREADING)}
    assert not [each.name for each in network.get_parameters() if each.ndim > 1 and id(each) not in counted]

"""Deformable convolution, modulated and plain, in both forms against NumPy."""

import resource
from pathlib import Path

import mindspore
import numpy as np
import pytest
from mindspore import Tensor, nn

from src.ops.deform_conv import DeformableConvolution
from tests import reference
from tests.ops.cases import FORMS, REQUESTS, Case, assert_gradients, assert_values, between_pixels, measure

RANDOM = np.random.default_rng(0)


def _normal(*shape):
    return RANDOM.normal(size=shape).astype(np.float32)


def _case(shape, out_channels, offsets=None, modulated=True, bias=True, kernel=3, **options):
    """Return the case of a map of `shape`; `offsets` makes the displacements out of their shape, and has kinks."""
    batch, channels, height, width = shape
    taps = options.get("deform_groups", 1) * kernel * kernel
    reach = options.get("dilation", 1) * (kernel - 1) - 2 * options.get("padding", 1)
    stride = options.get("stride", 1)
    out_size = ((height - reach - 1) // stride + 1, (width - reach - 1) // stride + 1)
    offset_shape = (batch, 2 * taps, *out_size)
    inputs = [_normal(*shape), between_pixels(RANDOM, offset_shape, 2) if offsets is None else offsets(offset_shape)]
    if modulated:
        inputs.append(RANDOM.uniform(0, 1, (batch, taps, *out_size)).astype(np.float32))
    parameters = [_normal(out_channels, channels // options.get("groups", 1), kernel, kernel)]
    if bias:
        parameters.append(_normal(out_channels))

    def expected(x, offset, *others):
        others = iter(others)
        mask = next(others) if modulated else None
        weight = next(others)
        return reference.deformable_convolution(x, offset, mask, weight, next(others, None), **options)

    def build():
        return DeformableConvolution(channels, out_channels, kernel, bias=bias, **options)

    return Case(build, expected, inputs, parameters, () if offsets is None else (1,))


def _whole(shape):
    return RANDOM.integers(-3, 4, shape).astype(np.float32)


def _far(shape):
    far = np.resize(np.array([50.5, -700.25, 1e6, -3e9], np.float32), np.prod(shape))
    return RANDOM.permutation(far).reshape(shape)


CASES = {
    "modulated": _case((2, 4, 3, 3), 2, deform_groups=2),
    "plain_without_bias": _case((1, 4, 2, 3), 2, deform_groups=4, modulated=False, bias=False),
    "stride_and_dilation": _case((1, 2, 7, 6), 2, stride=2, padding=2, dilation=2),
    "without_padding": _case((1, 2, 4, 5), 2, padding=0),
    "grouped_weights": _case((1, 4, 3, 3), 4, groups=2, deform_groups=1),
    "kernel_one": _case((1, 2, 3, 4), 2, kernel=1, padding=0),
    "one_column": _case((1, 2, 4, 1), 2),
    "whole_pixels": _case((1, 2, 4, 5), 2, offsets=_whole),
    "far_outside": _case((1, 2, 4, 5), 2, offsets=_far),
    "no_offset": _case((1, 2, 4, 5), 2, offsets=lambda shape: np.zeros(shape, np.float32)),
}


@pytest.fixture(scope="module")
def measured():
    return measure(CASES)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", FORMS)
def test_deformable_convolution_samples_at_displaced_taps(measured, form, name):
    assert_values(CASES[name], measured[form, name])


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", FORMS)
def test_deformable_convolution_gradients_by_map_offsets_mask_and_weights(measured, form, name):
    assert_gradients(CASES[name], measured[form, name])


@pytest.mark.parametrize("form", FORMS)
def test_offset_channels_are_y_then_x_of_each_tap_of_each_group(form):
    with REQUESTS[form]():
        convolution = DeformableConvolution(2, 1, deform_groups=2, bias=False)
    weight = np.zeros((1, 2, 3, 3), np.float32)
    weight[0, :, 1, 2] = 1.0, 10.0
    convolution.weight.set_data(Tensor(weight))
    x = _normal(1, 2, 6, 7)
    offsets = _normal(1, 36, 6, 7)
    # tap 5, the right neighbour: one down in the first group, two to the left in the second
    offsets[0, 10], offsets[0, 11] = 1.0, 0.0
    offsets[0, 18 + 10], offsets[0, 18 + 11] = 0.0, -2.0
    output = convolution(Tensor(x), Tensor(offsets)).asnumpy()
    expected = x[0, 0, 2:5, 2:6] + 10.0 * x[0, 1, 1:4, 0:4]
    np.testing.assert_allclose(output[0, 0, 1:4, 1:5], expected, rtol=1e-5, atol=1e-5)


def test_an_exported_file_holds_no_positions_of_all_pixels(tmp_path):
    with REQUESTS["portable"]():
        convolution = DeformableConvolution(2, 2)
    inputs = Tensor(_normal(1, 2, 64, 64)), Tensor(_normal(1, 18, 64, 64))
    mindspore.export(convolution, *inputs, file_name=str(tmp_path / "net"), file_format="MINDIR")
    # y and x of nine taps at each of the 4096 pixels would be 295 kB
    assert (tmp_path / "net.mindir").stat().st_size < 60_000


def test_a_run_keeps_no_more_memory_than_some_maps():
    class Chain(nn.Cell):
        def __init__(self):
            super().__init__()
            self.layers = nn.CellList([DeformableConvolution(64, 64, deform_groups=8) for _ in range(4)])

        def construct(self, x, offsets):
            for layer in self.layers:
                x = layer(x, offsets)
            return x

    with REQUESTS["portable"]():
        network = Chain()
    inputs = Tensor(_normal(1, 64, 32, 48)), Tensor(_normal(1, 144, 32, 48))
    before = _resident_bytes()
    network(*inputs).asnumpy()
    # What is sampled for one layer is 3.5 MB. Products with weights that broadcast would keep 16 times as much a layer.
    assert _resident_bytes() - before < 220e6


def _resident_bytes():
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"deform_groups": 4}, "in_channels must be divisible by deform_groups 4; got 6"),
        ({"groups": 4}, "in_channels must be divisible by groups 4; got 6"),
        ({"groups": 3}, "out_channels must be divisible by groups 3; got 8"),
    ],
)
def test_channels_that_do_not_divide_are_refused_with_both_numbers(options, message):
    with pytest.raises(ValueError, match=message):
        DeformableConvolution(6, 8, **options)

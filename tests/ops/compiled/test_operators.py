"""Compiled operators against the backend's own at sizes of real layers, where oneDNN blocks channels by 8 and 16."""

import mindspore
import numpy as np
import pytest
from mindspore import Tensor, ops

from src.ops.backend import compiled, fused
from src.ops.compiled import library
from src.ops.conv3d import Convolution3d, TransposedConvolution3d
from src.ops.convolution import Convolution2d
from src.ops.precision import halve_convolutions
from src.ops.upsample import TransposedConvolution
from src.ops.warp import Warp

pytestmark = pytest.mark.skipif(not library.is_available(), reason=library.why_not() or "there")

LAYERS = {
    "wide": (lambda: Convolution2d(35, 33), (2, 35, 13, 21)),
    "stride_2_of_an_odd_size": (lambda: Convolution2d(3, 24, stride=2), (2, 3, 33, 17)),
    "stride_2_down_to_one_place": (lambda: Convolution2d(16, 16, stride=2), (1, 16, 1, 2)),
    "stride_3": (lambda: Convolution2d(2, 3, stride=3), (1, 2, 4, 4)),
    "kernel_7_without_bias": (lambda: Convolution2d(8, 32, 7, bias=False), (3, 8, 11, 9)),
    "kernel_9": (lambda: Convolution2d(15, 64, 9), (1, 15, 12, 10)),
    "kernel_1": (lambda: Convolution2d(64, 3, 1), (2, 64, 5, 7)),
    "transposed": (lambda: TransposedConvolution(48, 20), (2, 48, 5, 9)),
    "transposed_from_one_place": (lambda: TransposedConvolution(17, 5), (1, 17, 1, 1)),
    "in_time": (lambda: Convolution3d(17, 32), (1, 17, 4, 7, 9)),
    "in_time_stride_2": (lambda: Convolution3d(3, 16, (3, 7, 7), stride=2, bias=False), (2, 3, 4, 15, 12)),
    "in_time_stride_4": (lambda: Convolution3d(2, 3, stride=4), (1, 2, 2, 5, 5)),
    "transposed_in_time": (lambda: TransposedConvolution3d(32, 19), (1, 32, 4, 5, 3)),
}


def _ran(build, form, inputs):
    """Return the output and the gradients by all that goes in, of parameters drawn alike in every form."""
    with form():
        network = build().set_train()
    random = np.random.default_rng(1)
    for parameter in network.get_parameters():
        parameter.set_data(Tensor((0.1 * random.normal(size=parameter.shape)).astype(np.float32)))
    output = network(*map(Tensor, inputs))
    sensitivity = Tensor(random.normal(size=output.shape).astype(np.float32))
    differentiate = ops.GradOperation(get_all=True, get_by_list=True, sens_param=True)
    by_input, by_parameter = differentiate(network, network.trainable_params())(*map(Tensor, inputs), sensitivity)
    return [each.asnumpy() for each in (output, *by_input, *by_parameter)]


def _assert_same(build, inputs):
    for ours, theirs in zip(_ran(build, compiled, inputs), _ran(build, fused, inputs)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5 * np.abs(theirs).max())


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_and_its_gradients_are_those_of_the_backend(name):
    build, shape = LAYERS[name]
    _assert_same(build, [np.random.default_rng(0).normal(size=shape).astype(np.float32)])


@pytest.mark.parametrize("padding", ["border", "zeros"])
def test_a_warp_of_many_channels_over_all_edges_is_that_of_the_backend(padding):
    random = np.random.default_rng(0)
    frame = random.normal(size=(2, 21, 19, 33)).astype(np.float32)
    flow = (12 * random.normal(size=(2, 2, 19, 33))).astype(np.float32)
    _assert_same(lambda: Warp(padding), [frame, flow])


def test_a_flow_of_another_size_is_refused():
    with compiled():
        warp = Warp()
    with pytest.raises(RuntimeError):
        warp(Tensor(np.zeros((1, 2, 4, 4), np.float32)), Tensor(np.zeros((1, 2, 6, 6), np.float32))).asnumpy()


@pytest.mark.parametrize("padding", ["border", "zeros"])
def test_a_flow_that_is_no_number_spoils_its_own_pixel_alone(padding):
    frame = np.random.default_rng(0).normal(size=(1, 3, 4, 6)).astype(np.float32)
    flow = np.zeros((1, 2, 4, 6), np.float32)
    flow[0, 0, 1, 2], flow[0, 1, 2, 3], flow[0, 0, 3, 5] = np.nan, np.inf, 1e30
    with compiled():
        out = Warp(padding)(Tensor(frame), Tensor(flow)).asnumpy()
    spoiled = np.zeros((4, 6), bool)
    spoiled[1, 2] = True
    assert np.isnan(out[0, :, spoiled]).all() and np.isfinite(out[0, :, ~spoiled]).all()
    outside = {"border": (frame[0, :, 3, 3], frame[0, :, 3, 5]), "zeros": (0, 0)}[padding]
    np.testing.assert_array_equal(out[0, :, 2, 3], outside[0])
    np.testing.assert_array_equal(out[0, :, 3, 5], outside[1])


def test_two_runs_give_the_same_bits():
    random = np.random.default_rng(0)
    frame = random.normal(size=(1, 9, 40, 60)).astype(np.float32)
    flow = (5 * random.normal(size=(1, 2, 40, 60))).astype(np.float32)
    for build, inputs in ((Warp, [frame, flow]), (lambda: Convolution2d(9, 20), [frame])):
        for one, other in zip(_ran(build, compiled, inputs), _ran(build, compiled, inputs)):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", ["wide", "transposed", "in_time"])
def test_half_precision_is_the_backends(name):
    build, shape = LAYERS[name]
    with compiled():
        layers = [build() for _ in range(2)]
    assert halve_convolutions(layers[1]) >= 1
    x = Tensor(np.random.default_rng(0).normal(size=shape).astype(np.float32))
    for layer in layers:
        weight = 0.1 * np.random.default_rng(1).normal(size=layer.weight.shape)
        layer.weight.set_data(Tensor(weight.astype(np.float32)))
        layer.bias.set_data(Tensor(np.zeros(layer.bias.shape, np.float32)))
    single, half = (layer(x).asnumpy() for layer in layers)
    assert 0 < np.abs(half - single).max() < 4e-3 * np.abs(single).max()


def test_a_plan_made_by_one_thread_serves_another():
    # outside of a graph operators run on another thread than inside of one, and both share what was planned
    with compiled():
        layer = Convolution2d(2, 3, 7)
    x = Tensor(np.random.default_rng(0).normal(size=(1, 2, 2, 2)).astype(np.float32))
    in_graph = layer(x).asnumpy()
    mindspore.set_context(mode=mindspore.PYNATIVE_MODE)
    try:
        outside = layer(x).asnumpy()
    finally:
        mindspore.set_context(mode=mindspore.GRAPH_MODE)
    np.testing.assert_array_equal(outside, in_graph)

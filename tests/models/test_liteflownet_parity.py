"""LiteFlowNet against the implementation IFRNet was taught with, on weights and frames made by formula."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn

from src.models import count_parameters, create_model
from src.models.liteflownet import LEVELS, FlowWarp
from src.ops import backend
from src.weights.published import official_liteflownet_name
from tests import reference
from tests.models.official_ifrnet import frames, official_shapes
from tests.models.official_liteflownet import official_network, official_weights
from tests.models.traced import Traced
from tests.stored_numbers import assert_stored, stored

FLOW = {"absolute": 2e-4, "relative": 1e-4}
GRADIENT = {"atol": 1e-5, "rtol": 5e-3}


class MeanMotion(nn.Cell):
    """Mean absolute flow: something to differentiate."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def construct(self, first, second):
        return self.network(first, second).abs().mean()


@pytest.fixture(scope="module", autouse=True)
def graph_mode():
    ms.set_context(mode=ms.GRAPH_MODE)


@pytest.fixture(scope="module")
def numbers():
    return stored("liteflownet.npz")


def test_parameters_have_the_published_names_shapes_and_count(numbers):
    network = create_model("liteflownet")
    ours = {official_liteflownet_name(parameter.name): tuple(parameter.shape) for parameter in network.get_parameters()}
    assert ours == official_shapes(numbers)
    assert count_parameters(network) == numbers["parameters/count"] == 5_381_969


def test_formula_weights_are_those_of_the_stored_runs(numbers):
    deviations = [np.sqrt(np.mean(weight.astype(np.float64) ** 2)) for weight in official_weights(numbers).values()]
    np.testing.assert_allclose(deviations, numbers["parameters/deviations"], rtol=1e-6)


@pytest.mark.parametrize("form", ["portable", "fused"])
def test_flow_of_every_level_equals_the_published_one(numbers, form):
    flow, flows = Traced(official_network(form, numbers))(*frames((2, 3, 64, 96), 2, 1))
    for level, of_level in reversed(list(enumerate(flows, 2))):
        assert_stored(of_level.asnumpy(), numbers, f"bgr/flow{level}", **FLOW)
    assert_stored(flow.asnumpy(), numbers, "bgr/flow", **FLOW)


def test_frames_of_any_size_are_resized_as_published_and_read_in_rgb_on_request(numbers):
    network = official_network("fused", numbers, channel_order="rgb")
    assert_stored(network(*frames((1, 3, 50, 70), 2, 2)).asnumpy(), numbers, "rgb/flow", **FLOW)


@pytest.mark.slow
def test_gradient_reaches_every_parameter_and_equals_the_published_one(numbers):
    objective = MeanMotion(official_network("fused", numbers))
    parameters = objective.trainable_params()
    step = ms.value_and_grad(objective, None, parameters)
    loss, gradients = step(*frames((2, 3, 64, 64), 2, 3))
    np.testing.assert_allclose(float(loss.asnumpy()), numbers["gradient/loss"], rtol=1e-4)
    names = [str(name) for name in numbers["parameters/names"]]
    ours = {
        official_liteflownet_name(parameter.name.replace("network.", "", 1)): gradient.asnumpy().astype(np.float64)
        for parameter, gradient in zip(parameters, gradients)
    }
    norms = [np.sqrt(np.sum(ours[name] ** 2)) for name in names]
    assert min(norms) > 0
    np.testing.assert_allclose(norms, numbers["gradient/norms"], **GRADIENT)


def test_warp_goes_as_far_as_the_published_grid_and_one_row_moves_by_the_flow_itself():
    random = np.random.default_rng(0)
    frame = random.normal(size=(2, 3, 1, 6)).astype(np.float32)
    flow = random.uniform(-0.1, 0.1, (2, 2, 1, 6)).astype(np.float32)
    with backend.fused():
        warped = FlowWarp(LEVELS[1])(Tensor(frame), Tensor(flow))
    pixels = flow * LEVELS[1].pixels * np.array([6 / 5, 1]).reshape(1, 2, 1, 1)
    np.testing.assert_allclose(warped.asnumpy(), reference.warp(frame, pixels, border=False), atol=1e-5)

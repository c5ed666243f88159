"""IFR+'s four losses against mindediting's, and a training step (tests/stored/README.md)."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn

from src.losses.frequency import FrequencyDistance
from src.losses.ifrplus import HardestPixels, IFRPlusLoss, TaughtFlow
from src.losses.perceptual import PerceptualDistance
from tests.reference_weights import reference_frames, reference_weights
from tests.stored_numbers import assert_stored, stored

LOSS = {"atol": 1e-6, "rtol": 1e-4}
# absolute, at most 2e-3 of the largest; the perceptual one passes through roots of squares that are nearly zero
GRADIENTS = {"pixel": 2e-8, "frequency": 2e-8, "perception": 2e-7}


@pytest.fixture(scope="module", autouse=True)
def graph_mode():
    ms.set_context(mode=ms.GRAPH_MODE)


@pytest.fixture(scope="module")
def numbers():
    return stored("ifrplus_losses.npz")


@pytest.fixture(scope="module")
def perceptual():
    """The perceptual distance with the formula weights of the stored run."""
    distance = PerceptualDistance()
    names = {parameter.name: _published_name(parameter.name) for parameter in distance.get_parameters()}
    shapes = {names[parameter.name]: parameter.shape for parameter in distance.get_parameters()}
    del shapes["weights"]
    weights = reference_weights(shapes)
    weights["weights"] = np.random.RandomState(5).uniform(0, 1, 1472).astype(np.float32)
    for parameter in distance.get_parameters():
        parameter.set_data(Tensor(weights[names[parameter.name]]))
    return distance


def _published_name(name):
    if name == "weights":
        return name
    _, stage, layer, field = name.split(".")
    # the published stages hold a pooling, but for the first, then convolutions and ReLUs by turns
    index = 2 * int(layer) + (int(stage) > 0)
    return f"iqa_loss.model.stage{int(stage) + 1}.{index}.{field}"


def pictures():
    """Return a picture and one that differs from it by a pattern."""
    target, pattern = reference_frames((2, 3, 32, 48), 2, 11)
    return Tensor((target + 0.3 * (pattern - 0.5)).astype(np.float32)), Tensor(target)


def flows_and_teacher():
    """Return flows of four levels, and a teacher's flow of several pixels that is about one pixel from them."""
    random = np.random.RandomState(12)
    teacher = random.normal(0, 3, (2, 4, 32, 48)).astype(np.float32)
    flows = []
    for level in range(4):
        step = 2**level
        error = random.normal(0, 1, (2, 4, 32 >> level, 48 >> level))
        flows.append(Tensor((teacher[:, :, ::step, ::step] / step + error).astype(np.float32)))
    return flows, Tensor(teacher)


class FlowTerm(nn.Cell):
    """The flow term as the published recipe weighs it, of levels given one by one."""

    def __init__(self):
        super().__init__()
        self.taught_flow = TaughtFlow()

    def construct(self, flow1, flow2, flow3, flow4, teacher):
        return 0.00178 * self.taught_flow((flow1, flow2, flow3, flow4), teacher)


class ScaledPerception(nn.Cell):
    """The perceptual term as the published recipe weighs it."""

    def __init__(self, distance):
        super().__init__()
        self.distance = distance

    def construct(self, prediction, target):
        return 0.1 * self.distance(prediction, target)


@pytest.mark.parametrize("index, name", [(0, "pixel"), (1, "frequency"), (2, "perception")])
def test_picture_term_and_its_gradient_equal_the_published_ones(numbers, perceptual, index, name):
    cells = {
        "pixel": HardestPixels,
        "frequency": FrequencyDistance,
        "perception": lambda: ScaledPerception(perceptual),
    }
    value, gradient = ms.value_and_grad(cells[name](), 0)(*pictures())
    np.testing.assert_allclose(float(value.asnumpy()), numbers["terms"][index], **LOSS)
    assert_stored(gradient.asnumpy(), numbers, f"{name}/gradient", absolute=GRADIENTS[name], relative=1e-3)


def test_flow_term_and_its_gradients_equal_the_published_ones(numbers):
    flows, teacher = flows_and_teacher()
    value, gradients = ms.value_and_grad(FlowTerm(), (0, 1, 2, 3))(*flows, teacher)
    np.testing.assert_allclose(float(value.asnumpy()), numbers["terms"][3], **LOSS)
    for level, gradient in enumerate(gradients, 1):
        assert_stored(gradient.asnumpy(), numbers, f"flow/gradient{level}", absolute=1e-9, relative=1e-3)


class Given(nn.Cell):
    """A network whose frame is its first input and whose flows are constants."""

    def __init__(self, flows):
        super().__init__()
        self.flows = flows

    def trace(self, frame0, frame1):
        return frame0, (self.flows[0], self.flows[1], self.flows[2], self.flows[3])


def test_loss_is_the_sum_of_the_four_published_terms(numbers, perceptual):
    prediction, target = pictures()
    flows, teacher = flows_and_teacher()
    objective = IFRPlusLoss(Given(flows), perceptual)
    loss, terms = objective(prediction, prediction, target, teacher)
    assert len(terms) == len(objective.terms)
    np.testing.assert_allclose([float(term.asnumpy()) for term in terms], numbers["terms"], **LOSS)
    np.testing.assert_allclose(float(loss.asnumpy()), numbers["terms"].sum(), **LOSS)


def test_perceptual_weights_are_never_trained(perceptual):
    objective = IFRPlusLoss(nn.Dense(2, 2, weight_init="ones", bias_init="zeros"), perceptual)
    assert {parameter.name for parameter in objective.trainable_params()} == {"network.weight", "network.bias"}

"""TOFlow against the published implementation, on weights and frames made by formula (tests/stored/README.md)."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import nn

from src.losses.toflow import TOFlowLoss
from src.models import count_parameters, create_model
from src.weights.published import official_toflow_name
from tests.models.official_ifrnet import frames, official_shapes
from tests.models.official_toflow import official_network, official_weights
from tests.models.traced import Traced
from tests.stored_numbers import assert_stored, stored

FILES = {"toflow_vfi": "toflow_vfi.npz", "toflow_vsr_x4": "toflow_vsr.npz"}
PICTURE = 2e-5
FLOW = {"absolute": 5e-5, "relative": 1e-5}
LOSS = {"atol": 1e-6, "rtol": 1e-4}
GRADIENT = {"atol": 1e-5, "rtol": 2e-3}


class Enhance(nn.Cell):
    """TOFlow's super-resolution from where its frames are enlarged."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def construct(self, *frames):
        return self.network.enhance(*frames)


@pytest.fixture(scope="module", autouse=True)
def graph_mode():
    ms.set_context(mode=ms.GRAPH_MODE)


@pytest.mark.parametrize("name", FILES)
def test_parameters_have_the_published_names_shapes_and_count(name):
    numbers = stored(FILES[name])
    network = create_model(name)
    ours = {official_toflow_name(parameter.name): tuple(parameter.shape) for parameter in network.get_parameters()}
    assert ours == official_shapes(numbers)
    assert count_parameters(network) == numbers["parameters/count"]


@pytest.mark.parametrize("name", FILES)
def test_formula_weights_are_those_of_the_stored_runs(name):
    numbers = stored(FILES[name])
    deviations = [np.sqrt(np.mean(weight.astype(np.float64) ** 2)) for weight in official_weights(numbers).values()]
    np.testing.assert_allclose(deviations, numbers["parameters/deviations"], rtol=1e-6)


@pytest.mark.parametrize("form", ["portable", "fused"])
def test_interpolated_frame_and_flows_equal_the_published_ones(form):
    numbers = stored(FILES["toflow_vfi"])
    first, _, last = frames((2, 3, 48, 80), 3, 4)
    frame, flow = Traced(official_network("toflow_vfi", form, numbers))(first, last)
    assert_stored(flow.asnumpy(), numbers, "middle/flow", **FLOW)
    assert_stored(frame.asnumpy(), numbers, "middle/frame", PICTURE)


def test_small_frames_are_restored_as_published_after_matlabs_enlargement():
    numbers = stored(FILES["toflow_vsr_x4"])
    frame, flows = Traced(official_network("toflow_vsr_x4", "portable", numbers))(*frames((2, 3, 8, 12), 7, 3))
    assert_flows(flows, numbers, "middle_first/flows")
    assert_stored(frame.asnumpy(), numbers, "middle_first/frame", PICTURE)


def test_enlarged_frames_are_joined_in_the_order_of_time_on_request():
    numbers = stored(FILES["toflow_vsr_x4"])
    network = official_network("toflow_vsr_x4", "fused", numbers, middle_first=False)
    frame, flows = Enhance(network)(*frames((2, 3, 48, 64), 7, 2))
    assert_flows(flows, numbers, "time_order/flows")
    assert_stored(frame.asnumpy(), numbers, "time_order/frame", PICTURE)


def assert_flows(flows, numbers, name):
    assert_stored(np.stack([flow.asnumpy() for flow in flows], 1), numbers, name, **FLOW)


def test_interpolation_loss_and_gradient_of_every_parameter():
    numbers = stored(FILES["toflow_vfi"])
    first, target, last = frames((2, 3, 48, 80), 3, 4)
    assert_training(official_network("toflow_vfi", "portable", numbers), (first, last, target), numbers)


def test_super_resolution_loss_gradient_of_every_parameter_and_running_means():
    numbers = stored(FILES["toflow_vsr_x4"])
    network = official_network("toflow_vsr_x4", "fused", numbers)
    assert_training(network, frames((2, 3, 8, 12), 7, 3) + frames((2, 3, 32, 48), 1, 9), numbers)
    moved = by_published_name(network.get_parameters(), [value.asnumpy() for value in network.get_parameters()])
    # one update a frame; the running variances are left out: MindSpore 2.0 counts n pixels where others count n - 1
    means = np.concatenate([moved[str(name)] for name in numbers["training/mean_names"]])
    np.testing.assert_allclose(means, numbers["training/means"], rtol=1e-5, atol=1e-6)


def assert_training(network, columns, numbers):
    objective = TOFlowLoss(network).set_train()
    parameters = objective.trainable_params()
    step = ms.value_and_grad(objective, None, parameters, has_aux=True)
    (loss, (reconstruction,)), gradients = step(*columns)
    losses = [float(loss.asnumpy()), float(reconstruction.asnumpy())]
    np.testing.assert_allclose(losses, numbers["training/loss"], **LOSS)

    names = [str(name) for name in numbers["training/gradient_names"]]
    ours = by_published_name(parameters, [gradient.asnumpy() for gradient in gradients])
    assert set(ours) == set(names)
    norms = [np.sqrt(np.sum(ours[name].astype(np.float64) ** 2)) for name in names]
    samples = [ours[name].reshape(-1)[np.linspace(0, ours[name].size - 1, 6).astype(int)] for name in names]
    assert min(norms) > 0
    np.testing.assert_allclose(norms, numbers["training/gradient_norms"], **GRADIENT)
    np.testing.assert_allclose(samples, numbers["training/gradient_samples"], **GRADIENT)


def by_published_name(parameters, values):
    names = [official_toflow_name(parameter.name.replace("network.", "", 1)) for parameter in parameters]
    return dict(zip(names, values))

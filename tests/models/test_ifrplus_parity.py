"""IFR+ against mindediting's implementation, on weights and frames made by formula (tests/stored/README.md)."""

import mindspore as ms
import numpy as np
import pytest

from src.models import count_parameters, create_model
from src.weights.published import mindediting_ifrplus_name
from tests.models.official_ifrnet import frames, official_shapes
from tests.models.official_ifrplus import official_network, official_weights
from tests.models.traced import Traced
from tests.stored_numbers import assert_stored, stored

PICTURE = 8e-5  # 5e-5 of the unclipped frame, which spans (-0.8, 1.7) on these weights
FLOW = {"absolute": 5e-4, "relative": 1e-4}


@pytest.fixture(scope="module", autouse=True)
def graph_mode():
    ms.set_context(mode=ms.GRAPH_MODE)


@pytest.fixture(scope="module")
def numbers():
    return stored("ifrplus.npz")


def test_parameters_have_the_published_names_shapes_and_count(numbers):
    network = create_model("ifrplus")
    ours = {mindediting_ifrplus_name(parameter.name): tuple(parameter.shape) for parameter in network.get_parameters()}
    assert ours == official_shapes(numbers)
    assert count_parameters(network) == numbers["parameters/count"] == 29_432_796


def test_formula_weights_are_those_of_the_stored_runs(numbers):
    deviations = [np.sqrt(np.mean(weight.astype(np.float64) ** 2)) for weight in official_weights(numbers).values()]
    np.testing.assert_allclose(deviations, numbers["parameters/deviations"], rtol=1e-6)


def test_frame_and_flows_equal_the_published_ones(numbers):
    frame, flows = Traced(official_network("fused", numbers))(*frames((2, 3, 48, 64), 2, 1))
    for level, flow in enumerate(flows, 1):
        assert_stored(flow.asnumpy(), numbers, f"middle/flow{level}", **FLOW)
    assert_stored(frame.asnumpy(), numbers, "middle/unclipped", PICTURE)


@pytest.mark.slow
def test_clipped_frame_equals_the_published_one_at_half_the_scale_of_motion_and_of_refinement(numbers):
    network = official_network("portable", numbers, flow_scale=0.5, refiner_scale=0.5)
    frame = network(*frames((1, 3, 32, 64), 2, 2))
    assert_stored(frame.asnumpy(), numbers, "scaled/frame", PICTURE)


@pytest.mark.parametrize(
    "scales, multiple", [((1.0, 1.0), 16), ((0.25, 1.0), 64), ((0.125, 0.5), 128), ((1.0, 0.125), 32)]
)
def test_multiple_suits_both_scales(scales, multiple):
    assert create_model("ifrplus", flow_scale=scales[0], refiner_scale=scales[1]).multiple == multiple


def test_scales_that_fit_no_size_are_refused():
    with pytest.raises(ValueError, match="0.3337"):
        create_model("ifrplus", flow_scale=0.3337)

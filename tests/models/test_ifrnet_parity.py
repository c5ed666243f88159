"""IFRNet against the official implementation, on weights and frames made by formula (tests/stored/README.md)."""

import numpy as np
import pytest
from mindspore import nn

from src.models import count_parameters, create_model
from src.weights.published import official_ifrnet_name
from tests.models.official_ifrnet import FILES, frames, official_network, official_shapes, official_weights, times
from tests.stored_numbers import assert_stored, stored

PICTURE = 2e-5
FLOW = {"absolute": 1e-4, "relative": 1e-4}


class Trace(nn.Cell):
    """Frame and flows, finest flow first, out of one compiled graph."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def construct(self, first, last, time):
        frame, flows, _, _ = self.network.trace(first, last, time)
        return frame, flows[0], flows[1], flows[2], flows[3]


@pytest.fixture(
    scope="module",
    params=[("ifrnet_s", "portable"), ("ifrnet_s", "fused"), ("ifrnet", "default"), ("ifrnet_l", "fused")],
    ids="-".join,
)
def traced(request):
    """One network in one form, compiled for one size, with the numbers it has to meet."""
    name, form = request.param
    numbers = stored(FILES[name])
    return Trace(official_network(name, form, numbers)), numbers


@pytest.mark.parametrize("name", FILES)
def test_parameters_have_the_published_names_shapes_and_count(name):
    numbers = stored(FILES[name])
    network = create_model(name)
    ours = {official_ifrnet_name(parameter.name): tuple(parameter.shape) for parameter in network.get_parameters()}
    assert ours == official_shapes(numbers)
    assert count_parameters(network) == numbers["parameters/count"]


@pytest.mark.parametrize("name", FILES)
def test_formula_weights_are_those_of_the_stored_runs(name):
    numbers = stored(FILES[name])
    deviations = [np.sqrt(np.mean(weight.astype(np.float64) ** 2)) for weight in official_weights(numbers).values()]
    np.testing.assert_allclose(deviations, numbers["parameters/deviations"], rtol=1e-6)


def test_frame_and_flows_equal_the_official_ones(traced):
    network, numbers = traced
    frame, *flows = network(*frames((2, 3, 64, 96), 2, 1), times(0.5, 0.5))
    for level, flow in enumerate(flows, 1):
        assert_stored(flow.asnumpy(), numbers, f"middle/flow{level}", **FLOW)
    assert_stored(frame.asnumpy(), numbers, "middle/frame", PICTURE)


def test_each_sample_is_interpolated_at_its_own_time(traced):
    network, numbers = traced
    frame = network(*frames((2, 3, 64, 96), 2, 1), times(0.3, 0.8))[0]
    assert_stored(frame.asnumpy(), numbers, "times/frame", PICTURE)


def test_motion_is_estimated_at_half_size():
    numbers = stored(FILES["ifrnet_s"])
    network = official_network("ifrnet_s", "portable", numbers, flow_scale=0.5)
    frame = network(*frames((2, 3, 64, 96), 2, 1), times(0.5, 0.5))
    assert_stored(frame.asnumpy(), numbers, "half/frame", PICTURE)


def test_motion_is_estimated_at_eight_tenths_of_the_size():
    numbers = stored(FILES["ifrnet"])
    network = official_network("ifrnet", "fused", numbers, flow_scale=0.8)
    frame = network(*frames((1, 3, 80, 100), 2, 2), times(0.5))
    assert_stored(frame.asnumpy(), numbers, "eight_tenths/frame", PICTURE)


def test_seven_frames_come_from_one_batch():
    numbers = stored(FILES["ifrnet_s"])
    network = official_network("ifrnet_s", "portable", numbers)
    frame = network(*frames((1, 3, 64, 96), 2, 3, repeats=7), times(*(step / 8 for step in range(1, 8))))
    assert_stored(frame.asnumpy(), numbers, "eight_times/frame", PICTURE)

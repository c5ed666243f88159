"""SPyNet against the published implementations, on weights and frames made by formula (tests/stored/README.md)."""

import mindspore as ms
import numpy as np
import pytest

from src.models import count_parameters, create_model
from src.weights.published import official_toflow_name
from tests.models.official_ifrnet import frames, official_shapes
from tests.models.official_toflow import official_network, official_weights, variant_numbers
from tests.models.traced import Traced
from tests.stored_numbers import assert_stored, stored

FLOW = {"absolute": 5e-5, "relative": 1e-5}
SIZES = {"spynet": (48, 80), "spynet_bn": (48, 80), "spynet_6": (64, 96)}


@pytest.fixture(scope="module", autouse=True)
def graph_mode():
    ms.set_context(mode=ms.GRAPH_MODE)


@pytest.fixture(scope="module")
def numbers():
    return stored("toflow_spynet.npz")


@pytest.mark.parametrize("variant", SIZES)
def test_parameters_have_the_published_names_shapes_and_count(numbers, variant):
    numbers = variant_numbers(numbers, variant)
    network = create_model(variant)
    ours = {official_toflow_name(parameter.name): tuple(parameter.shape) for parameter in network.get_parameters()}
    assert ours == official_shapes(numbers)
    assert count_parameters(network) == numbers["parameters/count"]


@pytest.mark.parametrize("variant", SIZES)
def test_formula_weights_are_those_of_the_stored_runs(numbers, variant):
    numbers = variant_numbers(numbers, variant)
    deviations = [np.sqrt(np.mean(weight.astype(np.float64) ** 2)) for weight in official_weights(numbers).values()]
    np.testing.assert_allclose(deviations, numbers["parameters/deviations"], rtol=1e-6)


@pytest.mark.parametrize("form", ["portable", "fused"])
@pytest.mark.parametrize("variant", SIZES)
def test_flow_of_every_level_equals_the_published_one(numbers, variant, form):
    numbers = variant_numbers(numbers, variant)
    network = official_network(variant, form, numbers)
    flows = Traced(network)(*frames((2, 3, *SIZES[variant]), 2, 1))
    assert len(flows) == network.level_count
    for level, flow in enumerate(flows, 1):
        assert_stored(flow.asnumpy(), numbers, f"flow{level}", **FLOW)

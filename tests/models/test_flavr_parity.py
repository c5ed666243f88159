"""FLAVR against the official implementation and MMagic's, on weights and frames made by formula."""

import mindspore as ms
import numpy as np
import pytest

from src.models import count_parameters, create_model
from src.weights.published import mmagic_flavr_name, official_flavr_name
from tests.models.official_flavr import frames, official_network, official_weights, published_shapes
from tests.stored_numbers import assert_stored, stored

NAMES = ("flavr_2x", "flavr_4x", "flavr_8x")
PICTURE = 5e-6


@pytest.fixture(scope="module", autouse=True)
def graph_mode():
    ms.set_context(mode=ms.GRAPH_MODE)


@pytest.mark.parametrize("name", NAMES)
def test_parameters_have_the_published_names_shapes_and_count(name):
    numbers = stored(f"{name}.npz")
    network = create_model(name)
    shapes = {parameter.name: tuple(parameter.shape) for parameter in network.get_parameters()}
    assert {official_flavr_name(ours): shape for ours, shape in shapes.items()} == published_shapes(numbers)
    assert {mmagic_flavr_name(ours): shape for ours, shape in shapes.items()} == published_shapes(numbers, "mmagic_")
    assert count_parameters(network) == numbers["parameters/count"]


@pytest.mark.parametrize("name", NAMES)
def test_formula_weights_are_those_of_the_stored_runs(name):
    deviations = [np.sqrt(np.mean(weight.astype(np.float64) ** 2)) for weight in official_weights(name).values()]
    np.testing.assert_allclose(deviations, stored(f"{name}.npz")["parameters/deviations"], rtol=1e-6)


@pytest.mark.parametrize(
    "name, form",
    [
        ("flavr_8x", "portable"),
        ("flavr_8x", "fused"),
        ("flavr_4x", "default"),
        ("flavr_2x", "portable"),
        ("flavr_2x", "fused"),
    ],
)
def test_frames_equal_the_official_ones(name, form):
    network = official_network(name, form)
    output = network(*frames((2, 3, 40, 24), 4, 21))
    assert_stored(output.asnumpy(), stored(f"{name}.npz"), "frames", PICTURE)

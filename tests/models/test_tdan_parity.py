"""TDAN against MMagic's implementation, on weights and frames made by formula (tests/stored/README.md)."""

import mindspore as ms
import numpy as np
import pytest

from src.models import count_parameters, create_model
from src.weights.published import authors_tdan_name, official_tdan_name
from tests.models.official_ifrnet import frames, official_shapes
from tests.models.official_tdan import official_network, official_weights
from tests.models.traced import Traced
from tests.stored_numbers import assert_stored, stored

PICTURE = 2e-5


@pytest.fixture(scope="module", autouse=True)
def graph_mode():
    ms.set_context(mode=ms.GRAPH_MODE)


@pytest.fixture(scope="module")
def numbers():
    return stored("tdan.npz")


def test_parameters_have_the_published_names_shapes_and_count(numbers):
    network = create_model("tdan_x4")
    ours = {official_tdan_name(parameter.name): tuple(parameter.shape) for parameter in network.get_parameters()}
    assert ours == official_shapes(numbers)
    assert count_parameters(network) == numbers["parameters/count"] == 1_970_819


def test_the_authors_names_differ_from_each_other_and_from_ours():
    names = [parameter.name for parameter in create_model("tdan_x4").get_parameters()]
    authors = {authors_tdan_name(name) for name in names}
    assert len(authors) == len(names)
    assert {name.split(".")[0] for name in authors} == {
        "conv_first", "residual_layer", "cr", "off2d_1", "dconv_1", "off2d_2", "deconv_2", "off2d_3", "deconv_3",
        "off2d", "dconv", "recon_lr", "fea_ex", "recon_layer", "up",
    }  # fmt: skip


def test_formula_weights_are_those_of_the_stored_runs(numbers):
    deviations = [np.sqrt(np.mean(weight.astype(np.float64) ** 2)) for weight in official_weights(numbers).values()]
    np.testing.assert_allclose(deviations, numbers["parameters/deviations"], rtol=1e-6)


@pytest.mark.parametrize("form", ["portable", "fused"])
def test_frame_and_aligned_frames_equal_the_published_ones_at_an_odd_size(numbers, form):
    frame, aligned = Traced(official_network(form, numbers))(*frames((2, 3, 21, 30), 5, 1))
    assert_stored(aligned.asnumpy(), numbers, "five/aligned", PICTURE)
    assert_stored(frame.asnumpy(), numbers, "five/frame", PICTURE)

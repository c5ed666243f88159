"""TDAN's training objective against MMagic's, with the gradient of every parameter."""

import mindspore as ms
import numpy as np
import pytest

from src.losses.tdan import TDANLoss
from src.weights.published import official_tdan_name
from tests.models.official_ifrnet import frames
from tests.models.official_tdan import official_network
from tests.stored_numbers import stored

LOSS = {"atol": 1e-6, "rtol": 1e-4}
GRADIENT = {"atol": 1e-6, "rtol": 2e-3}


@pytest.mark.parametrize("form", ["portable", "fused"])
def test_losses_and_gradient_of_every_parameter_equal_the_published_ones(form):
    ms.set_context(mode=ms.GRAPH_MODE)
    numbers = stored("tdan.npz")
    objective = TDANLoss(official_network(form, numbers))
    parameters = objective.trainable_params()
    step = ms.value_and_grad(objective, None, parameters, has_aux=True)
    (loss, terms), gradients = step(*frames((2, 3, 16, 20), 5, 2), *frames((2, 3, 64, 80), 1, 3))

    assert len(terms) == len(objective.terms)
    np.testing.assert_allclose([float(term.asnumpy()) for term in terms], numbers["training/losses"], **LOSS)
    np.testing.assert_allclose(float(loss.asnumpy()), numbers["training/losses"].sum(), **LOSS)

    names = [str(name) for name in numbers["parameters/names"]]
    ours = {
        official_tdan_name(parameter.name.replace("network.", "", 1)): gradient.asnumpy()
        for parameter, gradient in zip(parameters, gradients)
    }
    assert set(ours) == set(names)
    norms = [np.sqrt(np.sum(ours[name].astype(np.float64) ** 2)) for name in names]
    samples = [ours[name].reshape(-1)[np.linspace(0, ours[name].size - 1, 6).astype(int)] for name in names]
    assert min(norms) > 0
    np.testing.assert_allclose(norms, numbers["training/gradient_norms"], **GRADIENT)
    np.testing.assert_allclose(samples, numbers["training/gradient_samples"], **GRADIENT)

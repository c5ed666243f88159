"""IFRNet's losses against the official implementation: each alone, and all behind the network with gradients."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from src.losses.census import CensusDistance
from src.losses.ifrnet import IFRNetLoss
from src.losses.pixel import AdaptiveCharbonnier, Charbonnier
from src.weights.published import official_ifrnet_name
from tests.models.official_ifrnet import FILES, FORMS, frames, official_network, times
from tests.reference_weights import reference_frames
from tests.stored_numbers import assert_stored, stored

LOSS = {"atol": 1e-6, "rtol": 1e-4}
GRADIENT = {"atol": 1e-5, "rtol": 2e-3}


@pytest.fixture(scope="module")
def alone():
    return stored("ifrnet_losses.npz")


def perturbed(seed, shape, draw, deviation):
    random = np.random.RandomState(seed)
    first = draw(random, shape).astype(np.float32)
    second = (first + random.normal(0, deviation, shape)).astype(np.float32)
    return Tensor(first), Tensor(second)


def assert_value_and_gradient(numbers, name, value, gradient):
    np.testing.assert_allclose(value.asnumpy(), numbers[f"{name}/value"], **LOSS)
    scale = float(np.abs(numbers[f"{name}/gradient/values"]).max())
    assert_stored(gradient.asnumpy(), numbers, f"{name}/gradient", absolute=1e-4 * scale, relative=1e-4)


def test_charbonnier_value_and_gradient(alone):
    x, y = perturbed(6, (2, 3, 33, 47), lambda random, shape: random.uniform(0, 1, shape), 0.2)
    value, gradient = ms.value_and_grad(Charbonnier(), 0)(x, y)
    assert_value_and_gradient(alone, "charbonnier", value, gradient)


def test_census_value_and_gradient_on_the_channel_mean(alone):
    x, y = perturbed(6, (2, 3, 33, 47), lambda random, shape: random.uniform(0, 1, shape), 0.2)
    x, y = (Tensor(picture.asnumpy().mean(1, keepdims=True)) for picture in (x, y))
    value, gradient = ms.value_and_grad(CensusDistance(3), 0)(x, y)
    # the official loss takes the mean itself: each channel gets a third
    assert_value_and_gradient(alone, "census", value, Tensor(np.repeat(gradient.asnumpy() / 3, 3, 1)))


def test_geometry_value_and_gradients_towards_both_features(alone):
    x, y = perturbed(7, (2, 24, 17, 19), lambda random, shape: random.normal(0, 1, shape), 0.5)
    value, (gradient, gradient_target) = ms.value_and_grad(CensusDistance(1), (0, 1))(x, y)
    assert_value_and_gradient(alone, "geometry", value, gradient)
    scale = float(np.abs(alone["geometry/gradient_target/values"]).max())
    assert_stored(gradient_target.asnumpy(), alone, "geometry/gradient_target", 1e-4 * scale, 1e-4)


def test_adaptive_charbonnier_value_and_gradient(alone):
    random = np.random.RandomState(8)
    difference = Tensor(random.normal(0, 2, (2, 2, 32, 48)).astype(np.float32))
    weight = Tensor(random.uniform(0.01, 1, (2, 1, 32, 48)).astype(np.float32))
    value, gradient = ms.value_and_grad(AdaptiveCharbonnier(), 0)(difference, weight)
    assert_value_and_gradient(alone, "adaptive_charbonnier", value, gradient)


def training_batch():
    first, target, last = frames((2, 3, 64, 96), 3, 4)
    flow = 16 * (reference_frames((2, 4, 64, 96), 1, 5)[0] - 0.5)
    return first, last, times(0.3, 0.8), target, Tensor(flow)


def official_loss(name, form, numbers, **options):
    network = official_network(name, form, numbers)
    with FORMS[form]():
        return IFRNetLoss(network, **options)


def assert_terms(loss, terms, numbers, case):
    reconstruction, census, geometry, distillation = (float(term.asnumpy()) for term in terms)
    _, expected_geometry, expected_distillation = numbers[f"{case}/losses"]
    np.testing.assert_allclose([reconstruction, census], numbers[f"{case}/reconstruction"], **LOSS)
    np.testing.assert_allclose(geometry, expected_geometry, **LOSS)
    np.testing.assert_allclose(distillation, expected_distillation, **LOSS)
    np.testing.assert_allclose(float(loss.asnumpy()), numbers[f"{case}/losses"].sum(), **LOSS)


@pytest.mark.parametrize(
    "name, form, case, options",
    [
        ("ifrnet", "fused", "training", {}),
        ("ifrnet_s", "fused", "training_without_flow", {"distillation_weight": 0.0}),
    ],
)
def test_training_losses_with_and_without_a_given_flow(name, form, case, options):
    numbers = stored(FILES[name])
    loss, terms = official_loss(name, form, numbers, **options)(*training_batch())
    assert_terms(loss, terms, numbers, case)


@pytest.mark.parametrize(
    "form, geometry_weight, stored_gradient",
    [
        pytest.param("portable", 0.01, "training/gradient", marks=pytest.mark.slow),
        ("default", 0.01, "training/gradient"),
        ("fused", 1.0, "training/gradient_of_heavy_geometry"),
    ],
)
def test_gradient_of_every_parameter(form, geometry_weight, stored_gradient):
    numbers = stored(FILES["ifrnet_s"])
    objective = official_loss("ifrnet_s", form, numbers, geometry_weight=geometry_weight)
    parameters = objective.trainable_params()
    step = ms.value_and_grad(objective, None, parameters, has_aux=True)
    _, gradients = step(*training_batch())

    names = [str(name) for name in numbers["parameters/names"]]
    ours = {
        official_ifrnet_name(parameter.name.replace("network.", "", 1)): gradient.asnumpy()
        for parameter, gradient in zip(parameters, gradients)
    }
    assert set(ours) == set(names)
    norms = [np.sqrt(np.sum(ours[name].astype(np.float64) ** 2)) for name in names]
    samples = [ours[name].reshape(-1)[np.linspace(0, ours[name].size - 1, 6).astype(int)] for name in names]
    np.testing.assert_allclose(norms, numbers[f"{stored_gradient}_norms"], **GRADIENT)
    np.testing.assert_allclose(samples, numbers[f"{stored_gradient}_samples"], **GRADIENT)

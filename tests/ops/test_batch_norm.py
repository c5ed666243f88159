"""Batch normalisation and ReLU in both ways of training, and outside of it, against NumPy."""

import mindspore
import numpy as np
import pytest
from mindspore import Tensor

from src.ops.batch_norm import BatchNormReLU
from tests.ops.cases import ALL_FORMS, REQUESTS, Case, assert_gradients, assert_values, measure

RANDOM = np.random.default_rng(0)
GAMMA, BETA = np.array([0.5, -2.0, 1.5], np.float32), np.array([0.3, 0.2, -0.6], np.float32)


def _statistics(x):
    return x.mean((0, 2, 3)), x.var((0, 2, 3))


def _normalised(x, mean, variance, gamma, beta):
    mean, variance, gamma, beta = (each.reshape(1, -1, 1, 1) for each in (mean, variance, gamma, beta))
    return np.maximum(0, gamma * (x - mean) / np.sqrt(variance + 1e-5) + beta)


def _trained(x, mean, variance, gamma, beta):
    return _normalised(x, *_statistics(x), gamma, beta)


def _case(*shape):
    x = (3 * RANDOM.normal(size=shape) + 2).astype(np.float32)
    moving = (np.zeros(shape[1], np.float32), np.ones(shape[1], np.float32))
    parameters = (*moving, GAMMA[: shape[1]], BETA[: shape[1]])
    # of the moving statistics nothing depends, and no gradient is asked
    return Case(lambda: BatchNormReLU(shape[1]).set_train(), _trained, (x,), parameters, kinks=(1, 2))


def _held(*shape):
    x = (3 * RANDOM.normal(size=shape) + 2).astype(np.float32)
    moving = np.array([1.5, 2.5, 1.0], np.float32), np.array([4.0, 9.0, 6.0], np.float32)

    def build():
        operator = BatchNormReLU(shape[1]).set_train()
        operator.use_batch_statistics = False
        return operator

    return Case(build, _normalised, (x,), (*moving, GAMMA, BETA), kinks=(1, 2))


CASES = {
    "odd_size_and_batch": _case(2, 3, 3, 5),
    "one_channel": _case(3, 1, 5, 2),
    "held_statistics": _held(2, 3, 3, 5),
    "held_statistics_of_one_pixel": _held(3, 3, 1, 1),
}


@pytest.fixture(scope="module")
def measured():
    return measure(CASES, ALL_FORMS)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", ALL_FORMS)
def test_training_normalises_by_the_batch_or_by_held_statistics(measured, form, name):
    assert_values(CASES[name], measured[form, name])


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", ALL_FORMS)
def test_gradients_by_input_gamma_and_beta(measured, form, name):
    assert_gradients(CASES[name], measured[form, name])


@pytest.mark.parametrize("form", ALL_FORMS)
def test_moving_statistics_go_a_tenth_of_the_way_and_stand_in_outside_of_training(form):
    x = RANDOM.normal(loc=1.0, scale=2.0, size=(2, 3, 4, 5)).astype(np.float32)
    with REQUESTS[form]():
        operator = BatchNormReLU(3)
    for parameter, value in ((operator.gamma, GAMMA), (operator.beta, BETA)):
        parameter.set_data(Tensor(value))
    operator.set_train()
    operator(Tensor(x)).asnumpy()
    mean, variance = _statistics(x.astype(np.float64))
    unbiased = 1 if form != "compiled" and mindspore.__version__ == "2.0.0" else 40 / 39
    moved = 0.1 * mean, 0.9 + 0.1 * variance * unbiased
    np.testing.assert_allclose(operator.moving_mean.asnumpy(), moved[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(operator.moving_variance.asnumpy(), moved[1], rtol=1e-5)
    operator.set_train(False)
    np.testing.assert_allclose(operator(Tensor(x)).asnumpy(), _normalised(x, *moved, GAMMA, BETA), rtol=1e-5, atol=1e-5)

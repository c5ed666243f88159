"""GELU in both forms against the error function of Python's library."""

import math

import numpy as np
import pytest

from src.ops.gelu import GaussianErrorUnit
from tests.ops.cases import FORMS, Case, assert_gradients, assert_values, measure

RANDOM = np.random.default_rng(0)
ERF = np.vectorize(math.erf)


def _gelu(x):
    return 0.5 * x * (1 + ERF(x / math.sqrt(2)))


def _case(x):
    return Case(GaussianErrorUnit, _gelu, (x.astype(np.float32),))


CASES = {"batch": _case(2 * RANDOM.normal(size=(2, 3, 3, 5))), "far_from_zero": _case(np.linspace(-12, 12, 51))}


@pytest.fixture(scope="module")
def measured():
    return measure(CASES)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", FORMS)
def test_gelu_weighs_by_the_normal_distribution(measured, form, name):
    assert_values(CASES[name], measured[form, name])


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", FORMS)
def test_gelu_gradient(measured, form, name):
    assert_gradients(CASES[name], measured[form, name])

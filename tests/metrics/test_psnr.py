"""PSNR against its closed form."""

import math

import numpy as np
import pytest

from src.metrics.psnr import psnr


def test_a_constant_error_has_a_closed_form():
    truth = np.full((3, 7, 5), 0.5, np.float32)
    assert psnr(truth + np.float32(0.25), truth) == pytest.approx(-20 * math.log10(0.25), abs=1e-6)


def test_the_error_is_averaged_before_the_logarithm():
    truth = np.zeros((3, 2, 2), np.float32)
    prediction = np.zeros_like(truth)
    prediction[0, 0, 0] = 1.0
    assert psnr(prediction, truth) == pytest.approx(10 * math.log10(12), abs=1e-9)


def test_equal_pictures_are_infinitely_good():
    assert psnr(np.ones((3, 2, 2)), np.ones((3, 2, 2))) == math.inf

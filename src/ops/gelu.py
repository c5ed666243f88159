"""Gaussian error linear unit."""

import math

from mindspore import nn, ops

from src.ops.backend import PORTABLE, form_of

_INVERSE_ROOT_TWO = 1.0 / math.sqrt(2.0)
# Abramowitz and Stegun, "Handbook of Mathematical Functions", 7.1.26: erf to 1.5e-7 by a polynomial in 1 / (1 + p x).
_P = 0.3275911
_POLYNOMIAL = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)


class GaussianErrorUnit(nn.Cell):
    """x times the normal distribution function of x, by erf: not the usual approximation by tanh.

    Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016. The portable form has no erf; it differs by at most
    1e-7 times the largest |x|.
    """

    def __init__(self):
        super().__init__()
        self.portable = form_of("gelu") == PORTABLE

    def construct(self, x):
        if not self.portable:
            return 0.5 * x * (1.0 + ops.erf(x * _INVERSE_ROOT_TWO))
        # x erf(x) is even: what is left to find is erf of positive values
        size = ops.maximum(x, -x)
        place = 1.0 / (size * (_P * _INVERSE_ROOT_TWO) + 1.0)
        polynomial = place * _POLYNOMIAL[4]
        for factor in (_POLYNOMIAL[3], _POLYNOMIAL[2], _POLYNOMIAL[1], _POLYNOMIAL[0]):
            polynomial = (polynomial + factor) * place
        return 0.5 * (x + size * (1.0 - polynomial * ops.exp(-0.5 * x * x)))

"""Losses on the difference of pixels or flows."""

import math

from mindspore import nn, ops

# 10^(2x / 3) = exp(x * this). A constant of the module: MindSpore 2.0 compiles math.log to something else.
_SQUARED_DECADE_THIRDS = 2.0 * math.log(10.0) / 3.0


class Charbonnier(nn.Cell):
    """Mean of sqrt(d^2 + epsilon^2) over every value of the difference (B, C, H, W).

    Charbonnier et al., "Two deterministic half-quadratic regularization algorithms", ICIP 1994; IFRNet, section 3.3.
    """

    def __init__(self, epsilon: float = 1e-3):
        super().__init__()
        self.epsilon_squared = epsilon * epsilon

    def construct(self, prediction, target):
        return ops.sqrt(ops.square(prediction - target) + self.epsilon_squared).mean()


class AdaptiveCharbonnier(nn.Cell):
    """Charbonnier loss whose shape follows a weight in (0, 1] for every pixel: robust where the weight is small.

    difference: (B, 2, H, W); weight: (B, 1, H, W). With weight w the exponent is w / 2 and epsilon is
    10^(-(10 w - 1) / 3), so that w = 1 is nearly L1 and small weights flatten the loss (IFRNet, section 3.3, the
    task-oriented flow distillation).
    """

    def construct(self, difference, weight):
        # powers as exp(exponent * log(base)): Pow is many times slower on CPU
        epsilon_squared = ops.exp((1.0 - 10.0 * weight) * _SQUARED_DECADE_THIRDS)
        return ops.exp(0.5 * weight * ops.log(difference * difference + epsilon_squared)).mean()

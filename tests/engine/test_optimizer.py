"""AdamW and the cosine rate against their formulas in NumPy."""

import numpy as np
import pytest
from mindspore import Parameter, ParameterTuple, Tensor, nn

from src.engine.optimizer import AdamW, CosineRate

STEPS = 5


class Apply(nn.Cell):
    """Feeds given gradients to an optimizer, in graph mode."""

    def __init__(self, optimizer):
        super().__init__(auto_prefix=False)
        self.optimizer = optimizer

    def construct(self, first, second):
        return self.optimizer((first, second))


def adamw_in_numpy(value, gradients, rates, decay):
    """Loshchilov and Hutter, algorithm 2, with bias correction."""
    value = value.astype(np.float64)
    first, second = np.zeros_like(value), np.zeros_like(value)
    for step, (gradient, rate) in enumerate(zip(gradients, rates), 1):
        value = value * (1 - rate * decay)
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient.astype(np.float64) ** 2
        corrected = np.sqrt(second / (1 - 0.999**step)) + 1e-8
        value = value - rate * (first / (1 - 0.9**step)) / corrected
    return value


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_adamw_follows_its_definition_under_a_falling_rate(decay):
    random = np.random.RandomState(5)
    values = [random.randn(3, 4).astype(np.float32), random.randn(5).astype(np.float32)]
    # tiny gradients too, where epsilon counts
    gradients = [[random.randn(*value.shape).astype(np.float32) * scale for value, scale in zip(values, (1, 1e-8))]
                 for _ in range(STEPS)]
    parameters = ParameterTuple([Parameter(Tensor(value), name=f"p{i}") for i, value in enumerate(values)])
    apply = Apply(AdamW(parameters, CosineRate(0.01, 0.001, STEPS), decay))
    for each in gradients:
        apply(*(Tensor(gradient) for gradient in each))
    rates = [0.001 + 0.009 * 0.5 * (1 + np.cos(np.pi * step / STEPS)) for step in range(STEPS)]
    for index, value in enumerate(values):
        expected = adamw_in_numpy(value, [each[index] for each in gradients], rates, decay)
        np.testing.assert_allclose(parameters[index].asnumpy(), expected, rtol=2e-5, atol=1e-7)


def test_the_rate_rises_then_falls_along_a_cosine():
    rate = CosineRate(0.4, 0.1, 100, warmup=10)
    for step, expected in ((0, 0.04), (4, 0.5 * (0.1 + 0.15 * (1 + np.cos(0.04 * np.pi)))), (50, 0.25), (100, 0.1)):
        assert float(rate(Tensor(step)).asnumpy()) == pytest.approx(expected, rel=1e-5)

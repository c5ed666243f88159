"""Adam and AdamW against their formulas in NumPy."""

import numpy as np
import pytest
from mindspore import Parameter, ParameterTuple, Tensor, nn

from src.config import Recipe
from src.engine.optimizer import Adam, AdamW, create_optimizer
from src.engine.schedule import CosineRate

STEPS = 5


class Apply(nn.Cell):
    """Feeds given gradients to an optimizer, in graph mode."""

    def __init__(self, optimizer):
        super().__init__(auto_prefix=False)
        self.optimizer = optimizer

    def construct(self, first, second):
        return self.optimizer((first, second))


def adam_in_numpy(value, gradients, rates, decay, beta1, beta2, decoupled):
    """Kingma and Ba, algorithm 1, and Loshchilov and Hutter, algorithm 2."""
    value = value.astype(np.float64)
    first, second = np.zeros_like(value), np.zeros_like(value)
    for step, (gradient, rate) in enumerate(zip(gradients, rates), 1):
        gradient = gradient.astype(np.float64)
        if decoupled:
            value = value * (1 - rate * decay)
        else:
            gradient = gradient + decay * value
        first = beta1 * first + (1 - beta1) * gradient
        second = beta2 * second + (1 - beta2) * gradient**2
        corrected = np.sqrt(second / (1 - beta2**step)) + 1e-8
        value = value - rate * (first / (1 - beta1**step)) / corrected
    return value


def steps_of(optimizer_class, decay, betas, factors=(1.0,) * STEPS):
    """Take STEPS steps; return the parameters, their start, the gradients and the rates."""
    random = np.random.RandomState(5)
    values = [random.randn(3, 4).astype(np.float32), random.randn(5).astype(np.float32)]
    # tiny gradients too, where epsilon counts
    gradients = [[random.randn(*value.shape).astype(np.float32) * scale for value, scale in zip(values, (1, 1e-8))]
                 for _ in range(STEPS)]
    parameters = ParameterTuple([Parameter(Tensor(value), name=f"p{i}") for i, value in enumerate(values)])
    optimizer = optimizer_class(parameters, CosineRate(0.01, 0.001, STEPS), decay, betas)
    apply = Apply(optimizer)
    for each, factor in zip(gradients, factors):
        optimizer.set_rate_factor(factor)
        apply(*(Tensor(gradient) for gradient in each))
    rates = [0.001 + 0.009 * 0.5 * (1 + np.cos(np.pi * step / STEPS)) for step in range(STEPS)]
    return parameters, values, gradients, np.array(rates) * factors


@pytest.mark.parametrize(
    ("optimizer_class", "decay", "betas"),
    [(AdamW, 0.0, (0.9, 0.999)), (AdamW, 0.1, (0.9, 0.999)), (Adam, 0.0, (0.9, 0.99)), (Adam, 0.1, (0.9, 0.99))],
)
def test_both_forms_follow_their_definition_under_a_falling_rate(optimizer_class, decay, betas):
    parameters, values, gradients, rates = steps_of(optimizer_class, decay, betas)
    for index, value in enumerate(values):
        each = [gradient[index] for gradient in gradients]
        expected = adam_in_numpy(value, each, rates, decay, *betas, optimizer_class is AdamW)
        np.testing.assert_allclose(parameters[index].asnumpy(), expected, rtol=2e-5, atol=1e-7)


def test_the_factor_of_the_rate_counts_from_the_next_step_on():
    factors = (1.0, 1.0, 0.5, 0.5, 0.25)
    parameters, values, gradients, rates = steps_of(AdamW, 0.1, (0.9, 0.999), factors)
    expected = adam_in_numpy(values[0], [gradient[0] for gradient in gradients], rates, 0.1, 0.9, 0.999, True)
    np.testing.assert_allclose(parameters[0].asnumpy(), expected, rtol=2e-5, atol=1e-7)


def test_a_recipe_names_the_form_and_its_numbers():
    parameters = ParameterTuple([Parameter(Tensor(np.ones(3, np.float32)), name="p")])
    recipe = Recipe(optimizer="adam", beta1=0.8, beta2=0.99, weight_decay=1e-4, rate=0.1, rate_end=0.0)
    optimizer = create_optimizer(parameters, recipe, steps=10, steps_per_epoch=5)
    assert type(optimizer) is Adam
    assert (optimizer.beta1, optimizer.beta2, optimizer.decay) == (0.8, 0.99, 1e-4)
    assert float(optimizer.learning_rate(Tensor(5)).asnumpy()) == pytest.approx(0.05)
    assert type(create_optimizer(parameters, Recipe(), 10, 5)) is AdamW

"""A training step does what its formulas say: scaled, accumulated, clipped, averaged, or left out."""

import numpy as np
import pytest
from mindspore import Tensor, nn, ops

from src.engine.optimizer import AdamW
from src.engine.schedule import SteppedRate
from src.engine.step import FIRST_SCALE, TrainStep

RATE = 0.1


class Plane(nn.Cell):
    """The mean squared error of x @ weight, and half of it as a second term."""

    def __init__(self, weight):
        super().__init__()
        self.inner = nn.Dense(3, 2, has_bias=False, weight_init=Tensor(weight))

    def construct(self, x, target):
        loss = ops.square(self.inner(x) - target).mean()
        return loss, (loss, 0.5 * loss)


class Steepest(nn.Optimizer):
    """weight - rate * gradient, so that a step shows the gradient it was given."""

    def __init__(self, parameters):
        super().__init__(RATE, parameters)

    def construct(self, gradients):
        return ops.assign(self._parameters[0], self._parameters[0] - RATE * gradients[0])


def problem(seed=0, batch=6):
    rng = np.random.default_rng(seed)
    return tuple(rng.normal(size=size).astype(np.float32) for size in ((2, 3), (batch, 3), (batch, 2)))


def gradient_of(weight, x, target):
    return 2 * (x @ weight.T - target).T @ x / target.size


def made(weight, **options):
    plane = Plane(weight)
    optimizer = Steepest(plane.trainable_params())
    return plane.inner.weight, TrainStep(plane, optimizer, **options).set_train()


def test_a_step_returns_loss_terms_and_squared_gradient_norms():
    weight, x, target = problem()
    parameter, step = made(weight)
    values, squares, applied = step(Tensor(x), Tensor(target))
    loss, gradient = np.square(x @ weight.T - target).mean(), gradient_of(weight, x, target)
    np.testing.assert_allclose(values.asnumpy(), [loss, loss, loss / 2, 0], rtol=1e-5)
    np.testing.assert_allclose(squares.asnumpy(), [np.square(gradient).sum()], rtol=1e-5)
    assert bool(applied.asnumpy())
    np.testing.assert_allclose(parameter.asnumpy(), weight - RATE * gradient, atol=1e-6)


@pytest.mark.parametrize("limit", [0.05, 100.0])
def test_clipping_shortens_the_gradient_to_the_limit_and_leaves_a_shorter_one(limit):
    weight, x, target = problem()
    parameter, step = made(weight, clip_norm=limit)
    step(Tensor(x), Tensor(target))
    gradient = gradient_of(weight, x, target)
    kept = min(limit / np.linalg.norm(gradient), 1)
    np.testing.assert_allclose(parameter.asnumpy(), weight - RATE * kept * gradient, atol=1e-6)


def test_accumulated_batches_are_one_larger_batch():
    weight, x, target = problem(batch=9)
    parameter, step = made(weight, accumulation=3)
    for first in (0, 3, 6):
        np.testing.assert_array_equal(parameter.asnumpy(), weight)
        _, _, applied = step(Tensor(x[first : first + 3]), Tensor(target[first : first + 3]))
        assert bool(applied.asnumpy()) == (first == 6)
    after = weight - RATE * gradient_of(weight, x, target)
    np.testing.assert_allclose(parameter.asnumpy(), after, atol=1e-6)
    for first in (0, 3, 6):
        step(Tensor(x[first : first + 3]), Tensor(target[first : first + 3]))
    np.testing.assert_allclose(parameter.asnumpy(), after - RATE * gradient_of(after, x, target), atol=1e-6)


def test_the_moving_average_follows_the_weights():
    weight, x, target = problem()
    parameter, step = made(weight, ema_decay=0.75)
    expected = weight.copy()
    for _ in range(3):
        step(Tensor(x), Tensor(target))
        expected = 0.75 * expected + 0.25 * parameter.asnumpy()
    np.testing.assert_allclose(step.averages[0].asnumpy(), expected, atol=1e-6)


def test_the_loss_scale_changes_no_step_halves_on_overflow_and_doubles_after_2000_good_ones():
    weight, x, target = problem()
    parameter, step = made(weight, dynamic_scale=True)
    step(Tensor(x), Tensor(target))
    after = weight - RATE * gradient_of(weight, x, target)
    np.testing.assert_allclose(parameter.asnumpy(), after, atol=1e-6)
    # the scaled loss leaves float32, the loss does not
    large = np.full_like(target, 1e17)
    values, _, applied = step(Tensor(x), Tensor(large))
    assert np.isfinite(values.asnumpy()).all() and not applied.asnumpy()
    np.testing.assert_allclose(parameter.asnumpy(), after, atol=1e-6)
    assert float(step.scale.asnumpy()) == FIRST_SCALE / 2
    step.good_steps.set_data(Tensor(np.float32(1998)))
    scales = []
    for _ in range(3):
        step(Tensor(x), Tensor(target))
        scales.append(float(step.scale.asnumpy()))
    assert scales == [FIRST_SCALE / 2, FIRST_SCALE, FIRST_SCALE]


@pytest.mark.parametrize("accumulation", [1, 2])
def test_a_step_with_a_value_that_is_not_finite_leaves_weights_and_moments(accumulation):
    weight, x, target = problem(batch=4)
    plane = Plane(weight)
    optimizer = AdamW(plane.trainable_params(), SteppedRate(RATE), 0.1)
    step = TrainStep(plane, optimizer, accumulation, ema_decay=0.5).set_train()
    halves = [(x[i::accumulation], target[i::accumulation]) for i in range(accumulation)]
    for half in halves:
        step(*map(Tensor, half))
    weights = plane.inner.weight.asnumpy().copy()
    before = {name: each.asnumpy().copy() for name, each in step.parameters_and_names() if name != "calls"}
    for number, half in enumerate(halves):
        broken = half[0].copy()
        broken[0, 0] = np.inf if number == 0 else broken[0, 0]
        _, _, applied = step(Tensor(broken), Tensor(half[1]))
    assert not applied.asnumpy()
    for name, each in step.parameters_and_names():
        if name != "calls":
            np.testing.assert_array_equal(each.asnumpy(), before[name], err_msg=name)
    for half in halves:
        _, _, applied = step(*map(Tensor, half))
    assert applied.asnumpy() and (plane.inner.weight.asnumpy() != weights).all()

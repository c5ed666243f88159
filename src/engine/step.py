"""One optimisation step in graph mode: gradients, their scale, average, accumulation and clipping, and the update."""

from mindspore import Parameter, Tensor, nn, ops
from mindspore.common import dtype

from src.engine.parallel import ALONE, ScalarAverage, gradient_average

# Half precision starts here and doubles after so many steps without an overflow (MindSpore's and PyTorch's defaults).
FIRST_SCALE = 65536.0
GROWTH_STEPS = 2000


# Maps over the gradients: loops over them would nest their steps, too deeply for large networks.
_half_square = ops.MultitypeFuncGraph("half_square")
_multiply = ops.MultitypeFuncGraph("multiply")
_add_to = ops.MultitypeFuncGraph("add_to")
_clear = ops.MultitypeFuncGraph("clear")
_average_into = ops.MultitypeFuncGraph("average_into")


@_half_square.register("Tensor")
def _half_square_of(gradient):
    return ops.L2Loss()(gradient)


@_multiply.register("Tensor", "Tensor")
def _multiplied(factor, gradient):
    return gradient * factor


@_add_to.register("Tensor", "Tensor")
def _added_to(total, gradient):
    return ops.assign_add(total, gradient)


@_clear.register("Tensor")
def _cleared(total):
    return ops.assign(total, ops.zeros_like(total))


@_average_into.register("Number", "Tensor", "Tensor")
def _averaged_into(decay, average, weight):
    return ops.assign(average, average * decay + weight * (1.0 - decay))


class _Scaled(nn.Cell):
    """The objective's loss times the loss scale, for gradients that half precision can hold; the rest as it is."""

    def __init__(self, objective):
        super().__init__()
        self.objective = objective

    def construct(self, scale, *columns):
        loss, terms = self.objective(*columns)
        return loss * scale, (loss, terms)


class TrainStep(nn.TrainOneStepCell):
    """One optimisation step, or with `accumulation` n one of the n calls that make a step.

    objective: a Cell that maps a batch's columns to (loss, terms), all scalars. clip_norm: the largest norm of all
    gradients together (0: any). dynamic_scale: the loss is scaled up for the gradients' sake, twice as much after 2,000
    good steps and half as much after a step that overflowed. ema_decay: keep the moving average of the weights (0: do
    not). workers: those that train together; gradients, loss and terms are their means.

    Returns (values, squares, applied): the loss, its terms and the workers' mean of `stop` in one tensor, the squared
    norm of every weight's gradient, and whether the weights were changed. Nothing changes, in the optimizer neither,
    unless the loss and all gradients are finite.
    """

    def __init__(
        self,
        objective,
        optimizer,
        accumulation: int = 1,
        clip_norm: float = 0.0,
        dynamic_scale: bool = False,
        ema_decay: float = 0.0,
        workers=ALONE,
    ):
        super().__init__(objective, optimizer)
        self.differentiated = ops.value_and_grad(_Scaled(objective), None, self.weights, has_aux=True)
        self.map = ops.HyperMap()
        self.accumulation, self.clip_norm, self.dynamic_scale = accumulation, clip_norm, dynamic_scale
        self.average_gradients = gradient_average(self.weights, workers)
        self.average_scalars = ScalarAverage(workers)
        self.scale = Parameter(Tensor(FIRST_SCALE if dynamic_scale else 1.0, dtype.float32), "loss_scale", False)
        # a worker that sets it makes all of them stop after the same step
        self.stop = Parameter(Tensor(0.0, dtype.float32), "stop", False)
        self.good_steps = Parameter(Tensor(0.0, dtype.float32), "good_steps", False)
        self.calls = Parameter(Tensor(0, dtype.int32), "calls", False)
        self.loss_sum = Parameter(Tensor(0.0, dtype.float32), "loss_sum", False)
        self.sums = self.weights.clone(prefix="sum", init="zeros") if accumulation > 1 else None
        self.ema_decay = ema_decay
        self.averages = self.weights.clone(prefix="ema", init="same") if ema_decay > 0 else None

    def construct(self, *columns):
        (_, (loss, terms)), gradients = self.differentiated(self.scale, *columns)
        values = ops.stack(self.average_scalars((loss,) + terms + (self.stop * 1.0,)))
        if self.accumulation == 1:
            squares, applied = self._update(gradients, loss)
            return values, squares, applied
        values = ops.depend(values, self.map(_add_to, self.sums, gradients))
        ops.assign_add(self.calls, Tensor(1, dtype.int32))
        ops.assign_add(self.loss_sum, loss)
        squares = ops.zeros((len(gradients),), dtype.float32)
        applied = self.calls < 0
        if self.calls % self.accumulation == 0:
            squares, applied = self._update(self.sums, self.loss_sum)
            squares = ops.depend(squares, self.map(_clear, self.sums))
            ops.assign(self.loss_sum, ops.zeros_like(self.loss_sum))
        return values, squares, applied

    def _update(self, gradients, loss):
        gradients = self.average_gradients(gradients)
        unit = 1.0 / (self.scale * self.accumulation)
        squares = 2.0 * ops.stack(self.map(_half_square, gradients)) * unit * unit
        total = squares.sum()
        # infinities and not-a-numbers do not cancel: their difference to themselves is not zero
        checked = total + self.average_scalars((loss,))[0]
        applied = (checked - checked) == 0.0
        if self.clip_norm > 0:
            unit = unit * ops.minimum(self.clip_norm / (ops.sqrt(total) + 1e-6), 1.0)
        if self.accumulation > 1 or self.dynamic_scale or self.clip_norm > 0:
            gradients = self.map(ops.partial(_multiply, unit), gradients)
        if self.dynamic_scale:
            squares = ops.depend(squares, self._adapt_scale(applied))
        if applied:
            squares = ops.depend(squares, self._apply(gradients))
        return squares, applied

    def _apply(self, gradients):
        done = self.optimizer(gradients)
        if self.ema_decay > 0:
            weights = ops.depend(self.weights, done)
            done = self.map(ops.partial(_average_into, self.ema_decay), self.averages, weights)
        return done

    def _adapt_scale(self, applied):
        good = (self.good_steps + 1.0) * ops.cast(applied, dtype.float32)
        grows = good >= GROWTH_STEPS
        grown = ops.select(grows, self.scale * 2.0, self.scale * 1.0)
        ops.assign(self.scale, ops.select(applied, grown, ops.maximum(self.scale * 0.5, 1.0)))
        return ops.assign(self.good_steps, ops.select(grows, good * 0.0, good))

"""AdamW as PyTorch defines it, and the learning rate's course."""

import math

from mindspore import Parameter, Tensor, nn, ops
from mindspore.common import dtype
from mindspore.nn.learning_rate_schedule import LearningRateSchedule


# Maps over the parameters: a loop over them would nest its steps, too deeply for large networks inside of a branch.
_shrink = ops.MultitypeFuncGraph("shrink")
_adam = ops.MultitypeFuncGraph("adam")


@_shrink.register("Tensor", "Tensor")
def _shrink_parameter(factor, parameter):
    return ops.assign(parameter, parameter * factor)


@_adam.register(
    "Function", "Tensor", "Tensor", "Tensor", "Number", "Number", "Tensor", "Tensor", "Tensor", "Tensor", "Tensor"
)
def _update_parameter(
    update, power1, power2, rate, beta1, beta2, epsilon, parameter, moment1, moment2, gradient
):
    return update(parameter, moment1, moment2, power1, power2, rate, beta1, beta2, epsilon, gradient)


class CosineRate(LearningRateSchedule):
    """Rate that falls from `start` to `end` along half a cosine over `steps`, after a linear rise over `warmup`.

    rate(step) = end + (start - end) * (1 + cos(pi * step / steps)) / 2 (IFRNet's published schedule).
    """

    def __init__(self, start: float, end: float, steps: int, warmup: int = 0):
        super().__init__()
        self.start, self.end, self.steps, self.warmup = start, end, float(steps), float(max(warmup, 1))

    def construct(self, global_step):
        step = ops.cast(global_step, dtype.float32)
        ratio = 0.5 * (1.0 + ops.cos(ops.minimum(step / self.steps, 1.0) * math.pi))
        return (self.end + (self.start - self.end) * ratio) * ops.minimum((step + 1.0) / self.warmup, 1.0)


class AdamW(nn.Optimizer):
    """Adam with decoupled weight decay and bias correction (Loshchilov and Hutter, ICLR 2019).

    rate: a `LearningRateSchedule`. Equal to torch.optim.AdamW step by step; MindSpore's own AdamWeightDecay leaves the
    bias correction out.
    """

    def __init__(self, parameters, rate, weight_decay: float = 0.0, betas=(0.9, 0.999), epsilon: float = 1e-8):
        super().__init__(rate, parameters)
        self.decay = weight_decay
        self.beta1, self.beta2, self.epsilon = betas[0], betas[1], epsilon
        self.moments1 = self._parameters.clone(prefix="moment1", init="zeros")
        self.moments2 = self._parameters.clone(prefix="moment2", init="zeros")
        self.power1 = Parameter(Tensor(1.0, dtype.float32), name="beta1_power")
        self.power2 = Parameter(Tensor(1.0, dtype.float32), name="beta2_power")
        self.update = ops.Adam()
        self.map = ops.HyperMap()

    def construct(self, gradients):
        gradients = self.flatten_gradients(gradients)
        # not get_lr(): on MindSpore 2.0 that counts the step as well
        rate = self.learning_rate(self.global_step).reshape(())
        self.assignadd(self.global_step, self.global_step_increase_tensor)
        power1 = self.power1 * self.beta1
        power2 = self.power2 * self.beta2
        self.power1 = power1
        self.power2 = power2
        # The fused operator adds epsilon before the second moment's bias correction, PyTorch after it.
        epsilon = self.epsilon * ops.sqrt(1.0 - power2)
        if self.decay > 0:
            gradients = ops.depend(gradients, self.map(ops.partial(_shrink, 1.0 - rate * self.decay), self._parameters))
        step = ops.partial(_adam, self.update, power1, power2, rate, self.beta1, self.beta2, epsilon)
        return self.map(step, self._parameters, self.moments1, self.moments2, gradients)

"""Adam and AdamW as PyTorch defines them."""

from mindspore import Parameter, Tensor, nn, ops
from mindspore.common import dtype

from src.engine.schedule import create_schedule

# Maps over the parameters: a loop over them would nest its steps, too deeply for large networks inside of a branch.
_shrink = ops.MultitypeFuncGraph("shrink")
_decay = ops.MultitypeFuncGraph("decay")
_adam = ops.MultitypeFuncGraph("adam")


@_shrink.register("Tensor", "Tensor")
def _shrink_parameter(factor, parameter):
    return ops.assign(parameter, parameter * factor)


@_decay.register("Number", "Tensor", "Tensor")
def _decayed_gradient(decay, parameter, gradient):
    return gradient + decay * parameter


@_adam.register(
    "Function", "Tensor", "Tensor", "Tensor", "Number", "Number", "Tensor", "Tensor", "Tensor", "Tensor", "Tensor"
)
def _update_parameter(update, power1, power2, rate, beta1, beta2, epsilon, parameter, moment1, moment2, gradient):
    return update(parameter, moment1, moment2, power1, power2, rate, beta1, beta2, epsilon, gradient)


class Adam(nn.Optimizer):
    """Adam with bias correction; weight_decay times the parameter is added to its gradient.

    rate: a `LearningRateSchedule`. The rate is its value times the parameter `rate_factor`. Equal to torch.optim.Adam
    step by step (Kingma and Ba, ICLR 2015).
    """

    decoupled = False

    def __init__(self, parameters, rate, weight_decay: float = 0.0, betas=(0.9, 0.999), epsilon: float = 1e-8):
        super().__init__(rate, parameters)
        self.decay = weight_decay
        self.beta1, self.beta2, self.epsilon = betas[0], betas[1], epsilon
        self.moments1 = self._parameters.clone(prefix="moment1", init="zeros")
        self.moments2 = self._parameters.clone(prefix="moment2", init="zeros")
        self.power1 = Parameter(Tensor(1.0, dtype.float32), name="beta1_power")
        self.power2 = Parameter(Tensor(1.0, dtype.float32), name="beta2_power")
        self.rate_factor = Parameter(Tensor(1.0, dtype.float32), name="rate_factor")
        self.update = ops.Adam()
        self.map = ops.HyperMap()

    def construct(self, gradients):
        gradients = self.flatten_gradients(gradients)
        # not get_lr(): on MindSpore 2.0 that counts the step as well
        rate = self.learning_rate(self.global_step).reshape(()) * self.rate_factor
        self.assignadd(self.global_step, self.global_step_increase_tensor)
        power1 = self.power1 * self.beta1
        power2 = self.power2 * self.beta2
        self.power1 = power1
        self.power2 = power2
        # The fused operator adds epsilon before the second moment's bias correction, PyTorch after it.
        epsilon = self.epsilon * ops.sqrt(1.0 - power2)
        if self.decay > 0 and self.decoupled:
            gradients = ops.depend(gradients, self.map(ops.partial(_shrink, 1.0 - rate * self.decay), self._parameters))
        elif self.decay > 0:
            gradients = self.map(ops.partial(_decay, self.decay), self._parameters, gradients)
        step = ops.partial(_adam, self.update, power1, power2, rate, self.beta1, self.beta2, epsilon)
        return self.map(step, self._parameters, self.moments1, self.moments2, gradients)

    def set_rate_factor(self, factor: float) -> None:
        """Multiply the rate's course by `factor` from the next step on."""
        self.rate_factor.set_data(Tensor(factor, dtype.float32))


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameter itself (Loshchilov and Hutter, ICLR 2019).

    Equal to torch.optim.AdamW step by step; MindSpore's own AdamWeightDecay leaves the bias correction out.
    """

    decoupled = True


OPTIMIZERS = {"adam": Adam, "adamw": AdamW}


def create_optimizer(parameters, recipe, steps: int, steps_per_epoch: int) -> Adam:
    """Return the optimizer of a recipe over a run of `steps`, with its course of the rate."""
    schedule = create_schedule(recipe, steps, steps_per_epoch)
    betas = (recipe.beta1, recipe.beta2)
    return OPTIMIZERS[recipe.optimizer](parameters, schedule, recipe.weight_decay, betas)

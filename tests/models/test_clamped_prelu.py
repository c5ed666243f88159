"""IFR+'s PReLU: what a negative slope does in training and outside."""

import mindspore as ms
import numpy as np
from mindspore import ParameterTuple, Tensor, nn

from src.models.ifrplus_refiner import ClampedPReLU

SLOPES = np.float32([0.5, -0.25, 0.0])


class Total(nn.Cell):
    """The sum of what the unit makes of a map."""

    def __init__(self):
        super().__init__()
        self.activation = ClampedPReLU(3)
        self.activation.slope.set_data(Tensor(SLOPES))

    def construct(self, x):
        return self.activation(x).sum()


def test_training_writes_negative_slopes_back_as_zero_and_they_learn_nothing():
    ms.set_context(mode=ms.GRAPH_MODE)
    x = Tensor(np.float32([[-2.0, -3.0, 4.0]]).reshape(1, 3, 1, 1))
    total = Total().set_train()
    slope = total.activation.slope
    value, gradients = ms.value_and_grad(total, None, ParameterTuple([slope]))(x)
    assert float(value.asnumpy()) == -2.0 * 0.5 + 4.0
    np.testing.assert_array_equal(gradients[0].asnumpy(), [-2.0, 0.0, 0.0])
    np.testing.assert_array_equal(slope.asnumpy(), [0.5, 0.0, 0.0])


def test_outside_training_the_slopes_stay():
    ms.set_context(mode=ms.GRAPH_MODE)
    total = Total()
    total.set_train(False)
    assert float(total(Tensor(np.full((1, 3, 1, 1), -1, np.float32))).asnumpy()) == -0.5
    np.testing.assert_array_equal(total.activation.slope.asnumpy(), SLOPES)

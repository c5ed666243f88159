"""Building blocks that several networks share."""

import math

from mindspore import nn
from mindspore.common.initializer import Uniform

from src.ops.convolution import Convolution2d
from src.ops.prelu import PReLU
from src.ops.upsample import TransposedConvolution


def fan_in_uniform(fan_in: int) -> Uniform:
    """Return the initialiser U(-1/sqrt(fan_in), 1/sqrt(fan_in)), PyTorch's default for convolutions and their biases.

    Always given explicitly: MindSpore's own default changed between its versions.
    """
    return Uniform(1.0 / math.sqrt(fan_in))


class Convolution(Convolution2d):
    """2-D convolution that keeps the size at stride 1 (odd kernel, zero padding kernel // 2)."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int = 3, stride: int = 1, bias: bool = True):
        initial = fan_in_uniform(in_channels * kernel * kernel)
        super().__init__(in_channels, out_channels, kernel, stride, bias, initial, initial)


class Upsampling(TransposedConvolution):
    """Learned x2 upsampling with PyTorch's default initialisation of a 4x4 transposed convolution."""

    def __init__(self, in_channels: int, out_channels: int):
        initial = fan_in_uniform(out_channels * 4 * 4)
        super().__init__(in_channels, out_channels, initial, initial)


class ConvolutionPReLU(nn.Cell):
    """Convolution followed by a PReLU."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int = 3, stride: int = 1):
        super().__init__()
        self.convolution = Convolution(in_channels, out_channels, kernel, stride)
        self.activation = PReLU(out_channels)

    def construct(self, x):
        return self.activation(self.convolution(x))

"""ConvNeXt V2: depthwise convolutions, channel normalisation, and global response normalisation.

Woo et al., "ConvNeXt V2: Co-designing and Scaling ConvNets with Masked Autoencoders", CVPR 2023.
"""

import numpy as np
from mindspore import Parameter, Tensor, nn, ops
from mindspore.common.initializer import TruncatedNormal, Zero

from src.ops.gelu import GaussianErrorUnit

_EPSILON = 1e-6
_MLP_RATIO = 4


def _convolution(
    in_channels: int, out_channels: int, kernel: int, stride: int = 1, padding: int = 0, groups: int = 1
) -> nn.Conv2d:
    """Return a convolution that starts as the paper's do: a truncated normal of deviation 0.02, biases at zero."""
    return nn.Conv2d(
        in_channels,
        out_channels,
        kernel,
        stride=stride,
        pad_mode="pad",
        padding=padding,
        group=groups,
        has_bias=True,
        weight_init=TruncatedNormal(0.02),
        bias_init=Zero(),
    )


class ChannelNormalisation(nn.Cell):
    """Layer normalisation of (B, C, H, W) over the channels of each pixel, with a learned scale and shift."""

    def __init__(self, channels: int):
        super().__init__()
        self.weight = Parameter(Tensor(np.ones(channels, np.float32)), name="weight")
        self.bias = Parameter(Tensor(np.zeros(channels, np.float32)), name="bias")

    def construct(self, x):
        centred = x - x.mean(1, True)
        variance = (centred * centred).mean(1, True)
        normalised = centred / ops.sqrt(variance + _EPSILON)
        return normalised * self.weight.reshape(1, -1, 1, 1) + self.bias.reshape(1, -1, 1, 1)


class GlobalResponseNormalisation(nn.Cell):
    """Scale each channel of (B, C, H, W) by its norm over the picture, relative to the mean norm (section 3.2).

    The norm is the root of the sum of squares; the input itself is added back.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.weight = Parameter(Tensor(np.zeros(channels, np.float32)), name="weight")
        self.bias = Parameter(Tensor(np.zeros(channels, np.float32)), name="bias")

    def construct(self, x):
        batch, channels, _, _ = x.shape
        squares = (x * x).reshape(batch, channels, -1).sum(2)
        # a channel that GELU has put to zero everywhere would have an infinite gradient
        norm = ops.sqrt(squares + 1e-24)
        relative = norm / (norm.mean(1, True) + _EPSILON)
        scale = 1.0 + self.weight.reshape(1, -1) * relative
        return x * scale.reshape(batch, channels, 1, 1) + self.bias.reshape(1, -1, 1, 1)


class Block(nn.Cell):
    """7x7 depthwise convolution, normalisation, and a pixelwise perceptron of four times the width, with a skip."""

    def __init__(self, channels: int):
        super().__init__()
        self.depthwise = _convolution(channels, channels, 7, padding=3, groups=channels)
        self.norm = ChannelNormalisation(channels)
        self.widen = _convolution(channels, _MLP_RATIO * channels, 1)
        self.activation = GaussianErrorUnit()
        self.response = GlobalResponseNormalisation(_MLP_RATIO * channels)
        self.narrow = _convolution(_MLP_RATIO * channels, channels, 1)

    def construct(self, x):
        out = self.activation(self.widen(self.norm(self.depthwise(x))))
        return x + self.narrow(self.response(out))


class Stem(nn.Cell):
    """First convolution and its normalisation: (B, 3, H, W) -> (B, C, H / stride, W / stride)."""

    def __init__(self, channels: int, kernel: int, stride: int):
        super().__init__()
        self.convolution = _convolution(3, channels, kernel, stride, padding=1)
        self.norm = ChannelNormalisation(channels)

    def construct(self, x):
        return self.norm(self.convolution(x))


class Downsampling(nn.Cell):
    """Normalisation, then a 2x2 convolution of stride 2."""

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__()
        self.norm = ChannelNormalisation(in_channels)
        self.convolution = _convolution(in_channels, out_channels, 2, stride=2)

    def construct(self, x):
        return self.convolution(self.norm(x))


class Pyramid(nn.Cell):
    """Feature maps of all stages: (B, 3, H, W) -> one map a stage, the first behind the stem, each half the one before.

    channels, depths: width and number of blocks of each stage.
    """

    def __init__(self, channels: tuple, depths: tuple, stem_kernel: int, stem_stride: int):
        super().__init__()
        self.stem = Stem(channels[0], stem_kernel, stem_stride)
        self.shrink = nn.CellList([Downsampling(*pair) for pair in zip(channels[:-1], channels[1:])])
        self.stages = nn.CellList(
            [nn.SequentialCell(*[Block(width) for _ in range(depth)]) for width, depth in zip(channels, depths)]
        )

    def construct(self, frame):
        feature = self.stages[0](self.stem(frame))
        pyramid = (feature,)
        for level in range(1, len(self.stages)):
            feature = self.stages[level](self.shrink[level - 1](feature))
            pyramid = pyramid + (feature,)
        return pyramid

"""Distance of two pictures as a classifier's features see them."""

import numpy as np
from mindspore import Parameter, Tensor, nn, ops
from mindspore.common.initializer import HeNormal

# VGG-16's convolutions, stage by stage
_STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
_MEAN = np.array([0.485, 0.456, 0.406], np.float32).reshape(1, 3, 1, 1)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32).reshape(1, 3, 1, 1)
_WINDOW = np.array([0.25, 0.5, 0.25], np.float32)


def _convolution(in_channels: int, out_channels: int, has_bias: bool) -> nn.Conv2d:
    return nn.Conv2d(
        in_channels, out_channels, 3, pad_mode="pad", padding=1, has_bias=has_bias, bias_init="zeros",
        weight_init=HeNormal(mode="fan_in"),
    )  # fmt: skip


class RootMeanSquarePooling(nn.Cell):
    """Halve (B, C, H, W) by the root of a Hann-weighted mean of squares, 3x3, stride 2, zeros outside."""

    def __init__(self, channels: int):
        super().__init__()
        kernel = np.outer(_WINDOW, _WINDOW).reshape(1, 1, 3, 3)
        self.kernel = Tensor(np.tile(kernel, (channels, 1, 1, 1)))
        self.pool = ops.Conv2D(channels, 3, pad_mode="pad", pad=1, stride=2, group=channels)

    def construct(self, x):
        return ops.sqrt(self.pool(x * x, self.kernel) + 1e-12)


class PerceptualDistance(nn.Cell):
    """Weighted squared difference of channel-normalised VGG-16 features, mean over pixels and samples.

    prediction, target: (B, 3, H, W) RGB in [0, 1], H and W at least 16. Zhang et al., "The Unreasonable Effectiveness
    of Deep Features as a Perceptual Metric", CVPR 2018, as IFR+ was trained: pooling by root mean square, and no biases
    in the convolutions. It says nothing until trained weights are loaded; none of its parameters is trained here.

    as_published: the measure LPIPS of the paper instead (VGG, version 0.1 of the lpips package), with biases, and
    pooling by maximum.
    """

    def __init__(self, as_published: bool = False):
        super().__init__()
        stages, in_channels = [], 3
        for widths in _STAGES:
            in_widths = (in_channels,) + widths[:-1]
            stages.append(nn.CellList([_convolution(*pair, as_published) for pair in zip(in_widths, widths)]))
            in_channels = widths[-1]
        self.stages = nn.CellList(stages)
        self.pools = nn.CellList(
            [nn.MaxPool2d(2, 2) if as_published else RootMeanSquarePooling(widths[-1]) for widths in _STAGES[:-1]]
        )
        self.least = 1e-20 if as_published else 1e-4  # of a squared norm
        total = sum(widths[-1] for widths in _STAGES)
        self.weights = Parameter(Tensor(np.full(total, 1.0 / total, np.float32)), name="weights")
        self.mean = Tensor(_MEAN)
        self.deviation = Tensor(_DEVIATION)
        for parameter in self.get_parameters():
            parameter.requires_grad = False

    def construct(self, prediction, target):
        batch = prediction.shape[0]
        x = (ops.concat((prediction, target), 0) - self.mean) / self.deviation
        distance, first = 0.0, 0
        for index in range(len(self.stages)):
            if index > 0:
                x = self.pools[index - 1](x)
            for convolution in self.stages[index]:
                x = ops.relu(convolution(x))
            unit = x * ops.reciprocal(ops.sqrt(ops.maximum((x * x).sum(1, keepdims=True), self.least)))
            difference = unit[:batch] - unit[batch:]
            channels = x.shape[1]
            means = (difference * difference).reshape(batch, channels, -1).mean(2)
            distance = distance + (means * self.weights[first : first + channels]).sum(1)
            first = first + channels
        return distance.mean()

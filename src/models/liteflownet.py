"""LiteFlowNet: flow from coarse to fine, at each level matched, refined below a pixel, and regularised.

Hui et al., "LiteFlowNet: A Lightweight Convolutional Neural Network for Optical Flow Estimation", CVPR 2018.
"""

from dataclasses import dataclass

import numpy as np
from mindspore import Tensor, nn, ops

from src.models.layers import Convolution, fan_in_uniform
from src.ops.bilinear import constant_zeros
from src.ops.correlation import CostVolume
from src.ops.depthwise_upsample import DepthwiseUpsampling
from src.ops.neighbours import Neighbours
from src.ops.resize import Resize
from src.ops.warp import ZEROS, Warp

_RADIUS = 3
_COSTS = (2 * _RADIUS + 1) ** 2
# Of all flows inside the network: pixels of the full-size frame to one unit
_PIXELS = 20.0


@dataclass(frozen=True)
class Level:
    """One level of the pyramid at which flow is estimated.

    channels: of its features; matched: of those that are compared; guiding: of those that steer the regularisation;
    kernel: of the last convolution, and of the local filters; stride: of the cost volume; reduction: of its size.
    """

    channels: int
    matched: int
    guiding: int
    kernel: int
    stride: int
    reduction: int

    @property
    def pixels(self) -> float:
        """Return how many of the level's own pixels are one unit of flow."""
        return _PIXELS / self.reduction


LEVELS = (
    Level(channels=32, matched=64, guiding=128, kernel=7, stride=2, reduction=2),
    Level(channels=64, matched=64, guiding=128, kernel=5, stride=2, reduction=4),
    Level(channels=96, matched=96, guiding=128, kernel=5, stride=1, reduction=8),
    Level(channels=128, matched=128, guiding=128, kernel=3, stride=1, reduction=16),
    Level(channels=192, matched=192, guiding=192, kernel=3, stride=1, reduction=32),
)


def _leaky() -> nn.LeakyReLU:
    return nn.LeakyReLU(0.1)


def _projection(in_channels: int, out_channels: int) -> nn.Cell:
    """Return a 1x1 convolution with LeakyReLU, or nothing where the number of channels stays."""
    if in_channels == out_channels:
        return nn.Identity()
    return nn.SequentialCell(Convolution(in_channels, out_channels, 1), _leaky())


def _estimator(in_channels: int, kernel: int) -> nn.SequentialCell:
    """Return four convolutions from features to a flow."""
    return nn.SequentialCell(
        Convolution(in_channels, 128),
        _leaky(),
        Convolution(128, 64),
        _leaky(),
        Convolution(64, 32),
        _leaky(),
        Convolution(32, 2, kernel),
    )


class FramePyramid(nn.Cell):
    """Features of one frame: (B, 3, H, W) -> six maps, at 1 to 1/32 of its size."""

    def __init__(self):
        super().__init__()
        self.levels = nn.CellList([nn.SequentialCell(Convolution(3, 32, 7), _leaky())])
        in_channels = 32
        for level, depth in zip(LEVELS, (3, 2, 2, 1, 1)):
            cells = [Convolution(in_channels, level.channels, stride=2), _leaky()]
            for _ in range(depth - 1):
                cells += [Convolution(level.channels, level.channels), _leaky()]
            self.levels.append(nn.SequentialCell(*cells))
            in_channels = level.channels

    def construct(self, frame):
        pyramid = ()
        for level in self.levels:
            frame = level(frame)
            pyramid = pyramid + (frame,)
        return pyramid


class FlowWarp(nn.Cell):
    """Backward warping by a flow in the network's unit, as the published weights know it; zeros outside the frame.

    The published network divides pixels by half of (size - 1) where its sampling grid spans the whole size: everything
    moves size / (size - 1) times as far as the flow says. (A level of one pixel has no such factor, and takes 1.)
    """

    def __init__(self, level: Level):
        super().__init__()
        self.pixels = level.pixels
        self.warp = Warp(ZEROS)

    def construct(self, frame, flow):
        height, width = frame.shape[2], frame.shape[3]
        stretch_x = self.pixels * width / max(width - 1, 1)
        stretch_y = self.pixels * height / max(height - 1, 1)
        return self.warp(frame, ops.concat((flow[:, :1] * stretch_x, flow[:, 1:] * stretch_y), 1))


class Matching(nn.Cell):
    """Flow of the level below, enlarged, plus what the matching of features adds to it (section 3.2).

    The coarsest level has none below: its flow comes in zero, at its own size.
    """

    def __init__(self, level: Level, coarsest: bool):
        super().__init__()
        self.coarsest = coarsest
        self.stride = level.stride
        self.features = _projection(level.channels, level.matched)
        if not coarsest:
            self.upsample_flow = DepthwiseUpsampling(2, fan_in_uniform(16))
            self.warp = FlowWarp(level)
        self.costs = CostVolume(_RADIUS, level.stride)
        self.activation = _leaky()
        if level.stride == 2:
            self.upsample_cost = DepthwiseUpsampling(_COSTS, fan_in_uniform(16))
        self.estimate = _estimator(_COSTS, level.kernel)

    def construct(self, first, second, flow):
        first, second = self.features(first), self.features(second)
        if not self.coarsest:
            flow = self.upsample_flow(flow)
            second = self.warp(second, flow)
        costs = self.activation(self.costs(first, second))
        if self.stride == 2:
            costs = self.upsample_cost(costs)
        return flow + self.estimate(costs)


class Subpixel(nn.Cell):
    """Flow plus a correction from the features that it joins (section 3.2)."""

    def __init__(self, level: Level):
        super().__init__()
        self.features = _projection(level.channels, level.matched)
        self.warp = FlowWarp(level)
        self.estimate = _estimator(2 * level.matched + 2, level.kernel)

    def construct(self, first, second, flow):
        warped = self.warp(self.features(second), flow)
        return flow + self.estimate(ops.concat((self.features(first), warped, flow), 1))


class Regularization(nn.Cell):
    """Flow smoothed by a filter of its own at each pixel: the feature-driven local convolution (section 3.3).

    The filters follow the first frame's features, the flow about its mean, and how wrong the warped frame is.
    """

    def __init__(self, level: Level):
        super().__init__()
        taps = level.kernel * level.kernel
        self.warp = FlowWarp(level)
        self.features = _projection(level.channels, level.guiding)
        widths = (level.guiding + 3, 128, 128, 64, 64, 32, 32)
        cells = []
        for in_channels, out_channels in zip(widths[:-1], widths[1:]):
            cells += [Convolution(in_channels, out_channels), _leaky()]
        self.estimate = nn.SequentialCell(*cells)
        if level.kernel > 3:
            self.distance = nn.SequentialCell(
                _line_convolution(32, taps, (level.kernel, 1)), _line_convolution(taps, taps, (1, level.kernel))
            )
        else:
            self.distance = nn.SequentialCell(Convolution(32, taps, level.kernel))
        self.neighbours = Neighbours(level.kernel)
        self.scale_x = Convolution(taps, 1, 1)
        self.scale_y = Convolution(taps, 1, 1)

    def construct(self, first, second, features, flow):
        batch, _, height, width = flow.shape
        error = ops.square(first - self.warp(second, flow)).sum(1, keepdims=True)
        error = ops.stop_gradient(ops.sqrt(error))
        mean = flow.reshape(batch, 2, height * width).mean(2).reshape(batch, 2, 1, 1)
        guide = ops.concat((error, flow - mean, self.features(features)), 1)
        weights = -ops.square(self.distance(self.estimate(guide)))
        weights = ops.exp(weights - ops.amax(weights, 1, True))
        share = ops.reciprocal(weights.sum(1, keepdims=True))
        weighted = self.neighbours(flow) * ops.expand_dims(weights, 1)
        return ops.concat((self.scale_x(weighted[:, 0]) * share, self.scale_y(weighted[:, 1]) * share), 1)


def _line_convolution(in_channels: int, out_channels: int, kernel: tuple) -> nn.Conv2d:
    """Return a convolution along one axis that keeps the size."""
    height, width = kernel
    initial = fan_in_uniform(in_channels * height * width)
    return nn.Conv2d(
        in_channels,
        out_channels,
        kernel,
        pad_mode="pad",
        padding=(height // 2, height // 2, width // 2, width // 2),
        has_bias=True,
        weight_init=initial,
        bias_init=initial,
    )


class LiteFlowNet(nn.Cell):
    """Estimate the flow between two frames.

    first, second: (B, 3, H, W) RGB in [0, 1], of any height and width: as published, frames are resized to the next
    multiples of 32 and the flow is resized back. Output: (B, 2, H, W), the flow from the first frame towards the
    second in pixels, channel 0 along x.

    channel_order: in which the network reads the colours. "bgr" is what its weights were trained for; "rgb" gives
    the flows that IFRNet was taught with, whose authors passed the colours in this order.
    """

    task = "flow"
    inputs = 2
    outputs = 1
    scale = 1
    multiple = 1
    takes_time = False

    def __init__(self, channel_order: str = "bgr"):
        super().__init__()
        if channel_order not in ("bgr", "rgb"):
            raise ValueError(f"channel_order is 'bgr' or 'rgb'; got {channel_order!r}")
        self.reversed = channel_order == "bgr"
        # means of the training pictures in blue, green and red, subtracted from the channels in the order they are read
        self.first_mean = Tensor(np.array([0.411618, 0.434631, 0.454253], np.float32).reshape(1, 3, 1, 1))
        self.second_mean = Tensor(np.array([0.410782, 0.433645, 0.452793], np.float32).reshape(1, 3, 1, 1))
        self.reverse_order = Tensor(np.array([2, 1, 0], np.int32))
        self.pyramid = FramePyramid()
        self.pixels = tuple(level.pixels for level in LEVELS)
        last = len(LEVELS) - 1
        self.matching = nn.CellList([Matching(level, i == last) for i, level in enumerate(LEVELS)])
        self.subpixel = nn.CellList([Subpixel(level) for level in LEVELS])
        self.regularization = nn.CellList([Regularization(level) for level in LEVELS])
        self.resize = Resize()

    def construct(self, first, second):
        return self.trace(first, second)[0]

    def trace(self, first, second):
        """Return (flow, flows): the flow as `construct` returns it, and that of every level, finest first.

        Those are at 1/2 to 1/32 of the resized frames' size, in pixels of their own size.
        """
        batch, _, height, width = first.shape
        size = (32 * ((height + 31) // 32), 32 * ((width + 31) // 32))
        first = self._prepared(first, size, self.first_mean)
        second = self._prepared(second, size, self.second_mean)
        first_features, second_features = self.pyramid(first), self.pyramid(second)
        first_frames, second_frames = self._halved(first), self._halved(second)
        flow = constant_zeros(first.dtype, batch, 2, size[0] // 32, size[1] // 32)
        flows = ()
        for i in range(4, -1, -1):
            features, others = first_features[i + 1], second_features[i + 1]
            flow = self.matching[i](features, others, flow)
            flow = self.subpixel[i](features, others, flow)
            flow = self.regularization[i](first_frames[i], second_frames[i], features, flow)
            flows = (flow * self.pixels[i],) + flows
        flow = self.resize(flow * _PIXELS, (height, width))
        flow_x = flow[:, :1] * (width / size[1])
        flow_y = flow[:, 1:] * (height / size[0])
        return ops.concat((flow_x, flow_y), 1), flows

    def _prepared(self, frame, size, mean):
        frame = self.resize(frame, size)
        if self.reversed:
            frame = ops.gather(frame, self.reverse_order, 1)
        return frame - mean

    def _halved(self, frame):
        # five times: the frames at the sizes of LEVELS
        frames = ()
        for _ in range(5):
            frame = self.resize(frame, (frame.shape[2] // 2, frame.shape[3] // 2))
            frames = frames + (frame,)
        return frames

"""IFRNet: flow, and the features of the missing frame, refined together from coarse to fine.

Kong et al., "IFRNet: Intermediate Feature Refine Network for Efficient Frame Interpolation", CVPR 2022.
"""

from dataclasses import dataclass

import numpy as np
from mindspore import nn, ops

from src.models.layers import Convolution, ConvolutionPReLU, Upsampling
from src.ops.prelu import PReLU
from src.ops.resize import Resize
from src.ops.warp import Warp


@dataclass(frozen=True)
class Size:
    """Widths of one published size.

    channels: of the feature pyramid, from 1/2 to 1/16 of the frame; side_channels: those a residual block refines
    twice; first_kernel: of the very first convolution.
    """

    channels: tuple
    side_channels: int
    first_kernel: int


SIZES = {
    "ifrnet_s": Size(channels=(24, 36, 54, 72), side_channels=24, first_kernel=3),
    "ifrnet": Size(channels=(32, 48, 72, 96), side_channels=32, first_kernel=3),
    "ifrnet_l": Size(channels=(64, 96, 144, 192), side_channels=64, first_kernel=7),
}


class ResidualBlock(nn.Cell):
    """Five convolutions and a skip; the last `side_channels` channels pass through two extra ones (section 3.1)."""

    def __init__(self, channels: int, side_channels: int):
        super().__init__()
        self.kept = channels - side_channels
        self.first = ConvolutionPReLU(channels, channels)
        self.first_side = ConvolutionPReLU(side_channels, side_channels)
        self.second = ConvolutionPReLU(channels, channels)
        self.second_side = ConvolutionPReLU(side_channels, side_channels)
        self.last = Convolution(channels, channels)
        self.activation = PReLU(channels)

    def construct(self, x):
        out = self.first(x)
        out = ops.concat((out[:, : self.kept], self.first_side(out[:, self.kept :])), 1)
        out = self.second(out)
        out = ops.concat((out[:, : self.kept], self.second_side(out[:, self.kept :])), 1)
        return self.activation(x + self.last(out))


class Encoder(nn.Cell):
    """Feature pyramid of one frame: (B, 3, H, W) -> four maps, 1/2, 1/4, 1/8 and 1/16 of its size."""

    def __init__(self, size: Size):
        super().__init__()
        self.levels = nn.CellList()
        in_channels, kernel = 3, size.first_kernel
        for channels in size.channels:
            self.levels.append(
                nn.SequentialCell(
                    ConvolutionPReLU(in_channels, channels, kernel, stride=2), ConvolutionPReLU(channels, channels)
                )
            )
            in_channels, kernel = channels, 3

    def construct(self, frame):
        pyramid = ()
        for level in self.levels:
            frame = level(frame)
            pyramid = pyramid + (frame,)
        return pyramid


class Decoder(nn.Cell):
    """One refinement: join, residual block, x2 upsampling."""

    def __init__(self, in_channels: int, channels: int, out_channels: int, side_channels: int):
        super().__init__()
        self.join = ConvolutionPReLU(in_channels, channels)
        self.block = ResidualBlock(channels, side_channels)
        self.upsample = Upsampling(channels, out_channels)

    def construct(self, *inputs):
        return self.upsample(self.block(self.join(ops.concat(inputs, 1))))


class IFRNet(nn.Cell):
    """Interpolate one frame at a time between two.

    frame0, frame1: (B, 3, H, W) RGB in [0, 1], height and width multiples of `multiple`; time: (B, 1, 1, 1) in (0, 1),
    0 at frame0. Output: (B, 3, H, W) in [0, 1]. To interpolate one pair at seven times, repeat the pair in the batch.

    flow_scale: the scale at which motion is estimated (`scale_factor` of the published benchmarks): below 1 the
    network sees shrunk frames, and the full-size ones are warped by its enlarged flow. `multiple` grows accordingly.
    """

    task = "interpolation"
    inputs = 2
    outputs = 1
    scale = 1
    takes_time = True

    def __init__(self, size: Size, flow_scale: float = 1.0):
        super().__init__()
        self.flow_scale = flow_scale
        self.multiple = _multiple(flow_scale)
        finest, fine, coarse, coarsest = size.channels
        side = size.side_channels
        self.encoder = Encoder(size)
        self.decoder4 = Decoder(2 * coarsest + 1, 2 * coarsest, 4 + coarse, side)
        self.decoder3 = Decoder(3 * coarse + 4, 3 * coarse, 4 + fine, side)
        self.decoder2 = Decoder(3 * fine + 4, 3 * fine, 4 + finest, side)
        self.decoder1 = Decoder(3 * finest + 4, 3 * finest, 8, side)
        self.warp = Warp("border")
        self.resize = Resize()
        self.initial_scales = {
            "block.last.weight": 0.1,
            "decoder4.upsample.weight": _head_scales(coarse),
            "decoder3.upsample.weight": _head_scales(fine),
            "decoder2.upsample.weight": _head_scales(finest),
            "decoder1.upsample.weight": 0.1,
        }

    def construct(self, frame0, frame1, time):
        return self.trace(frame0, frame1, time)[0]

    def trace(self, frame0, frame1, time):
        """Return (frame, flows, features, mean) for the losses.

        frame: the interpolated frame, as `construct` returns it. flows: four maps (B, 4, h, w), x and y towards
        frame0, then towards frame1, in pixels of their own size: the finest at full size first, then those at 1/2,
        1/4 and 1/8. features: those of the missing frame at 1/2, 1/4 and 1/8. mean: (B, 1, 1, 1), what was
        subtracted from the frames before they were encoded.
        """
        # (B, 3, 2H, W): one mean a sample, over both frames, all channels and pixels
        mean = ops.concat((frame0, frame1), 2).mean((1, 2, 3), True)
        frame0 = frame0 - mean
        frame1 = frame1 - mean
        shrunk = self._scaled_size(frame0.shape)
        pyramid0 = self.encoder(self.resize(frame0, shrunk))
        pyramid1 = self.encoder(self.resize(frame1, shrunk))

        time_map = ops.broadcast_to(time, (pyramid0[3].shape[0], 1) + pyramid0[3].shape[2:])
        out4 = self.decoder4(pyramid0[3], pyramid1[3], time_map)
        flow4, feature3 = out4[:, :4], out4[:, 4:]
        out3 = self._refine(self.decoder3, feature3, pyramid0[2], pyramid1[2], flow4)
        flow3, feature2 = out3[:, :4] + self._doubled(flow4), out3[:, 4:]
        out2 = self._refine(self.decoder2, feature2, pyramid0[1], pyramid1[1], flow3)
        flow2, feature1 = out2[:, :4] + self._doubled(flow3), out2[:, 4:]
        out1 = self._refine(self.decoder1, feature1, pyramid0[0], pyramid1[0], flow2)
        flow1 = out1[:, :4] + self._doubled(flow2)
        mask = ops.sigmoid(out1[:, 4:5])
        residual = out1[:, 5:8]

        size = frame0.shape[2:]
        flow1 = self.resize(flow1, size) * (1.0 / self.flow_scale)
        mask = self.resize(mask, size)
        residual = self.resize(residual, size)
        blend = mask * self.warp(frame0, flow1[:, :2]) + (1.0 - mask) * self.warp(frame1, flow1[:, 2:])
        frame = ops.clip_by_value(blend + mean + residual, 0.0, 1.0)
        return frame, (flow1, flow2, flow3, flow4), (feature1, feature2, feature3), mean

    def _refine(self, decoder, feature, feature0, feature1, flow):
        warped0 = self.warp(feature0, flow[:, :2])
        warped1 = self.warp(feature1, flow[:, 2:])
        return decoder(feature, warped0, warped1, flow)

    def _doubled(self, flow):
        return 2.0 * self.resize(flow, (2 * flow.shape[2], 2 * flow.shape[3]))

    def _scaled_size(self, shape):
        if self.flow_scale == 1.0:
            return shape[2:]
        return (int(shape[2] * self.flow_scale + 0.5), int(shape[3] * self.flow_scale + 0.5))


def _head_scales(features: int) -> np.ndarray:
    """Return the starting factors of a decoder's output: hardly any flow, features at their full size."""
    return np.concatenate([np.full(4, 0.1), np.ones(features)])


def _multiple(flow_scale: float) -> int:
    """Return the smallest multiple of 4 whose scaled size is a whole multiple of 16, the coarsest level's stride."""
    for multiple in range(4, 1025, 4):
        scaled = multiple * flow_scale
        if abs(scaled / 16 - round(scaled / 16)) < 1e-9 and scaled >= 15.5:
            return multiple
    raise ValueError(f"flow_scale needs a frame size up to 1024 that it scales to a multiple of 16; got {flow_scale}")

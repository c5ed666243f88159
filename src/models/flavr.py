"""FLAVR: a 3-D U-Net that shows four frames at once and returns every frame between the middle two.

Kalluri et al., "FLAVR: Flow-Agnostic Video Representations for Fast Frame Interpolation", WACV 2023.
"""

import math
from dataclasses import dataclass

from mindspore import Parameter, nn, ops
from mindspore.common.initializer import Normal, initializer

from src.models.layers import fan_in_uniform
from src.ops.conv3d import Convolution3d, TransposedConvolution3d
from src.ops.reflection import ReflectionPadding


@dataclass(frozen=True)
class Variant:
    """What differs between the published networks.

    outputs: frames between the middle two; encoder_bias: whether the encoder's 3x3x3 and stem convolutions have a
    bias. The published network with one output has none.
    """

    outputs: int
    encoder_bias: bool


VARIANTS = {
    "flavr_2x": Variant(outputs=1, encoder_bias=False),
    "flavr_4x": Variant(outputs=3, encoder_bias=True),
    "flavr_8x": Variant(outputs=7, encoder_bias=True),
}

# Of the encoder's stages, whose sizes are 1/2, 1/4, 1/8 and 1/8 of the frame's. Time keeps its four steps throughout.
_CHANNELS = (64, 128, 256, 512)
_STRIDES = (1, 2, 2, 1)


class Gate(nn.Cell):
    """Spatio-temporal feature gating: every channel times the sigmoid of a mixture of all channels' means."""

    def __init__(self, channels: int, weight_init, bias_init):
        super().__init__()
        self.convolution = Convolution3d(channels, channels, (1, 1, 1), weight_init=weight_init, bias_init=bias_init)

    def construct(self, x):
        return x * ops.sigmoid(self.convolution(_mean(x)))


class ResidualBlock(nn.Cell):
    """Two 3x3x3 convolutions, a gate, and a skip, which is a strided convolution where the shape changes."""

    def __init__(self, in_channels: int, channels: int, stride: int, bias: bool):
        super().__init__()
        self.first = _encoder_convolution(in_channels, channels, (3, 3, 3), stride, bias)
        self.second = _encoder_convolution(channels, channels, (3, 3, 3), 1, bias)
        self.gate = Gate(channels, _fan_out_normal(channels, 1), "zeros")
        if in_channels == channels and stride == 1:
            self.shortcut = nn.Identity()
        else:
            self.shortcut = _encoder_convolution(in_channels, channels, (1, 1, 1), stride, False)

    def construct(self, x):
        out = self.gate(self.second(ops.relu(self.first(x))))
        return ops.relu(out + self.shortcut(x))


class Encoder(nn.Cell):
    """Features of (B, 3, T, H, W): the stem's at 1/2 of the size, then those of the four stages."""

    def __init__(self, bias: bool):
        super().__init__()
        self.stem = _encoder_convolution(3, _CHANNELS[0], (3, 7, 7), 2, bias)
        self.stages = nn.CellList()
        in_channels = _CHANNELS[0]
        for channels, stride in zip(_CHANNELS, _STRIDES):
            self.stages.append(
                nn.SequentialCell(
                    ResidualBlock(in_channels, channels, stride, bias), ResidualBlock(channels, channels, 1, bias)
                )
            )
            in_channels = channels

    def construct(self, frames):
        feature = ops.relu(self.stem(frames))
        features = (feature,)
        for stage in self.stages:
            feature = stage(feature)
            features = features + (feature,)
        return features


class DecoderStage(nn.Cell):
    """Convolution, transposed where the size doubles, then gate and LeakyReLU."""

    def __init__(self, in_channels: int, channels: int, doubles: bool):
        super().__init__()
        if doubles:
            initial = fan_in_uniform(channels * 3 * 4 * 4)
            self.convolution = TransposedConvolution3d(in_channels, channels, initial, initial)
        else:
            initial = fan_in_uniform(in_channels * 3 * 3 * 3)
            self.convolution = Convolution3d(in_channels, channels, weight_init=initial, bias_init=initial)
        initial = fan_in_uniform(channels)
        self.gate = Gate(channels, initial, initial)

    def construct(self, x):
        return _leaky(self.gate(self.convolution(x)))


class TimeFusion(nn.Cell):
    """Mix all channels of all frames into one map: (B, C, T, H, W) -> (B, out_channels, H, W).

    weight: (out_channels, T * C, 1, 1), one frame's channels after the other's, as published. The kernel is reordered
    instead of the much larger features.
    """

    def __init__(self, frames: int, channels: int, out_channels: int):
        super().__init__()
        shape = (out_channels, frames * channels, 1, 1)
        self.weight = Parameter(initializer(fan_in_uniform(frames * channels), shape), name="weight")
        self.by_frame = (out_channels, frames, channels)
        self.convolution = ops.Conv2D(out_channels, (1, 1))

    def construct(self, x):
        batch, channels, frames, height, width = x.shape
        kernel = ops.transpose(self.weight.reshape(self.by_frame), (0, 2, 1))
        return self.convolution(
            x.reshape(batch, channels * frames, height, width), kernel.reshape(-1, channels * frames, 1, 1)
        )


class FLAVR(nn.Cell):
    """Return all frames between the second and the third of four frames.

    frame0, frame1, frame2, frame3: (B, 3, H, W) RGB in [0, 1], equally spaced in time, height and width multiples of
    `multiple`. Output: (B, 3, H, W) for one output, (B, outputs, 3, H, W) for more, not clipped to [0, 1]; output k
    of 1 ... outputs stands at time k / (outputs + 1) from frame1 to frame2. On a Vimeo90K septuplet, frames 1, 3, 5
    and 7 give frame 4. The network is not equivariant to the scale of its input: published weights want [0, 1].
    """

    task = "interpolation"
    inputs = 4
    scale = 1
    multiple = 8
    takes_time = False

    def __init__(self, variant: Variant):
        super().__init__()
        self.outputs = variant.outputs
        finest, fine, coarse, coarsest = _CHANNELS
        self.encoder = Encoder(variant.encoder_bias)
        self.decoder = nn.CellList(
            [
                DecoderStage(coarsest, coarse, doubles=False),
                DecoderStage(2 * coarse, fine, doubles=True),
                DecoderStage(2 * fine, finest, doubles=True),
                DecoderStage(2 * finest, finest, doubles=False),
                DecoderStage(2 * finest, finest, doubles=True),
            ]
        )
        self.fusion = TimeFusion(self.inputs, finest, finest)
        self.padding = ReflectionPadding(3)
        initial = fan_in_uniform(finest * 7 * 7)
        self.last = nn.Conv2d(
            finest, 3 * self.outputs, 7, pad_mode="valid", has_bias=True, weight_init=initial, bias_init=initial
        )

    def construct(self, frame0, frame1, frame2, frame3):
        frames = self.trace(frame0, frame1, frame2, frame3)
        return frames if self.outputs > 1 else frames.reshape(frame0.shape)

    def trace(self, frame0, frame1, frame2, frame3):
        """Return (B, outputs, 3, H, W), also when there is a single output."""
        frames = ()
        for frame in (frame0, frame1, frame2, frame3):
            frames = frames + (ops.expand_dims(frame, 2),)
        frames = ops.concat(frames, 2)
        # (B, 3, 1, 1, 1): one mean a sample and channel, over all four frames
        mean = _mean(frames)
        features = self.encoder(frames - mean)
        feature = features[4]
        for level in range(4):
            feature = ops.concat((self.decoder[level](feature), features[3 - level]), 1)
        feature = self.decoder[4](feature)
        feature = _leaky(self.fusion(feature))
        out = self.last(self.padding(feature))
        batch, _, height, width = frame0.shape
        return out.reshape(batch, self.outputs, 3, height, width) + mean.reshape(batch, 1, 3, 1, 1)


def _mean(x):
    """Return the mean of (B, C, T, H, W) over time and space, (B, C, 1, 1, 1)."""
    batch, channels = x.shape[:2]
    return x.reshape(batch, channels, -1).mean(2).reshape(batch, channels, 1, 1, 1)


def _leaky(x):
    """Return x, times 0.2 where it is negative."""
    # of ReLU, as the gradient of nn.LeakyReLU takes five times as long on CPU
    positive = ops.relu(x)
    return positive + 0.2 * (x - positive)


def _fan_out_normal(out_channels: int, taps: int) -> Normal:
    """Return He's initialiser with the fan-out of a kernel of that many taps (He et al., ICCV 2015)."""
    return Normal(math.sqrt(2.0 / (out_channels * taps)))


def _encoder_convolution(in_channels: int, out_channels: int, kernel: tuple, stride: int, bias: bool) -> Convolution3d:
    weight_init = _fan_out_normal(out_channels, math.prod(kernel))
    return Convolution3d(in_channels, out_channels, kernel, stride, bias, weight_init, "zeros")

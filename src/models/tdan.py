"""TDAN: neighbouring frames aligned by deformable convolutions, then joined into one that is four times as large.

Tian et al., "TDAN: Temporally-Deformable Alignment Network for Video Super-Resolution", CVPR 2020.
"""

import math

from mindspore import nn, ops
from mindspore.common.initializer import Normal, Uniform, Zero

from src.models.layers import Convolution
from src.ops.convolution import Convolution2d
from src.ops.deform_conv import DeformableConvolution
from src.ops.pixel_shuffle import PixelShuffle

_CHANNELS = 64
_DEFORM_GROUPS = 8
_TAPS = 9


def _convolution(in_channels: int, out_channels: int, factor: float = 1.0) -> Convolution2d:
    """Return a 3x3 convolution whose weights start with `factor` times He et al.'s deviation, its biases at zero."""
    deviation = factor * math.sqrt(2.0 / (9 * in_channels))
    return Convolution2d(in_channels, out_channels, weight_init=Normal(deviation), bias_init=Zero())


class ResidualBlock(nn.Cell):
    """Two convolutions and a skip; the weights start small, so that a deep stack of blocks starts as the identity."""

    def __init__(self):
        super().__init__()
        self.first = _convolution(_CHANNELS, _CHANNELS, 0.1)
        self.second = _convolution(_CHANNELS, _CHANNELS, 0.1)

    def construct(self, x):
        return x + self.second(ops.relu(self.first(x)))


class Residuals(nn.Cell):
    """Convolution, ReLU, and residual blocks: (B, in_channels, H, W) -> (B, 64, H, W)."""

    def __init__(self, in_channels: int, blocks: int):
        super().__init__()
        self.first = _convolution(in_channels, _CHANNELS)
        self.blocks = nn.CellList([ResidualBlock() for _ in range(blocks)])

    def construct(self, x):
        x = ops.relu(self.first(x))
        for block in self.blocks:
            x = block(x)
        return x


class GuidedDeformation(nn.Cell):
    """Deformable convolution of `x` whose offsets are a convolution of `guide`; both (B, 64, H, W).

    The offsets start at zero, where it is an ordinary convolution.
    """

    def __init__(self):
        super().__init__()
        self.offsets = Convolution2d(_CHANNELS, 2 * _TAPS * _DEFORM_GROUPS, weight_init=Zero(), bias_init=Zero())
        self.convolution = DeformableConvolution(
            _CHANNELS,
            _CHANNELS,
            deform_groups=_DEFORM_GROUPS,
            bias=False,
            weight_init=Uniform(math.sqrt(6.0 / (_TAPS * _CHANNELS))),
        )

    def construct(self, x, guide):
        return self.convolution(x, self.offsets(guide))


class Alignment(nn.Cell):
    """Features of the middle frame and of a neighbour (B, 64, H, W) -> the neighbour as seen at the middle's time.

    Output: (B, 3, H, W), a frame (section 3.2).
    """

    def __init__(self):
        super().__init__()
        self.join = Convolution(2 * _CHANNELS, _CHANNELS)
        self.refine_first = GuidedDeformation()
        self.refine_second = GuidedDeformation()
        self.align_first = GuidedDeformation()
        self.align_second = GuidedDeformation()
        self.to_rgb = Convolution(_CHANNELS, 3)

    def construct(self, middle, neighbour):
        guide = self.join(ops.concat((middle, neighbour), 1))
        guide = self.refine_first(guide, guide)
        guide = self.refine_second(guide, guide)
        aligned = self.align_first(neighbour, guide)
        return self.to_rgb(self.align_second(aligned, aligned))


class Reconstruction(nn.Cell):
    """Five aligned frames (B, 15, H, W) -> one frame (B, 3, 4H, 4W) (section 3.3)."""

    def __init__(self):
        super().__init__()
        self.features = Residuals(15, 10)
        self.upsample_first = _convolution(_CHANNELS, 4 * _CHANNELS)
        self.upsample_second = _convolution(_CHANNELS, 4 * _CHANNELS)
        self.last = Convolution(_CHANNELS, 3, bias=False)
        self.shuffle = PixelShuffle(2)

    def construct(self, x):
        x = self.shuffle(self.upsample_first(self.features(x)))
        x = self.shuffle(self.upsample_second(x))
        return self.last(x)


class TDAN(nn.Cell):
    """Enlarge the middle one of five frames four times.

    Frames: (B, 3, H, W) RGB in [0, 1], of any height and width. Output: (B, 3, 4H, 4W), not clipped.

    The deformable convolutions are MMagic's, where a neighbour outside the map counts as zero. The operator of the
    authors' own repository repeats the last row and column for a pixel and drops all that lies before the first: with
    their weights, a few pixels along the border come out differently.
    """

    task = "super_resolution"
    inputs = 5
    outputs = 1
    scale = 4
    multiple = 1
    takes_time = False

    def __init__(self):
        super().__init__()
        self.extraction = Residuals(3, 5)
        self.alignment = Alignment()
        self.reconstruction = Reconstruction()

    def construct(self, frame0, frame1, frame2, frame3, frame4):
        return self.trace(frame0, frame1, frame2, frame3, frame4)[0]

    def trace(self, *frames):
        """Return (frame, aligned): aligned is (B, 5, 3, H, W), each frame as seen at the middle's time, in [0, 1].

        The third of them is the middle frame itself.
        """
        batch, channels, height, width = frames[2].shape
        features = ()
        for frame in frames:
            features = features + (self.extraction(frame - 0.5),)
        aligned = ()
        for i in range(5):
            if i == 2:
                aligned = aligned + (frames[2] - 0.5,)
            else:
                aligned = aligned + (self.alignment(features[2], features[i]),)
        aligned = ops.concat(aligned, 1)
        frame = self.reconstruction(aligned) + 0.5
        return frame, (aligned + 0.5).reshape(batch, self.inputs, channels, height, width)

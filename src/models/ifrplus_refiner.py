"""The second half of IFR+: deformable alignment guided by the flow, and fusion of three scales on a grid.

Mindediting, `ifr_plus` (no paper); the grid is GridNet's: Fourure et al., "Residual Conv-Deconv Grid Network for
Semantic Segmentation", BMVC 2017, as Niklaus and Liu's "Context-aware Synthesis for Video Frame Interpolation", CVPR
2018, uses it.
"""

from mindspore import nn, ops
from mindspore.common.initializer import Zero

from src.models.layers import Convolution, fan_in_uniform
from src.ops.convolution import Convolution2d
from src.ops.deform_conv import DeformableConvolution
from src.ops.prelu import PReLU
from src.ops.resize import Resize
from src.ops.warp import Warp

_DEFORM_GROUPS = 8
_TAPS = 9


class ClampedPReLU(PReLU):
    """PReLU whose slopes pass through ReLU: a negative one acts as zero, and training makes it zero."""

    def construct(self, x):
        slope = ops.relu(self.slope)
        if self.training:
            slope = ops.depend(slope, ops.assign(self.slope, slope))
        return self.rectified(x, slope)


def zero_convolution(in_channels: int, out_channels: int) -> Convolution2d:
    """Return a 3x3 convolution that starts at zero, so that a deformation starts undeformed."""
    return Convolution2d(in_channels, out_channels, weight_init=Zero(), bias_init=Zero())


class FlowGuidedDeformation(nn.Cell):
    """Correct a warped feature by a deformable convolution of the unwarped one, deformed along the flow.

    feature, warped, other: (B, C, H, W), the last two those of both frames as seen at the missing frame's time; flow:
    (B, 2, H, W) in pixels towards `feature`; coarser: (B, coarser_channels, H, W), the guide of the coarser scale, or
    None. Returns the corrected feature and the guide (B, guide_channels, H, W) for the finer scale.
    """

    def __init__(self, channels: int, guide_channels: int, coarser_channels: int = 0):
        super().__init__()
        self.join = Convolution(2 * channels, guide_channels)
        self.second = Convolution(guide_channels, guide_channels)
        self.third = Convolution(guide_channels + coarser_channels, guide_channels)
        self.last = Convolution(guide_channels, guide_channels)
        self.offsets = zero_convolution(guide_channels, 2 * _TAPS * _DEFORM_GROUPS)
        self.mask = zero_convolution(guide_channels, _TAPS * _DEFORM_GROUPS)
        self.convolution = DeformableConvolution(
            channels, channels, deform_groups=_DEFORM_GROUPS, weight_init=fan_in_uniform(_TAPS * channels)
        )

    def construct(self, feature, warped, other, flow, coarser=None):
        guide = ops.relu(self.second(ops.relu(self.join(ops.concat((warped, other), 1)))))
        if coarser is not None:
            guide = ops.concat((guide, coarser), 1)
        guide = ops.relu(self.last(ops.relu(self.third(guide))))
        # offsets are y, x for every tap, a flow is x, y
        along_flow = ops.tile(ops.concat((flow[:, 1:2], flow[:, 0:1]), 1), (1, _TAPS * _DEFORM_GROUPS, 1, 1))
        corrected = self.convolution(feature, self.offsets(guide) + along_flow, ops.sigmoid(self.mask(guide)))
        return warped + corrected, guide


class GridEntry(nn.Cell):
    """Two convolutions with a PReLU between them."""

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__()
        self.first = Convolution(in_channels, out_channels)
        self.activation = ClampedPReLU(1)
        self.second = Convolution(out_channels, out_channels)

    def construct(self, x):
        return self.second(self.activation(self.first(x)))


class GridStep(nn.Cell):
    """Two convolutions, a PReLU before each; with stride 2 the map is halved."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1):
        super().__init__()
        self.first_activation = ClampedPReLU(1)
        self.first = Convolution(in_channels, out_channels, stride=stride)
        self.second_activation = ClampedPReLU(1)
        self.second = Convolution(out_channels, out_channels)

    def construct(self, x):
        return self.second(self.second_activation(self.first(self.first_activation(x))))


class Grid(nn.Cell):
    """Three rows (scales) of six columns: information moves down in the first three columns, up in the last three.

    finest, middle, coarsest: (B, in_channels[i], h, w) at 1, 1/2 and 1/4 of the size; output: (B, 3, H, W).
    """

    def __init__(self, in_channels: tuple, channels: tuple):
        super().__init__()
        self.entries = nn.CellList([GridEntry(*pair) for pair in zip(in_channels, channels)])
        # five steps of each row, row by row; three steps between the rows, row by row
        self.along = nn.CellList([GridStep(width, width) for width in channels for _ in range(5)])
        self.down = nn.CellList(
            [GridStep(*pair, stride=2) for pair in zip(channels[:-1], channels[1:]) for _ in range(3)]
        )
        self.up = nn.CellList([GridStep(*pair) for pair in zip(channels[1:], channels[:-1]) for _ in range(3)])
        self.exit = GridStep(channels[0], 3)
        self.resize = Resize(align_corners=True)

    def construct(self, finest, middle, coarsest):
        finest = self.entries[0](finest)
        middle = self.entries[1](middle) + self.down[0](finest)
        coarsest = self.entries[2](coarsest) + self.down[3](middle)
        for column in range(2):
            finest = self.along[column](finest) + finest
            middle = self.down[1 + column](finest) + self.along[5 + column](middle) + middle
            coarsest = self.down[4 + column](middle) + self.along[10 + column](coarsest) + coarsest
        for column in range(3):
            coarsest = self.along[12 + column](coarsest) + coarsest
            enlarged = self.resize(coarsest, middle.shape[2:])
            middle = self.up[3 + column](enlarged) + self.along[7 + column](middle) + middle
            enlarged = self.resize(middle, finest.shape[2:])
            finest = self.up[column](enlarged) + self.along[2 + column](finest) + finest
        return self.exit(finest)


class Refiner(nn.Cell):
    """What the first estimate of the missing frame lacks: features of three frames and two flows -> (B, 3, H, W).

    features0, features1, features: three maps each, at 1, 1/2 and 1/4 of the size, of the frames and of the estimate;
    flow0, flow1: (B, 2, H, W) in pixels. H and W are multiples of 4.
    """

    def __init__(self, channels: tuple, guide_channels: tuple, grid_channels: tuple):
        super().__init__()
        coarser_channels = guide_channels[1:] + (0,)
        levels = tuple(zip(channels, guide_channels, coarser_channels))
        self.align0 = nn.CellList([FlowGuidedDeformation(*level) for level in levels])
        self.align1 = nn.CellList([FlowGuidedDeformation(*level) for level in levels])
        self.grid = Grid(tuple(3 * width for width in channels), grid_channels)
        self.warp = Warp("border")
        self.resize = Resize()

    def construct(self, features0, features1, features, flow0, flow1):
        guide0, guide1 = None, None
        joined = ()
        for level in (2, 1, 0):
            feature0, feature1 = features0[level], features1[level]
            size = feature0.shape[2:]
            scale = 1.0 / 2**level
            scaled0 = scale * self.resize(flow0, size)
            scaled1 = scale * self.resize(flow1, size)
            if level < 2:
                guide0, guide1 = self.resize(guide0, size), self.resize(guide1, size)
            warped0 = self.warp(feature0, scaled0)
            warped1 = self.warp(feature1, scaled1)
            aligned0, guide0 = self.align0[level](feature0, warped0, warped1, scaled0, guide0)
            aligned1, guide1 = self.align1[level](feature1, warped1, warped0, scaled1, guide1)
            joined = (ops.concat((aligned0, aligned1, features[level]), 1),) + joined
        return self.grid(joined[0], joined[1], joined[2])

"""SPyNet: optical flow from coarse to fine, each level adding to the flow of the one below.

Ranjan and Black, "Optical Flow Estimation Using a Spatial Pyramid Network", CVPR 2017. The variants of four levels
are those of Xue et al., "Video Enhancement with Task-Oriented Flow", IJCV 2019.
"""

from dataclasses import dataclass

import numpy as np
from mindspore import Tensor, nn, ops

from src.models.layers import Convolution
from src.ops.batch_norm import BatchNormReLU
from src.ops.resize import Resize
from src.ops.warp import BORDER, ZEROS, Warp

_WIDTHS = (8, 32, 64, 32, 16)
_KERNEL = 7


@dataclass(frozen=True)
class Variant:
    """One published form.

    levels: of the pyramid; multiple: what height and width must divide by; batch_norm: after every convolution but
    the last of a level, and instead of their biases; padding: of the warps.
    """

    levels: int
    multiple: int
    batch_norm: bool
    padding: str


VARIANTS = {
    "spynet": Variant(levels=4, multiple=16, batch_norm=False, padding=BORDER),
    "spynet_bn": Variant(levels=4, multiple=16, batch_norm=True, padding=ZEROS),
    "spynet_6": Variant(levels=6, multiple=32, batch_norm=False, padding=BORDER),
}


class ImageNetScale(nn.Cell):
    """Frames in [0, 1] to the mean and deviation of ImageNet's colours; `restored` leads back."""

    def __init__(self):
        super().__init__()
        mean = np.array([0.485, 0.456, 0.406], np.float32).reshape(1, 3, 1, 1)
        deviation = np.array([0.229, 0.224, 0.225], np.float32).reshape(1, 3, 1, 1)
        self.mean, self.deviation, self.ratio = Tensor(mean), Tensor(deviation), Tensor(mean / deviation)

    def construct(self, frame):
        return (frame - self.mean) / self.deviation

    def restored(self, frame):
        """Return a normalised frame in [0, 1] again."""
        # not a product and then a sum, which MindSpore Lite tries to join into one operator, and fails
        return (frame + self.ratio) * self.deviation


class HiddenLayer(nn.Cell):
    """Convolution, batch normalisation where the variant has it, ReLU."""

    def __init__(self, in_channels: int, out_channels: int, batch_norm: bool):
        super().__init__()
        self.convolution = Convolution(in_channels, out_channels, _KERNEL, bias=not batch_norm)
        self.batch_norm = batch_norm
        if batch_norm:
            self.normalisation = BatchNormReLU(out_channels)

    def construct(self, x):
        x = self.convolution(x)
        return self.normalisation(x) if self.batch_norm else ops.relu(x)


class Level(nn.Cell):
    """What one level adds to the flow: first frame, warped second frame and flow (B, 8, H, W) -> (B, 2, H, W)."""

    def __init__(self, batch_norm: bool):
        super().__init__()
        self.hidden = nn.CellList(
            [HiddenLayer(_WIDTHS[i], _WIDTHS[i + 1], batch_norm) for i in range(len(_WIDTHS) - 1)]
        )
        self.last = Convolution(_WIDTHS[-1], 2, _KERNEL)

    def construct(self, x):
        for layer in self.hidden:
            x = layer(x)
        return self.last(x)


class SPyNet(nn.Cell):
    """Estimate the flow between two frames.

    first, second: (B, 3, H, W) RGB in [0, 1], height and width multiples of `multiple`. Output: (B, 2, H, W), the flow
    from the first frame towards the second in pixels, channel 0 along x.
    """

    task = "flow"
    inputs = 2
    outputs = 1
    scale = 1
    takes_time = False

    def __init__(self, variant: Variant):
        super().__init__()
        self.multiple = variant.multiple
        self.level_count = variant.levels
        self.normalise = ImageNetScale()
        self.levels = nn.CellList([Level(variant.batch_norm) for _ in range(variant.levels)])
        self.shrink = Resize()
        self.enlarge = Resize(align_corners=True)
        self.warp = Warp(variant.padding)

    def construct(self, first, second):
        return self.trace(first, second)[0]

    def trace(self, first, second):
        """Return the flow of every level, finest first, in pixels of its own size."""
        return self.estimate(self.pyramid(self.normalise(first)), self.pyramid(self.normalise(second)))

    def pyramid(self, frame):
        """Return a normalised frame (B, 3, H, W) at every level's size, coarsest first."""
        frames = (frame,)
        for _ in range(self.level_count - 1):
            # half-pixel bilinear at half the size is the mean of each 2 x 2 pixels
            frame = self.shrink(frame, (frame.shape[2] // 2, frame.shape[3] // 2))
            frames = (frame,) + frames
        return frames

    def estimate(self, first, second):
        """Return the flow of every level, finest first, from one pyramid towards another."""
        # zeros; subtracted rather than created, because MindSpore Lite does not join constants to maps
        flow = first[0][:, :2] - first[0][:, :2]
        warped = second[0]
        flows = ()
        for i in range(self.level_count):
            if i > 0:
                flow = 2.0 * self.enlarge(flow, first[i].shape[2:])
                warped = self.warp(second[i], flow)
            flow = flow + self.levels[i](ops.concat((first[i], warped, flow), 1))
            flows = (flow,) + flows
        return flows

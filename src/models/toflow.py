"""TOFlow: frames aligned by a flow that is learned for the task, then joined by a few convolutions.

Xue et al., "Video Enhancement with Task-Oriented Flow", IJCV 2019.
"""

from mindspore import nn, ops

from src.models.layers import Convolution
from src.models.spynet import VARIANTS, ImageNetScale, SPyNet
from src.ops.bicubic import BicubicResize
from src.ops.warp import ZEROS, Warp


class TOFlowInterpolation(nn.Cell):
    """Interpolate the frame in the middle of two (section 4).

    frame0, frame1: (B, 3, H, W) RGB in [0, 1], height and width multiples of 16. Output: (B, 3, H, W), not clipped.
    """

    task = "interpolation"
    inputs = 2
    outputs = 1
    scale = 1
    multiple = VARIANTS["spynet"].multiple
    takes_time = False

    def __init__(self):
        super().__init__()
        self.normalise = ImageNetScale()
        self.spynet = SPyNet(VARIANTS["spynet"])
        self.warp = Warp(ZEROS)
        self.fusion = nn.SequentialCell(
            Convolution(6, 64, 9), nn.ReLU(), Convolution(64, 64, 1), nn.ReLU(), Convolution(64, 3, 1)
        )

    def construct(self, frame0, frame1):
        return self.trace(frame0, frame1)[0]

    def trace(self, frame0, frame1):
        """Return (frame, flows): flows are (B, 4, H, W), x and y towards frame0, then towards frame1, in pixels."""
        frame0, frame1 = self.normalise(frame0), self.normalise(frame1)
        pyramid0, pyramid1 = self.spynet.pyramid(frame0), self.spynet.pyramid(frame1)
        # motion is taken as linear, and as the same at the middle as where the flow starts: half of it either way
        flow0 = 0.5 * self.spynet.estimate(pyramid1, pyramid0)[0]
        flow1 = 0.5 * self.spynet.estimate(pyramid0, pyramid1)[0]
        warped0, warped1 = self.warp(frame0, flow0), self.warp(frame1, flow1)
        frame = self.fusion(ops.concat((warped0, warped1), 1)) + 0.5 * (warped0 + warped1)
        return self.normalise.restored(frame), ops.concat((flow0, flow1), 1)


class TOFlowSuperResolution(nn.Cell):
    """Enlarge the middle one of seven frames four times (section 4).

    Frames: (B, 3, H, W) RGB in [0, 1], height and width multiples of 4. Output: (B, 3, 4H, 4W), not clipped.

    The published network reads frames that are enlarged already, bicubically by Matlab's imresize and stored as
    pictures; here they are enlarged and clipped to [0, 1] on the way in (`enhance` takes them from there).
    middle_first: the order in which the aligned frames are joined. The middle frame goes first in the published
    weights, which come from the authors' own implementation; False keeps the order of time.
    """

    task = "super_resolution"
    inputs = 7
    outputs = 1
    scale = 4
    multiple = VARIANTS["spynet_bn"].multiple // 4
    takes_time = False

    def __init__(self, middle_first: bool = True):
        super().__init__()
        self.order = (3, 0, 1, 2, 4, 5, 6) if middle_first else (0, 1, 2, 3, 4, 5, 6)
        self.enlarge = BicubicResize()
        self.normalise = ImageNetScale()
        self.spynet = SPyNet(VARIANTS["spynet_bn"])
        self.warp = Warp(ZEROS)
        self.restoration = nn.SequentialCell(
            Convolution(3 * 7, 64, 9),
            nn.ReLU(),
            Convolution(64, 64, 9),
            nn.ReLU(),
            Convolution(64, 64, 1),
            nn.ReLU(),
            Convolution(64, 3, 1),
        )

    def construct(self, frame0, frame1, frame2, frame3, frame4, frame5, frame6):
        return self.trace(frame0, frame1, frame2, frame3, frame4, frame5, frame6)[0]

    def trace(self, *frames):
        """Return (frame, flows): flows are six maps (B, 2, 4H, 4W) from the middle frame towards each other one."""
        size = (self.scale * frames[0].shape[2], self.scale * frames[0].shape[3])
        enlarged = ()
        for frame in frames:
            enlarged = enlarged + (ops.clip_by_value(self.enlarge(frame, size), 0.0, 1.0),)
        return self.enhance(*enlarged)

    def enhance(self, *frames):
        """Return what `trace` does from seven frames (B, 3, 4H, 4W) that are enlarged already."""
        middle = self.normalise(frames[3])
        middle_pyramid = self.spynet.pyramid(middle)
        aligned, flows = (), ()
        for i in self.order:
            if i == 3:
                aligned = aligned + (middle,)
            else:
                frame = self.normalise(frames[i])
                flow = self.spynet.estimate(middle_pyramid, self.spynet.pyramid(frame))[0]
                aligned = aligned + (self.warp(frame, flow),)
                flows = flows + (flow,)
        restored = self.restoration(ops.concat(aligned, 1)) + middle
        return self.normalise.restored(restored), flows

"""IFR+: IFRNet with a ConvNeXt V2 encoder, five flows at once, and a refiner that is guided by their mean.

Mindediting, `ifr_plus`; Kong et al., "IFRNet: Intermediate Feature Refine Network for Efficient Frame Interpolation",
CVPR 2022, for the frame of it.
"""

from mindspore import nn, ops

from src.models.convnext import Pyramid
from src.models.ifrplus_refiner import ClampedPReLU, Refiner, zero_convolution
from src.models.layers import Convolution, Upsampling, fan_in_uniform
from src.models.spynet import ImageNetScale
from src.ops.deform_conv import DeformableConvolution
from src.ops.resize import Resize
from src.ops.warp import Warp

_ENCODER_CHANNELS = (48, 96, 192, 384)
_CHANNELS = (64, 96, 144, 192)
_SIDE_CHANNELS = 64
_REFINER_CHANNELS = (24, 48, 96)
_GUIDE_CHANNELS = (24, 48, 96)
_GRID_CHANNELS = (32, 64, 96)
_DEFORM_GROUPS = 4
_TAPS = 9
_FLOWS = 5
_TIME = 0.5


class ConvolutionPReLU(nn.Cell):
    """Convolution followed by a PReLU without negative slopes."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int = 3):
        super().__init__()
        self.convolution = Convolution(in_channels, out_channels, kernel)
        self.activation = ClampedPReLU(out_channels)

    def construct(self, x):
        return self.activation(self.convolution(x))


class Adapter(nn.Cell):
    """A pixelwise convolution and PReLU for each map of a pyramid."""

    def __init__(self, in_channels: tuple, out_channels: tuple):
        super().__init__()
        self.levels = nn.CellList([ConvolutionPReLU(*pair, 1) for pair in zip(in_channels, out_channels)])

    def construct(self, pyramid):
        adapted = ()
        for level in range(len(self.levels)):
            adapted = adapted + (self.levels[level](pyramid[level]),)
        return adapted


class SqueezeExcitation(nn.Cell):
    """Weight each channel by what the channels' means say (Hu et al., CVPR 2018, reduction 16)."""

    def __init__(self, channels: int):
        super().__init__()
        self.squeeze = Convolution(channels, channels // 16, 1)
        self.excite = Convolution(channels // 16, channels, 1)

    def construct(self, x):
        batch, channels, _, _ = x.shape
        mean = x.reshape(batch, channels, -1).mean(2).reshape(batch, channels, 1, 1)
        return x * ops.sigmoid(self.excite(ops.relu(self.squeeze(mean))))


class SideRefinement(nn.Cell):
    """Modulated deformable convolution steered by its own input, PReLU, squeeze and excitation."""

    def __init__(self, channels: int):
        super().__init__()
        self.steer = zero_convolution(channels, 3 * _TAPS * _DEFORM_GROUPS)
        self.convolution = DeformableConvolution(
            channels, channels, deform_groups=_DEFORM_GROUPS, weight_init=fan_in_uniform(_TAPS * channels)
        )
        self.activation = ClampedPReLU(channels)
        self.attention = SqueezeExcitation(channels)

    def construct(self, x):
        steering = self.steer(x)
        split = 2 * _TAPS * _DEFORM_GROUPS
        out = self.convolution(x, steering[:, :split], ops.sigmoid(steering[:, split:]))
        return self.attention(self.activation(out))


class ResidualBlock(nn.Cell):
    """Three convolutions, attention and a skip; the last channels are refined by themselves in between."""

    def __init__(self, channels: int):
        super().__init__()
        self.kept = channels - _SIDE_CHANNELS
        self.first = ConvolutionPReLU(channels, channels)
        self.first_side = SideRefinement(_SIDE_CHANNELS)
        self.second = ConvolutionPReLU(channels, channels)
        self.second_side = SideRefinement(_SIDE_CHANNELS)
        self.last = Convolution(channels, channels)
        self.attention = SqueezeExcitation(channels)
        self.activation = ClampedPReLU(channels)

    def construct(self, x):
        out = self.first(x)
        out = ops.concat((out[:, : self.kept], self.first_side(out[:, self.kept :])), 1)
        out = self.second(out)
        out = ops.concat((out[:, : self.kept], self.second_side(out[:, self.kept :])), 1)
        return self.activation(x + self.attention(self.last(out)))


class Decoder(nn.Cell):
    """One refinement: join, residual block, x2 upsampling."""

    def __init__(self, in_channels: int, channels: int, out_channels: int):
        super().__init__()
        self.join = ConvolutionPReLU(in_channels, channels)
        self.block = ResidualBlock(channels)
        self.upsample = Upsampling(channels, out_channels)

    def construct(self, *inputs):
        return self.upsample(self.block(self.join(ops.concat(inputs, 1))))


class IFRPlus(nn.Cell):
    """Interpolate the frame in the middle of two.

    frame0, frame1: (B, 3, H, W) RGB in [0, 1], height and width multiples of `multiple`. Output: (B, 3, H, W) in
    [0, 1].

    flow_scale: the scale at which motion is estimated; the full-size frames are warped by the enlarged flows.
    refiner_scale: the scale of the refiner, whose output is enlarged. `multiple` grows accordingly. Published settings
    (flow, refiner): 1, 1 for frames of 360 lines; 0.25, 1 for 1080; 0.125, 0.5 for 2160.
    """

    task = "interpolation"
    inputs = 2
    outputs = 1
    scale = 1
    takes_time = False

    def __init__(self, flow_scale: float = 1.0, refiner_scale: float = 1.0):
        super().__init__()
        self.flow_scale = flow_scale
        self.refiner_scale = refiner_scale
        self.multiple = _multiple(flow_scale, refiner_scale)
        finest, fine, coarse, coarsest = _CHANNELS
        self.encoder = Pyramid(_ENCODER_CHANNELS, depths=(2, 2, 6, 2), stem_kernel=4, stem_stride=2)
        self.adapter = Adapter(_ENCODER_CHANNELS, _CHANNELS)
        self.decoder4 = Decoder(2 * coarsest + 1, 2 * coarsest, 4 + coarse)
        self.decoder3 = Decoder(3 * coarse, 3 * coarse, 10 + fine)
        self.decoder2 = Decoder(3 * fine, 3 * fine, 10 + finest)
        self.decoder1 = Decoder(3 * finest, 3 * finest, 14 * _FLOWS)
        self.combine = nn.SequentialCell(
            ConvolutionPReLU(3 * _FLOWS, 6 * _FLOWS, 7),
            Convolution(6 * _FLOWS, 3, 7),
        )
        self.refiner_encoder = Pyramid(_REFINER_CHANNELS, depths=(2, 2, 2), stem_kernel=3, stem_stride=1)
        self.refiner_adapter = Adapter(_REFINER_CHANNELS, _REFINER_CHANNELS)
        self.refiner = Refiner(_REFINER_CHANNELS, _GUIDE_CHANNELS, _GRID_CHANNELS)
        self.warp = Warp("border")
        self.resize = Resize()
        self.normalise = ImageNetScale()

    def construct(self, frame0, frame1):
        return ops.clip_by_value(self.trace(frame0, frame1)[0], 0.0, 1.0)

    def trace(self, frame0, frame1):
        """Return (frame, flows) for the losses.

        frame: the interpolated frame before it is clipped. flows: four maps (B, 4, h, w), x and y towards frame0, then
        towards frame1, in pixels of their own size: the mean of the finest ones at full size first, then those at 1/2,
        1/4 and 1/8 of the size at which motion is estimated.
        """
        frame0, frame1 = self.normalise(frame0), self.normalise(frame1)
        flows0, flows1, mask, residual, coarser = self._estimate(frame0, frame1)
        size = frame0.shape[2:]
        flows0 = self.resize(flows0, size) * (1.0 / self.flow_scale)
        flows1 = self.resize(flows1, size) * (1.0 / self.flow_scale)
        mask = self.resize(mask, size)
        residual = self.resize(residual, size)
        blend = self._combined(frame0, frame1, flows0, flows1, mask, residual)
        flow0, flow1 = _mean_flow(flows0), _mean_flow(flows1)
        frame = blend + self._refined(frame0, frame1, blend, flow0, flow1)
        return self.normalise.restored(frame), (ops.concat((flow0, flow1), 1),) + coarser

    def _estimate(self, frame0, frame1):
        """Return what the finest decoder says, at the scale of motion: flows, mask, residual; and the coarser flows.

        flows0, flows1: (B, 10, h, w), five flows towards each frame; mask: (B, 5, h, w); residual: (B, 15, h, w); the
        coarser flows are those that `trace` returns.
        """
        batch = frame0.shape[0]
        frames = ops.concat((frame0, frame1), 0)
        pyramid = self.adapter(self.encoder(self.resize(frames, _scaled_size(frames.shape, self.flow_scale))))
        # computed rather than created, because MindSpore Lite does not join constants to maps
        time = pyramid[3][:batch, :1] - pyramid[3][:batch, :1] + _TIME
        out = self.decoder4(pyramid[3][:batch], pyramid[3][batch:], time)
        flow0, flow1, feature = out[:, :2], out[:, 2:4], out[:, 4:]
        flows = (out[:, :4],)

        out = self._decoded(self.decoder3, feature, pyramid[2], flow0, flow1)
        flow0 = out[:, :2] + self._upsampled(flow0, out[:, 4:7])
        flow1 = out[:, 2:4] + self._upsampled(flow1, out[:, 7:10])
        flows = (ops.concat((flow0, flow1), 1),) + flows

        out = self._decoded(self.decoder2, out[:, 10:], pyramid[1], flow0, flow1)
        flow0 = out[:, :2] + self._upsampled(flow0, out[:, 4:7])
        flow1 = out[:, 2:4] + self._upsampled(flow1, out[:, 7:10])
        flows = (ops.concat((flow0, flow1), 1),) + flows

        out = self._decoded(self.decoder1, out[:, 10:], pyramid[0], flow0, flow1)
        flows0 = out[:, :10] + self._upsampled(flow0, out[:, 20:35])
        flows1 = out[:, 10:20] + self._upsampled(flow1, out[:, 35:50])
        return flows0, flows1, out[:, 50:55], out[:, 55:], flows

    def _decoded(self, decoder, feature, features, flow0, flow1):
        batch = flow0.shape[0]
        warped = self.warp(features, ops.concat((flow0, flow1), 0))
        return decoder(feature, warped[:batch], warped[batch:])

    def _upsampled(self, flow, steering):
        """Double a flow (B, 2, h, w) -> (B, 2 n, 2h, 2w), each pixel free to take the flow of another one.

        steering: (B, 3 n, 2h, 2w), for n results n flows to the pixel taken, then n masks of the pixel's own flow.
        """
        count = steering.shape[1] // 3
        batch, _, height, width = steering.shape
        doubled = 2.0 * self.resize(flow, (height, width))
        doubled = ops.tile(doubled, (1, count, 1, 1)).reshape(batch * count, 2, height, width)
        inner = steering[:, : 2 * count].reshape(batch * count, 2, height, width)
        mask = ops.sigmoid(steering[:, 2 * count :]).reshape(batch * count, 1, height, width)
        upsampled = self.warp(doubled, inner) * (1.0 - mask) + doubled * mask
        return upsampled.reshape(batch, 2 * count, height, width)

    def _combined(self, frame0, frame1, flows0, flows1, mask, residual):
        batch, _, height, width = frame0.shape
        candidates = batch * _FLOWS
        frame0 = ops.tile(frame0, (1, _FLOWS, 1, 1)).reshape(candidates, 3, height, width)
        frame1 = ops.tile(frame1, (1, _FLOWS, 1, 1)).reshape(candidates, 3, height, width)
        warped0 = self.warp(frame0, flows0.reshape(candidates, 2, height, width))
        warped1 = self.warp(frame1, flows1.reshape(candidates, 2, height, width))
        mask = ops.sigmoid(mask).reshape(candidates, 1, height, width)
        blended = mask * warped0 + (1.0 - mask) * warped1 + residual.reshape(candidates, 3, height, width)
        mean = blended.reshape(batch, _FLOWS, -1).mean(1).reshape(batch, 3, height, width)
        return mean + self.combine(blended.reshape(batch, 3 * _FLOWS, height, width))

    def _refined(self, frame0, frame1, blend, flow0, flow1):
        batch = frame0.shape[0]
        size = _scaled_size(frame0.shape, self.refiner_scale)
        frames = self.resize(ops.concat((frame0, frame1, blend), 0), size)
        pyramid = self.refiner_adapter(self.refiner_encoder(frames))
        flow0 = self.refiner_scale * self.resize(flow0, size)
        flow1 = self.refiner_scale * self.resize(flow1, size)
        features0, features1, features = (), (), ()
        for feature in pyramid:
            features0 = features0 + (feature[:batch],)
            features1 = features1 + (feature[batch : 2 * batch],)
            features = features + (feature[2 * batch :],)
        return self.resize(self.refiner(features0, features1, features, flow0, flow1), frame0.shape[2:])


def _mean_flow(flows):
    batch, _, height, width = flows.shape
    return flows.reshape(batch, _FLOWS, 2 * height * width).mean(1).reshape(batch, 2, height, width)


def _scaled_size(shape, scale):
    return (int(shape[2] * scale + 0.5), int(shape[3] * scale + 0.5))


def _multiple(flow_scale: float, refiner_scale: float) -> int:
    """Return the smallest multiple of 4 that the scales take to whole multiples of 16 and of 4, the two strides."""
    for multiple in range(4, 1025, 4):
        if _fits(multiple * flow_scale / 16) and _fits(multiple * refiner_scale / 4):
            return multiple
    raise ValueError(
        "flow_scale and refiner_scale need a frame size up to 1024 that they take to multiples of 16 and 4; "
        f"got {flow_scale} and {refiner_scale}"
    )


def _fits(count: float) -> bool:
    return count > 0.5 and abs(count - round(count)) < 1e-9

"""IFR+'s training objective: pixels, frequencies, perception, and taught flow."""

from mindspore import nn, ops

from src.losses.frequency import FrequencyDistance
from src.losses.pixel import AdaptiveCharbonnier
from src.ops.resize import Resize

_EPSILON_SQUARED = 1e-6
_HARDEST_SHARE = 0.2
_HARDEST_WEIGHT = 0.1
_ROBUSTNESS = 0.3
_LEVEL_DECAY = 0.9


class HardestPixels(nn.Cell):
    """Charbonnier loss of a frame, plus a tenth of its mean over the fifth of each picture that is worst.

    prediction, target: (B, C, H, W). How bad a pixel is, is the mean over its channels.
    """

    def construct(self, prediction, target):
        batch, _, height, width = prediction.shape
        error = ops.sqrt(ops.square(prediction - target) + _EPSILON_SQUARED).mean(1).reshape(batch, height * width)
        count = max(1, int(_HARDEST_SHARE * height * width))
        hardest = ops.topk(error, count)[0]
        return error.mean(1).mean() + _HARDEST_WEIGHT * hardest.mean(1).mean()


class TaughtFlow(nn.Cell):
    """Adaptive Charbonnier loss of the flows of all levels against a teacher's, shrunk level by level.

    flows: (B, 4, h, w) from full size down, each half the one before; teacher: (B, 4, H, W). Channels: x and y towards
    the first frame, then towards the second. Where the full-size flow is far from the teacher's, it counts less, by
    exp(-0.3 * end-point error), from which no gradient flows. The coarsest level counts fully, a finer one 0.9 times.
    """

    def __init__(self):
        super().__init__()
        self.adaptive = AdaptiveCharbonnier()
        self.resize = Resize()

    def construct(self, flows, teacher):
        taught = _directions(teacher)
        error = ops.stop_gradient(_directions(flows[0])) - taught
        weight = ops.exp(-_ROBUSTNESS * ops.sqrt(ops.square(error).sum(1, keepdims=True)))
        total = 0.0
        for level in range(len(flows)):
            if level > 0:
                size = flows[level].shape[2:]
                taught = 0.5 * self.resize(taught, size)
                weight = self.resize(weight, size)
            decay = _LEVEL_DECAY ** (len(flows) - 1 - level)
            total = total + decay * self.adaptive(_directions(flows[level]) - taught, weight)
        return total


def _directions(flow):
    """Return (B, 4, h, w) as (2 B, 2, h, w), one flow each."""
    batch, _, height, width = flow.shape
    return flow.reshape(2 * batch, 2, height, width)


class IFRPlusLoss(nn.Cell):
    """Total loss and its terms for one batch (mindediting, `ifr_plus`).

    frame0, frame1, target: (B, 3, H, W) in [0, 1]; flow: (B, 4, H, W), the teacher's flow in pixels from the target
    towards frame0 and towards frame1. Returns (loss, (pixel, frequency, perception, flow)), scalars that add up to the
    loss. `terms` names them. The network's frame counts unclipped; its flow_scale has to be 1.

    perceptual: a `PerceptualDistance` with trained weights; None leaves its term out. The published recipe sets a
    flow_weight of 0.00178; with 0 `columns` has no flow.
    """

    terms = ("pixel", "frequency", "perception", "flow")

    def __init__(self, network, perceptual=None, perceptual_weight: float = 0.1, flow_weight: float = 0.00178):
        super().__init__()
        self.network = network
        self.columns = ("frame0", "frame1", "target", *(("flow",) if flow_weight > 0 else ()))
        self.perceptual = perceptual
        self.perceptual_weight = perceptual_weight
        self.flow_weight = flow_weight
        self.pixels = HardestPixels()
        self.frequencies = FrequencyDistance()
        self.taught_flow = TaughtFlow()

    def construct(self, frame0, frame1, target, flow=None):
        frame, flows = self.network.trace(frame0, frame1)
        pixel = self.pixels(frame, target)
        frequency = self.frequencies(frame, target)
        # a zero that is not used would stand beside the slopes' assignments as a side effect of its own
        if self.perceptual is not None:
            perception = self.perceptual_weight * self.perceptual(frame, target)
        else:
            perception = ops.zeros_like(pixel)
        if self.flow_weight > 0:
            taught = self.flow_weight * self.taught_flow(flows, flow)
        else:
            taught = ops.zeros_like(pixel)
        return pixel + frequency + perception + taught, (pixel, frequency, perception, taught)

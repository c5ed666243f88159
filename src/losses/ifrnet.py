"""IFRNet's training objective: reconstruction, feature geometry, and distilled flow."""

from mindspore import nn, ops

from src.losses.census import CensusDistance
from src.losses.pixel import AdaptiveCharbonnier, Charbonnier
from src.ops.resize import Resize


class IFRNetLoss(nn.Cell):
    """Total loss and its terms for one batch (Kong et al., CVPR 2022, section 3.3).

    frame0, frame1, target: (B, 3, H, W) in [0, 1]; time: (B, 1, 1, 1); flow: (B, 4, H, W), the teacher's flow in
    pixels from the target towards frame0 and towards frame1. Returns (loss, (reconstruction, census, geometry,
    distillation)), scalars that add up to the loss. `terms` names them.

    The teacher's flow counts less where the network's own final flow is far from it: its weight is
    exp(-0.3 * end-point error), from which no gradient flows. With robust=False it counts fully everywhere: nearly the
    mean absolute error, for exact flows and for a network that has yet to find any motion.
    A term of weight 0 costs nothing and reads nothing: without distillation, `columns` has no flow.
    """

    terms = ("reconstruction", "census", "geometry", "distillation")

    def __init__(
        self,
        network,
        census_weight: float = 1.0,
        geometry_weight: float = 0.01,
        distillation_weight: float = 0.01,
        robust: bool = True,
    ):
        super().__init__()
        self.network = network
        taught = ("flow",) if distillation_weight > 0 else ()
        self.columns = ("frame0", "frame1", "time", "target", *taught)
        self.census_weight = census_weight
        self.geometry_weight = geometry_weight
        self.distillation_weight = distillation_weight
        self.robustness = 0.3 if robust else 0.0
        self.charbonnier = Charbonnier()
        self.census = CensusDistance(radius=3)
        self.geometry = CensusDistance(radius=1)
        self.adaptive = AdaptiveCharbonnier()
        self.resize = Resize()

    def construct(self, frame0, frame1, time, target, flow=None):
        frame, flows, features, mean = self.network.trace(frame0, frame1, time)
        reconstruction = self.charbonnier(frame, target)
        census = geometry = distillation = ops.zeros_like(reconstruction)
        if self.census_weight > 0:
            census = self.census(frame.mean(1, True), ops.stop_gradient(target.mean(1, True)))
            census = self.census_weight * census
        if self.geometry_weight > 0:
            geometry = self.geometry_weight * self._geometry(features, self.network.encoder(target - mean))
        if self.distillation_weight > 0:
            distillation = self.distillation_weight * self._distillation(flows, flow)
        loss = reconstruction + census + geometry + distillation
        return loss, (reconstruction, census, geometry, distillation)

    def _geometry(self, features, target_features):
        total = 0.0
        for level in range(3):
            total = total + self.geometry(features[level], target_features[level])
        return total

    def _distillation(self, flows, teacher):
        size = teacher.shape[2:]
        total = 0.0
        for direction in (0, 2):
            taught = teacher[:, direction : direction + 2]
            error = ops.stop_gradient(flows[0][:, direction : direction + 2]) - taught
            weight = ops.exp(-self.robustness * ops.sqrt(ops.square(error).sum(1, keepdims=True)))
            for level in (1, 2, 3):
                estimated = 2.0**level * self.resize(flows[level][:, direction : direction + 2], size)
                total = total + self.adaptive(estimated - taught, weight)
        return total

"""FLAVR's training objective: the absolute difference of every frame."""

from mindspore import nn, ops


class FLAVRLoss(nn.Cell):
    """Mean absolute difference over all outputs and its only term (Kalluri et al., WACV 2023).

    frame0, frame1, frame2, frame3: (B, 3, H, W) in [0, 1]; target: the frames between frame1 and frame2 in the shape
    that the network returns, (B, 3, H, W) or (B, outputs, 3, H, W). Returns (loss, (reconstruction,)); `terms` names
    it. The network's output counts unclipped.
    """

    columns = ("frame0", "frame1", "frame2", "frame3", "target")
    terms = ("reconstruction",)

    def __init__(self, network):
        super().__init__()
        self.network = network

    def construct(self, frame0, frame1, frame2, frame3, target):
        reconstruction = ops.abs(self.network(frame0, frame1, frame2, frame3) - target).mean()
        return reconstruction, (reconstruction,)

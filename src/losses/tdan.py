"""TDAN's training objective: the enlarged frame, and the aligned ones."""

from mindspore import nn, ops


class TDANLoss(nn.Cell):
    """Total loss and its terms for one batch (Tian et al., CVPR 2020, section 3.4).

    frame0 to frame4: (B, 3, H, W) in [0, 1]; target: (B, 3, 4H, 4W), the middle one in full size. Returns (loss,
    (reconstruction, alignment)), scalars that add up to the loss. `terms` names them.

    Both are mean squared errors: of the output, and of the five aligned frames against the middle one, which stands
    among them and adds nothing but its share of the mean.
    """

    columns = ("frame0", "frame1", "frame2", "frame3", "frame4", "target")
    terms = ("reconstruction", "alignment")

    def __init__(self, network, alignment_weight: float = 0.01):
        super().__init__()
        self.network = network
        self.alignment_weight = alignment_weight

    def construct(self, frame0, frame1, frame2, frame3, frame4, target):
        frame, aligned = self.network.trace(frame0, frame1, frame2, frame3, frame4)
        reconstruction = ops.square(frame - target).mean()
        middle = ops.expand_dims(frame2, 1)
        alignment = self.alignment_weight * ops.square(aligned - middle).mean()
        return reconstruction + alignment, (reconstruction, alignment)

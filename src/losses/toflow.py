"""TOFlow's training objective: the Charbonnier loss of the frame."""

from mindspore import nn

from src.losses.pixel import Charbonnier


class TOFlowLoss(nn.Cell):
    """Total loss and its one term for one batch of a TOFlow network.

    Columns: the network's frames, then the target (B, 3, H, W), all in [0, 1]. Returns (loss, (reconstruction,)).
    Nothing tells the flow what to be: it learns what serves the frame (Xue et al., IJCV 2019, section 4).
    The published interpolation weights were trained so, with 1e-12 beside the squared difference.
    """

    terms = ("reconstruction",)

    def __init__(self, network):
        super().__init__()
        self.network = network
        self.columns = (*(f"frame{index}" for index in range(network.inputs)), "target")
        self.charbonnier = Charbonnier(epsilon=1e-6)

    def construct(self, *columns):
        loss = self.charbonnier(self.network(*columns[:-1]), columns[-1])
        return loss, (loss,)

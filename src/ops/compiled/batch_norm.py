"""Batch normalisation and a rectified linear unit in training, in two passes over the values."""

from mindspore import nn

from src.ops.compiled.library import operator


class NormalisedRectification(nn.Cell):
    """(x, scale, offset) -> (y, mean, variance) of the batch, with a gradient by y alone; epsilon is 1e-5.

    x: (B, C, H, W); all others: (C,). The variance is the biased one.
    """

    def __init__(self):
        super().__init__()
        self.normalise = operator("NormalisedRectified", lambda x, scale, offset: (x, scale, scale), outputs=3)
        self.by_all = operator(
            "NormalisedRectifiedGradient", lambda gradient, x, scale, *rest: (x, scale, scale), outputs=3
        )

    def construct(self, x, scale, offset):
        y, mean, variance = self.normalise(x, scale, offset)
        return y, mean, variance

    def bprop(self, x, scale, offset, out, gradient):
        by_x, by_scale, by_offset = self.by_all(gradient[0], x, scale, out[0], out[1], out[2])
        return by_x, by_scale, by_offset

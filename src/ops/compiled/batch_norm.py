"""Batch normalisation and a rectified linear unit, in one or two passes over the values."""

from mindspore import nn, ops

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


class HeldRectification(nn.Cell):
    """(x, scale, offset, mean, variance) -> y, with a gradient by the first three; epsilon is 1e-5.

    x: (B, C, H, W); all others: (C,).
    """

    def __init__(self):
        super().__init__()
        self.normalise = operator("HeldRectified", lambda x, *rest: x)
        self.by_all = operator("HeldRectifiedGradient", lambda gradient, x, scale, *rest: (x, scale, scale), outputs=3)

    def construct(self, x, scale, offset, mean, variance):
        return self.normalise(x, scale, offset, mean, variance)

    def bprop(self, x, scale, offset, mean, variance, out, gradient):
        by_x, by_scale, by_offset = self.by_all(gradient, x, scale, out, mean, variance)
        return by_x, by_scale, by_offset, ops.zeros_like(mean), ops.zeros_like(variance)

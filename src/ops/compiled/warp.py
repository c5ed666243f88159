"""Backward warping without a copy in another layout."""

from mindspore import nn

from src.ops.compiled.library import operator


class Sampling(nn.Cell):
    """(frame, flow) -> the frame sampled at each pixel's position plus its flow, as src/ops/warp.py has it.

    zeros: whether neighbours outside the frame are zero, or else what the edge is.
    """

    def __init__(self, zeros: bool):
        super().__init__()
        name = "WarpZeros" if zeros else "WarpBorder"
        self.sample = operator(name, lambda frame, flow: frame)
        self.by_both = operator(f"{name}Gradient", lambda gradient, frame, flow: (frame, flow), outputs=2)

    def construct(self, frame, flow):
        return self.sample(frame, flow)

    def bprop(self, frame, flow, out, gradient):
        by_frame, by_flow = self.by_both(gradient, frame, flow)
        return by_frame, by_flow

"""Padding of a picture by the reflection of its border."""

import numpy as np
from mindspore import Tensor, nn, ops
from mindspore.ops import constexpr


@constexpr
def _beyond(size, padding):
    """Return the positions that stand before the first and after the last pixel of one axis."""
    before = np.arange(padding, 0, -1)
    after = size - 2 - np.arange(padding)
    return Tensor(before.astype(np.int32)), Tensor(after.astype(np.int32))


class ReflectionPadding(nn.Cell):
    """Pad height and width of (B, C, H, W) by their reflection; the edge pixel itself is not repeated.

    Output: (B, C, H + 2 padding, W + 2 padding). Height and width must exceed the padding.

    One form, of gathers and concatenations: MindSpore Lite accepts MirrorPad and computes something else.
    """

    def __init__(self, padding: int):
        super().__init__()
        self.padding = padding

    def construct(self, x):
        for axis in (2, 3):
            before, after = _beyond(x.shape[axis], self.padding)
            x = ops.concat((ops.gather(x, before, axis), x, ops.gather(x, after, axis)), axis)
        return x

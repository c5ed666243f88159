"""Mixed precision: the multiplications of convolutions in half precision, everything else in single precision."""

import mindspore
from mindspore import nn, ops

from src.ops.convolution import Products

_CONVOLUTIONS = (ops.Conv2D, ops.Conv2DTranspose, ops.Conv3D, ops.Conv3DTranspose)


class HalfPrecision(nn.Cell):
    """A convolution operator that multiplies in float16 and returns float32."""

    def __init__(self, operator):
        super().__init__()
        self.operator = operator

    def construct(self, x, weight):
        return ops.cast(self.operator(ops.cast(x, mindspore.float16), ops.cast(weight, mindspore.float16)),
                        mindspore.float32)  # fmt: skip


class HalfPrecisionTransposed(HalfPrecision):
    """A transposed convolution operator that multiplies in float16 and returns float32."""

    def construct(self, x, weight, size):
        half = self.operator(ops.cast(x, mindspore.float16), ops.cast(weight, mindspore.float16), size)
        return ops.cast(half, mindspore.float32)


def halve_convolutions(network: nn.Cell) -> int:
    """Let every convolution of a network multiply in half precision, in place; return how many there are.

    Parameters stay in single precision, and so do biases, activations, flow, sampling grids and losses: a normalised
    grid in half precision would step by half a pixel and more on a 1080-line frame.
    """
    changed = 0
    for _, cell in list(network.cells_and_names()):
        if isinstance(cell, Products):
            cell.by_products = False
        for name, operator in list(vars(cell).get("_primitives", {}).items()):
            if isinstance(operator, _CONVOLUTIONS):
                kind = HalfPrecisionTransposed if isinstance(operator, ops.Conv2DTranspose) else HalfPrecision
                delattr(cell, name)
                setattr(cell, name, kind(operator))
                changed += 1
    return changed

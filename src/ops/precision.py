"""Half precision in convolutions alone: of their multiplications, or of the kernels that are stored."""

import mindspore
import numpy as np
from mindspore import Parameter, Tensor, nn, ops

from src.ops.conv3d import Convolution3d, FrameProducts, TransposedConvolution3d
from src.ops.convolution import Convolution2d, Products
from src.ops.upsample import TransposedConvolution

_WITH_COMPILED_FORM = (Convolution2d, TransposedConvolution, Convolution3d, TransposedConvolution3d)
_CONVOLUTIONS = (ops.Conv2D, ops.Conv2DTranspose, ops.Conv3D, ops.Conv3DTranspose)


class HalfPrecision(nn.Cell):
    """A convolution operator that multiplies in float16, or another half precision, and returns float32."""

    def __init__(self, operator, precision="float16"):
        super().__init__()
        self.operator = operator
        self.half = getattr(mindspore, precision)

    def construct(self, x, weight):
        return ops.cast(self.operator(ops.cast(x, self.half), ops.cast(weight, self.half)), mindspore.float32)


class HalfPrecisionTransposed(HalfPrecision):
    """A transposed convolution operator that multiplies in half precision and returns float32."""

    def construct(self, x, weight, size):
        half = self.operator(ops.cast(x, self.half), ops.cast(weight, self.half), size)
        return ops.cast(half, mindspore.float32)


def halve_convolutions(network: nn.Cell, precision: str = "float16") -> int:
    """Let every convolution of a network multiply in "float16" or "bfloat16", in place; return how many there are.

    Parameters stay in single precision, and so do biases, activations, flow, sampling grids and losses: a normalised
    grid in half precision would step by half a pixel and more on a 1080-line frame.
    """
    changed = 0
    for _, cell in list(network.cells_and_names()):
        if isinstance(cell, Products):
            cell.by_products = False
        if isinstance(cell, _WITH_COMPILED_FORM):
            cell.compiled_form = None  # takes single precision alone
        for name, operator in _convolutions(cell):
            kind = HalfPrecisionTransposed if isinstance(operator, ops.Conv2DTranspose) else HalfPrecision
            delattr(cell, name)
            setattr(cell, name, kind(operator, precision))
            changed += 1
    return changed


class Widened(nn.Cell):
    """A convolution operator on (x, weight, ...) whose weights are stored in float16; all arithmetic is in float32."""

    def __init__(self, operator):
        super().__init__()
        self.operator = operator

    def construct(self, x, weight):
        return self.operator(x, ops.cast(weight, mindspore.float32))


class WidenedTransposed(Widened):
    """A transposed convolution operator whose weights are stored in float16; all arithmetic is in float32."""

    def construct(self, x, weight, size):
        return self.operator(x, ops.cast(weight, mindspore.float32), size)


def store_half(network: nn.Cell) -> int:
    """Keep the kernels of convolutions in float16, in place, and return how many there are; all else stays float32.

    For inference. Kernels that pass through a matrix product before they are used stay float32 as well.
    """
    changed = 0
    for _, cell in list(network.cells_and_names()):
        users = [cell, *(each for each in cell.cells() if isinstance(each, (Products, FrameProducts)))]
        operators = [(user, name, operator) for user in users for name, operator in _convolutions(user)]
        if not operators or not hasattr(cell, "weight") or hasattr(cell, "phase_matrix"):
            continue
        if isinstance(cell, _WITH_COMPILED_FORM):
            cell.compiled_form = None  # takes single precision alone
        for user, name, operator in operators:
            delattr(user, name)
            setattr(user, name, (WidenedTransposed if isinstance(operator, ops.Conv2DTranspose) else Widened)(operator))
        half = Tensor(cell.weight.asnumpy().astype(np.float16))
        cell.weight = Parameter(half, name=cell.weight.name)
        changed += 1
    return changed


def _convolutions(cell):
    operators = list(vars(cell).get("_primitives", {}).items())
    return [(name, operator) for name, operator in operators if isinstance(operator, _CONVOLUTIONS)]

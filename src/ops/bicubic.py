"""Bicubic resizing as the field's data sets do it: Matlab's imresize."""

import numpy as np
from mindspore import Tensor, nn, ops
from mindspore.ops import constexpr

from src.ops.bicubic_matrix import bicubic_matrix


@constexpr
def _constant_matrix(source, target, transposed):
    matrix = bicubic_matrix(source, target)
    return Tensor(np.ascontiguousarray(matrix.T if transposed else matrix))


class BicubicResize(nn.Cell):
    """Resize (B, C, H, W) to a given (height, width) as Matlab's imresize does; values may overshoot the range.

    One form for every device, two constant matrix products: the backends' bicubic operators have another kernel
    (a = -3/4) and repeat the edges instead of mirroring them.
    """

    def construct(self, x, size):
        rows = _constant_matrix(x.shape[2], size[0], False)
        columns = _constant_matrix(x.shape[3], size[1], True)
        return ops.matmul(ops.matmul(rows, x), columns)

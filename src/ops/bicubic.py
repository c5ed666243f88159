"""Bicubic resizing as the field's data sets do it: Matlab's imresize."""

import numpy as np
from mindspore import Tensor, nn, ops
from mindspore.ops import constexpr


def bicubic_matrix(source: int, target: int) -> np.ndarray:
    """Return the (target, source) float32 matrix that resizes one axis as Matlab's imresize does.

    Half-pixel centres, Keys' kernel with a = -1/2 (Keys, "Cubic convolution interpolation for digital image
    processing", 1981), stretched against aliasing when the axis shrinks, and edges mirrored with the edge pixel
    repeated. Each row sums to 1.
    """
    ratio = source / target
    stretch = max(ratio, 1.0)
    centre = (np.arange(target, dtype=np.float64) + 0.5) * ratio - 0.5
    taps = np.floor(centre - 2 * stretch)[:, None] + np.arange(int(np.ceil(4 * stretch)) + 2)
    weight = _keys(np.abs(centre[:, None] - taps) / stretch)
    weight /= weight.sum(1, keepdims=True)
    mirrored = np.mod(taps.astype(np.int64), 2 * source)
    mirrored = np.minimum(mirrored, 2 * source - 1 - mirrored)
    matrix = np.zeros((target, source))
    np.add.at(matrix, (np.arange(target)[:, None], mirrored), weight)
    return matrix.astype(np.float32)


def _keys(distance):
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = ((2.5 - 0.5 * distance) * distance - 4) * distance + 2
    return np.where(distance <= 1, near, np.where(distance <= 2, far, 0.0))


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

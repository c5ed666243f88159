"""The weights of Matlab's bicubic resizing, in NumPy alone: networks and data sets share them."""

import numpy as np


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

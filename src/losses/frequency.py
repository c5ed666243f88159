"""Difference of two pictures in the frequency domain."""

import numpy as np
from mindspore import Tensor, nn, ops
from mindspore.ops import constexpr


def _transform_factors(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return cosine and sine (size, size): the orthonormal Fourier transform of one axis, windowed.

    The window is the root of Hann's, zero at both ends.
    """
    position = np.arange(size, dtype=np.float64)
    window = np.sqrt(0.5 - 0.5 * np.cos(2.0 * np.pi * position / (size - 1)))
    angle = 2.0 * np.pi * np.outer(position, position) / size
    return np.cos(angle) * window / np.sqrt(size), np.sin(angle) * window / np.sqrt(size)


@constexpr
def _along_rows(height):
    # (2 * height, height): cosines above sines
    return Tensor(np.concatenate(_transform_factors(height)).astype(np.float32))


@constexpr
def _along_columns(width):
    # (width, 2 * width): cosines before sines
    return Tensor(np.concatenate(_transform_factors(width)).T.astype(np.float32))


class FrequencyDistance(nn.Cell):
    """Mean over the spectrum of |real part| + |imaginary part| of the transformed difference.

    prediction, target: (B, C, H, W), H and W above 1. Both are multiplied by the root of a Hann window along each axis;
    the transform is orthonormal. Two constant matrix products stand for it, which every device has and differentiates.
    """

    def construct(self, prediction, target):
        batch, channels, height, width = prediction.shape
        difference = ops.matmul(_along_rows(height), prediction - target)
        # (B, C, cosine or sine along y, H, cosine or sine along x, W)
        parts = ops.matmul(difference, _along_columns(width)).reshape(batch * channels, 2, height, 2, width)
        cosines, sines = parts[:, 0], parts[:, 1]
        real = cosines[:, :, 0] - sines[:, :, 1]
        imaginary = cosines[:, :, 1] + sines[:, :, 0]
        return (ops.abs(real) + ops.abs(imaginary)).mean(-1).reshape(-1).mean()

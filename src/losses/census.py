"""Soft census transform: how each pixel's neighbours differ from it, compared between two pictures."""

import numpy as np
from mindspore import Tensor, nn, ops
from mindspore.ops import constexpr

# Constants of the soft census transform (Meister et al., "UnFlow", AAAI 2018, in the [0, 1] scale of IFRNet)
_SIGN_SOFTNESS = 0.81
_HAMMING_SOFTNESS = 0.1


def _half_window(radius):
    """Return one displacement (dy, dx) of each opposite pair in the (2 radius + 1)^2 window: dy <= 0."""
    side = 2 * radius + 1
    displacements = [(index // side - radius, index % side - radius) for index in range(side * side)]
    return displacements[: side * side // 2]


def _overlap(length, shift):
    """Return the range of positions p in [0, length) for which p + shift lies there too."""
    return max(0, -shift), min(length, length - shift)


@constexpr
def _pair_weights(height, width, radius):
    """Return (N, 1): for every pair of pixels (p, p + d), how many of the two are centres of a whole window.

    The transform is odd: p seen from p + d is minus p + d seen from p. So one distance stands for both, half of the
    window suffices, and pixels outside the picture never enter.
    """
    interior = np.zeros((height, width), np.float32)
    interior[radius : height - radius, radius : width - radius] = 1.0
    weights = []
    for dy, dx in _half_window(radius):
        (top, bottom), (left, right) = _overlap(height, dy), _overlap(width, dx)
        here = interior[top:bottom, left:right]
        there = interior[top + dy : bottom + dy, left + dx : right + dx]
        weights.append((here + there).reshape(-1))
    return Tensor(np.concatenate(weights)[:, None])


class CensusDistance(nn.Cell):
    """Mean distance of two soft census transforms over a (2 radius + 1)^2 window.

    a, b: (B, C, H, W); every channel has its own transform. Distances count where the whole window lies inside the
    picture, and the mean is over all pixels, border included, as the published losses have it.
    With radius 3 on the channel mean in [0, 1] this is IFRNet's census loss, with radius 1 on features its
    feature-space geometry consistency loss (sections 3.2 and 3.3).

    Slices of each picture against themselves replace the usual convolution with an identity kernel, which is many
    times slower on one-channel pictures; `ops.slice` is 30 times faster on CPU than slicing by brackets.
    """

    def __init__(self, radius: int):
        super().__init__()
        self.radius = radius
        self.displacements = tuple(_half_window(radius))

    def construct(self, a, b):
        batch, channels, height, width = a.shape
        # (B * C, N): the signed differences of all pairs of pixels, flat
        difference = self._signs(a) - self._signs(b)
        similarity = _HAMMING_SOFTNESS * ops.reciprocal(difference * difference + _HAMMING_SOFTNESS)
        # one product both weights and sums: reductions are slow on CPU
        distance = ops.matmul(1.0 - similarity, _pair_weights(height, width, self.radius)).sum()
        window = (2 * self.radius + 1) ** 2
        return distance * (1.0 / (window * batch * channels * height * width))

    def _signs(self, x):
        batch, channels, height, width = x.shape
        x = x.reshape(batch * channels, height, width)
        pairs = ()
        for dy, dx in self.displacements:
            (top, bottom), (left, right) = _overlap(height, dy), _overlap(width, dx)
            size = (batch * channels, bottom - top, right - left)
            here = ops.slice(x, (0, top, left), size)
            there = ops.slice(x, (0, top + dy, left + dx), size)
            pairs = pairs + ((there - here).reshape(batch * channels, -1),)
        difference = ops.concat(pairs, 1)
        return difference * ops.reciprocal(ops.sqrt(difference * difference + _SIGN_SOFTNESS))

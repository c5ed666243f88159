"""Soft census transform: how each pixel's neighbours differ from it, compared between two pictures."""

import numpy as np
from mindspore import Tensor, nn, ops
from mindspore.ops import constexpr

# Constants of the soft census transform (Meister et al., "UnFlow", AAAI 2018, in the [0, 1] scale of IFRNet)
_INVERSE_SIGN_DEVIATION = 1.0 / 0.9
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
        self.sign = _SoftSign()
        self.distance = _HammingDistance()

    def construct(self, a, b):
        batch, channels, height, width = a.shape
        # (B * C, N): the signed differences of all pairs of pixels, flat
        weights = _pair_weights(height, width, self.radius)
        distance = self.distance(self.sign(self._differences(a)), self.sign(self._differences(b)), weights)[0]
        window = (2 * self.radius + 1) ** 2
        return distance * (1.0 / (window * batch * channels * height * width))

    def _differences(self, x):
        batch, channels, height, width = x.shape
        x = x.reshape(batch * channels, height, width) * _INVERSE_SIGN_DEVIATION
        pairs = ()
        for dy, dx in self.displacements:
            (top, bottom), (left, right) = _overlap(height, dy), _overlap(width, dx)
            size = (batch * channels, bottom - top, right - left)
            here = ops.slice(x, (0, top, left), size)
            there = ops.slice(x, (0, top + dy, left + dx), size)
            pairs = pairs + ((there - here).reshape(batch * channels, -1),)
        return ops.concat(pairs, 1)


# Both with gradients of their own: the automatic ones pass over the pairs twice as often, and with slower operators.
class _SoftSign(nn.Cell):
    """x / sqrt(x^2 + 1)."""

    def __init__(self):
        super().__init__()
        # `/` is another operator in newer versions, which takes half as long again on CPU
        self.divide = ops.RealDiv()

    def construct(self, x):
        return self.divide(x, ops.sqrt(x * x + 1.0))

    def bprop(self, x, out, gradient):
        # 1 / (x^2 + 1) is 1 - out^2
        slope = 1.0 - out * out
        return (gradient * slope * ops.sqrt(slope),)


class _HammingDistance(nn.Cell):
    """The sum of e^2 / (e^2 + softness) over (M, N), e = a - b, each of the N columns weighted by (N, 1).

    Returns (sum, e, 1 / (e^2 + softness)), of which the gradient needs the last two.
    """

    def construct(self, a, b, weights):
        difference = a - b
        square = difference * difference
        inverse = ops.reciprocal(square + _HAMMING_SOFTNESS)
        # one product both weights and sums: reductions are slow on CPU
        return ops.matmul(square * inverse, weights).sum(), difference, inverse

    def bprop(self, a, b, weights, out, gradients):
        difference, inverse = out[1], out[2]
        rate = ops.broadcast_to((2.0 * _HAMMING_SOFTNESS) * gradients[0] * weights.reshape(1, -1), a.shape)
        by_a = difference * inverse * inverse * rate
        return by_a, -by_a, ops.zeros_like(weights)

"""Bilinear sampling by row gathers: what the portable warp and the portable deformable convolution have in common."""

import mindspore
import numpy as np
from mindspore import Tensor, nn, ops
from mindspore.ops import constexpr


@constexpr
def constant_zeros(dtype, *shape):
    """Return zeros of a MindSpore type that are a constant of the graph."""
    return Tensor(np.zeros(shape), dtype)


@constexpr
def first_rows(maps, pixels):
    """Return the int32 row (maps,) at which each of `maps` maps of `pixels` rows begins."""
    return Tensor((np.arange(maps) * pixels).astype(np.int32))


def zero_bordered(pixels):
    """Put zeros around maps (B, H, W, C): one pixel before, two behind -> (B, H + 3, W + 3, C).

    With positions kept within [-1, H] and [-1, W], all four neighbours of a position then exist, and each of them
    that lies outside the map is zero by itself.
    """
    batch, height, width, channels = pixels.shape
    rows = pixels.reshape(batch, height, width * channels)
    # Zeros are subtracted rather than created: MindSpore Lite fails where a constant is the first of what is joined.
    edge = ops.slice(rows, (0, 0, 0), (batch, height, channels))
    zeros = edge - edge
    rows = ops.concat((zeros, rows, zeros, zeros), 2)
    edge = ops.slice(rows, (0, 0, 0), (batch, 1, (width + 3) * channels))
    zeros = edge - edge
    return ops.concat((zeros, rows, zeros, zeros), 1).reshape(batch, height + 3, width + 3, channels)


def edge_repeated(pixels):
    """Repeat the last row and column of maps (B, H, W, C) -> (B, H + 1, W + 1, C).

    With positions kept within [0, H - 1] and [0, W - 1], all four neighbours of a position then exist.
    """
    batch, height, width, channels = pixels.shape
    pixels = ops.concat((pixels, ops.slice(pixels, (0, 0, width - 1, 0), (batch, height, 1, channels))), 2)
    return ops.concat((pixels, ops.slice(pixels, (0, height - 1, 0, 0), (batch, 1, width + 1, channels))), 1)


class RowSampling(nn.Cell):
    """Sample maps bilinearly, all channels of a pixel at once.

    rows: (maps * height * width, C), one row a pixel; first: int32, the row where the map of each sample begins;
    y, x: float32 positions within the map, not negative, with a neighbour to the right and below; width: of the maps;
    weight: what each sample is multiplied with. first and weight broadcast against y and x, of N elements.
    Output: (N, C).
    """

    def __init__(self):
        super().__init__()
        self.multiply = _RowProduct()

    def construct(self, rows, first, y, x, width, weight):
        top, left = ops.floor(y), ops.floor(x)
        toward_right = x - left
        lower = (y - top) * weight
        upper = weight - lower
        lower_right, upper_right = lower * toward_right, upper * toward_right
        index = (ops.cast(top * width + left, mindspore.int32) + first).reshape(-1)
        return (
            self.multiply(ops.gather(rows, index, 0), upper - upper_right)
            + self.multiply(ops.gather(rows, index + 1, 0), upper_right)
            + self.multiply(ops.gather(rows, index + width, 0), lower - lower_right)
            + self.multiply(ops.gather(rows, index + (width + 1), 0), lower_right)
        )


class _RowProduct(nn.Cell):
    """Rows (N, C) times one weight each, of N elements, with a gradient of its own.

    The weights are spread over whole rows first: where shapes differ, MindSpore's CPU kernels take twice the time, and
    each holds 16 bytes for every value of its result as long as the graph lives.
    """

    def __init__(self):
        super().__init__()
        # the primitive, as a bprop cannot call ops.tile
        self.repeat = ops.Tile()

    def construct(self, rows, weight):
        return rows * self.repeat(weight.reshape(-1, 1), (1, rows.shape[1]))

    def bprop(self, rows, weight, out, gradient):
        by_rows = gradient * self.repeat(weight.reshape(-1, 1), (1, rows.shape[1]))
        return by_rows, (gradient * rows).sum(1).reshape(weight.shape)

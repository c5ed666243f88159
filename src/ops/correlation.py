"""Cost volume: how well each pixel of one map matches the pixels around it in another."""

import numpy as np
from mindspore import Tensor, nn, ops
from mindspore.ops import constexpr

from src.ops.bilinear import constant_zeros


@constexpr
def _every(size, stride):
    return Tensor(np.arange(0, size, stride, dtype=np.int32))


class CostVolume(nn.Cell):
    """Correlate each pixel of `first` with its neighbourhood in `second`.

    output[:, (dy + radius) * (2 * radius + 1) + dx + radius, y, x] = mean over channels of
    first[:, :, stride * y, stride * x] * second[:, :, stride * (y + dy), stride * (x + dx)] for |dy|, |dx| <= radius;
    `second` is zero outside its frame. first, second: (B, C, H, W); output: (B, (2 * radius + 1)**2, H / stride,
    W / stride), rounded up. Dosovitskiy et al., "FlowNet", ICCV 2015; with a stride: Hui et al., "LiteFlowNet",
    CVPR 2018.

    There is one form for all devices: no backend has this operator, and the body needs nothing but MatMul, Gather,
    Concat, Slice, Reshape and Transpose. Each row of pixels is multiplied with each of the 2 * radius + 1 rows in
    reach, whole, and the band around the diagonal is kept: on CPU, at the sizes of LiteFlowNet, that is about 5 times
    faster than one product of shifted slices for each displacement.
    """

    def __init__(self, radius: int = 3, stride: int = 1):
        super().__init__()
        self.radius = radius
        self.stride = stride

    def construct(self, first, second):
        if self.stride > 1:
            first, second = self._thinned(first), self._thinned(second)
        batch, channels, height, width = first.shape
        reach = 2 * self.radius + 1
        padded = width + 2 * self.radius
        first = ops.transpose(first, (0, 2, 3, 1)) * (1.0 / channels)
        second = self._bordered(ops.transpose(second, (0, 2, 1, 3)))
        products = ()
        for dy in range(reach):
            rows = ops.slice(second, (0, dy, 0, 0), (batch, height, channels, padded))
            products = products + (ops.matmul(first, rows),)
        # (B, dy, H, W, W + 2r), of which pixel x needs columns x to x + 2r. Rows made one longer slide by one against
        # each other, and these columns come to stand below each other.
        products = ops.stack(products, 1).reshape(batch, reach, height, width * padded)
        products = ops.concat((products, constant_zeros(products.dtype, batch, reach, height, width)), 3)
        products = products.reshape(batch, reach, height, width, padded + 1)
        band = ops.slice(products, (0, 0, 0, 0, 0), (batch, reach, height, width, reach))
        return ops.transpose(band, (0, 1, 4, 2, 3)).reshape(batch, reach * reach, height, width)

    def _thinned(self, x):
        x = ops.gather(x, _every(x.shape[2], self.stride), 2)
        return ops.gather(x, _every(x.shape[3], self.stride), 3)

    def _bordered(self, second):
        # zeros around rows (B, H, C, W), as far as the displacements reach
        batch, height, channels, width = second.shape
        side = constant_zeros(second.dtype, batch, height, channels, self.radius)
        second = ops.concat((side, second, side), 3)
        above = constant_zeros(second.dtype, batch, self.radius, channels, width + 2 * self.radius)
        return ops.concat((above, second, above), 1)

"""What stands around each pixel."""

from mindspore import nn, ops

from src.ops.bilinear import constant_zeros


class Neighbours(nn.Cell):
    """The values of a kernel x kernel window around each pixel, row by row; zero outside.

    output[:, c, row * kernel + column, y, x] = input[:, c, y + row - margin, x + column - margin], where margin is
    kernel // 2. x: (B, C, H, W); output: (B, C, kernel**2, H, W). kernel is odd.

    There is one form for all devices: Slice and Concat. (A convolution with an identity kernel, the usual way, is
    many times slower on CPU.)
    """

    def __init__(self, kernel: int):
        super().__init__()
        self.kernel = kernel

    def construct(self, x):
        batch, channels, height, width = x.shape
        maps, margin = batch * channels, self.kernel // 2
        x = x.reshape(maps, 1, height, width)
        side = constant_zeros(x.dtype, maps, 1, height, margin)
        x = ops.concat((side, x, side), 3)
        above = constant_zeros(x.dtype, maps, 1, margin, width + 2 * margin)
        x = ops.concat((above, x, above), 2)
        rows = ()
        for row in range(self.kernel):
            rows = rows + (ops.slice(x, (0, 0, row, 0), (maps, 1, height, width + 2 * margin)),)
        x = ops.concat(rows, 1)
        columns = ()
        for column in range(self.kernel):
            columns = columns + (ops.slice(x, (0, 0, 0, column), (maps, self.kernel, height, width)),)
        return ops.stack(columns, 2).reshape(batch, channels, self.kernel * self.kernel, height, width)

"""2-D convolution whose gradient by its kernel is as fast as the convolution."""

from mindspore import nn, ops

from src.ops.backend import PORTABLE, form_of
from src.ops.bilinear import constant_zeros


class Convolution2d(nn.Conv2d):
    """2-D convolution that keeps the size at stride 1: odd kernel, zero padding kernel // 2.

    x: (B, in_channels, H, W); output: (B, out_channels, H', W') with H' = ceil(H / stride).
    weight: (out_channels, in_channels, kernel, kernel); bias: (out_channels,), when there is one.

    Both forms are the backend's convolution; they differ in the gradient by the weight, at stride 1. The portable form
    makes it one matrix product for each sample. CPU, 2.8.0, portable against fused, that gradient alone: 0.4x to 0.6x
    the time, equal for maps of 16 x 16.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int = 3,
        stride: int = 1,
        bias: bool = True,
        weight_init="normal",
        bias_init="zeros",
    ):
        super().__init__(
            in_channels,
            out_channels,
            kernel,
            stride=stride,
            pad_mode="pad",
            padding=kernel // 2,
            has_bias=bias,
            weight_init=weight_init,
            bias_init=bias_init,
        )
        self.portable = form_of("convolution_gradient") == PORTABLE
        if self.portable and stride == 1 and kernel > 1:
            operator = self.conv2d
            # a Cell cannot take the place of a primitive under its name before that is gone
            del self.conv2d
            self.conv2d = _ProductGradient(operator, out_channels, kernel)


class _ProductGradient(nn.Cell):
    """A convolution operator of stride 1 on (x, weight) with a gradient by the weight of slices and one product."""

    def __init__(self, operator, out_channels, kernel):
        super().__init__()
        self.operator = operator
        self.kernel, self.margin = kernel, kernel // 2
        # the gradient by x: the primitive counts channels as the convolution it is the adjoint of
        self.adjoint = ops.Conv2DTranspose(out_channels, kernel, pad_mode="pad", pad=kernel // 2)
        self.product = ops.BatchMatMul(transpose_b=True)

    def construct(self, x, weight):
        return self.operator(x, weight)

    def bprop(self, x, weight, out, gradient):
        return self.adjoint(gradient, weight, x.shape), self._by_weight(x, gradient)

    def _by_weight(self, x, gradient):
        """Return (out_channels, in_channels, kernel, kernel).

        The element (row, column) is the sum over pixels of the gradient, displaced by so many rows, times x, displaced
        by so many columns: kernel copies of each, rather than kernel**2 of x, and one product of all with all. Maps are
        flat, with zeros between their rows.
        """
        batch, in_channels, height, width = x.shape
        out_channels = gradient.shape[1]
        row = width + self.margin
        size = (height + 2 * self.margin) * row
        rows = self._copies(self._flat(gradient, row), 0, (2 * self.margin + 1) * row, 0)
        edge = self.margin * (row + 1)
        columns = self._copies(self._flat(x, row), edge, 2 * self.margin * row - 1, edge)
        product = self.product(
            rows.reshape(batch, out_channels * self.kernel, size),
            columns.reshape(batch, in_channels * self.kernel, size),
        )
        product = product.sum(0).reshape(out_channels, self.kernel, in_channels, self.kernel)
        return ops.transpose(product, (0, 2, 1, 3))

    def _flat(self, x, row):
        # (B, C, H, W) -> (B, C, H * row)
        batch, channels, height, width = x.shape
        zeros = constant_zeros(x.dtype, batch, channels, height, row - width)
        return ops.concat((x, zeros), 3).reshape(batch, channels, height * row)

    def _copies(self, x, before, between, behind):
        # kernel times x with so many zeros before the first, between two, and behind the last
        batch, channels, _ = x.shape
        gap = constant_zeros(x.dtype, batch, channels, between)
        parts = (x,)
        for _ in range(self.kernel - 1):
            parts = parts + (gap, x)
        if before > 0:
            parts = (constant_zeros(x.dtype, batch, channels, before),) + parts
        if behind > 0:
            parts = parts + (constant_zeros(x.dtype, batch, channels, behind),)
        return ops.concat(parts, 2)

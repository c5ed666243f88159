"""2-D convolution that trains by matrix products where the backend's convolutions are slow."""

from mindspore import nn, ops

from src.ops.backend import COMPILED, PORTABLE, form_of
from src.ops.bilinear import constant_zeros
from src.ops.compiled import convolution as compiled


class Convolution2d(nn.Conv2d):
    """2-D convolution that keeps the size at stride 1: odd kernel, zero padding kernel // 2.

    x: (B, in_channels, H, W); output: (B, out_channels, H', W') with H' = ceil(H / stride).
    weight: (out_channels, in_channels, kernel, kernel); bias: (out_channels,), when there is one.

    The fused and the portable form are the backend's convolution, so that the same is exported. The portable form
    trains with matrix products instead, at stride 1 and with kernels larger than 3. CPU, 2.8.0, portable against
    fused: 0.6x the time of a whole step of TOFlow, whose kernels are 7 and 9 wide. With kernels of 3 a step of IFRNet
    took 0.96x to 1.05x, and twice as long to compile. The compiled form, oneDNN's own layouts: 0.6x to 0.75x the time
    of the fused one, with gradients 0.35x to 0.45x.
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
        form = form_of("convolution")
        self.portable = form == PORTABLE
        self.compiled_form = compiled.convolution((stride, stride), bias) if form == COMPILED else None
        if self.portable and stride == 1 and kernel > 3:
            operator = self.conv2d
            # a Cell cannot take the place of a primitive under its name before that is gone
            del self.conv2d
            self.conv2d = Products(operator, out_channels, kernel)

    def construct(self, x):
        if self.compiled_form is not None:
            if self.has_bias:
                return self.compiled_form(x, self.weight, self.bias)
            return self.compiled_form(x, self.weight)
        out = self.conv2d(x, self.weight)
        return self.bias_add(out, self.bias) if self.has_bias else out


class Products(nn.Cell):
    """A convolution operator of stride 1 on (x, weight), in training matrix products, its gradients as well.

    The backend's convolutions spread every pixel over kernel**2 places for a product. Here it is spread over as many
    columns of the kernel, and what belongs to its rows is displaced after the product, or, for the gradient by the
    weight, in the other factor. Maps are flat, with zeros between their rows.
    by_products: False leaves all but the gradient by the weight to the backend's operators.
    """

    def __init__(self, operator, out_channels, kernel):
        super().__init__()
        self.operator = operator
        self.by_products = True
        self.kernel, self.margin = kernel, kernel // 2
        # the gradient by x: the primitive counts channels as the convolution it is the adjoint of
        self.adjoint = ops.Conv2DTranspose(out_channels, kernel, pad_mode="pad", pad=kernel // 2)
        self.turn = ops.ReverseV2([2, 3])
        self.product = ops.BatchMatMul(transpose_b=True)

    def construct(self, x, weight):
        if self.training and self.by_products:
            return self._convolved(x, weight)
        return self.operator(x, weight)

    def bprop(self, x, weight, out, gradient):
        if self.by_products:
            by_x = self._convolved(gradient, ops.transpose(self.turn(weight), (1, 0, 2, 3)))
        else:
            by_x = self.adjoint(gradient, weight, x.shape)
        return by_x, self._by_weight(x, gradient)

    def _convolved(self, x, weight):
        """Return what the operator does: the sum over the kernel's rows of products, each displaced by its row."""
        batch, in_channels, height, width = x.shape
        out_channels, row = weight.shape[0], width + self.margin
        rows = ops.transpose(weight, (2, 0, 1, 3)).reshape(self.kernel * out_channels, in_channels * self.kernel)
        products = ops.matmul(rows, kernel_columns(x, self.kernel))
        size = (batch, out_channels, height * row)
        total = ops.slice(products, (0, 0, 0), size)
        for index in range(1, self.kernel):
            total = total + ops.slice(products, (0, index * out_channels, index * row), size)
        total = total.reshape(batch, out_channels, height, row)
        return ops.slice(total, (0, 0, 0, 0), (batch, out_channels, height, width))

    def _by_weight(self, x, gradient):
        """Return (out_channels, in_channels, kernel, kernel): x displaced by columns times the gradient by rows."""
        product = self.product(kernel_rows(gradient, self.kernel), kernel_columns(x, self.kernel))
        return folded(product, self.kernel)


def kernel_columns(x, kernel: int):
    """Return (B, C * kernel, L): each channel of (B, C, H, W) displaced by every column of a kernel, amid zeros.

    Maps are flat: L is (H + 2 margin) * (W + margin), the margin kernel // 2.
    """
    margin = kernel // 2
    row = x.shape[3] + margin
    border = constant_zeros(x.dtype, x.shape[0], x.shape[1], margin * (row + 1))
    copies = ops.concat((border,) + _copies(_flat(x, margin), kernel, 2 * margin * row - 1) + (border,), 2)
    return copies.reshape(x.shape[0], x.shape[1] * kernel, -1)


def kernel_rows(x, kernel: int):
    """Return what `kernel_columns` does, displaced by every row instead."""
    margin = kernel // 2
    copies = ops.concat(_copies(_flat(x, margin), kernel, (2 * margin + 1) * (x.shape[3] + margin)), 2)
    return copies.reshape(x.shape[0], x.shape[1] * kernel, -1)


def folded(product, kernel: int):
    """Return the kernel (out_channels, in_channels, rows, columns) of products (B, out * rows, in * columns)."""
    product = product.sum(0)
    product = product.reshape(product.shape[0] // kernel, kernel, product.shape[1] // kernel, kernel)
    return ops.transpose(product, (0, 2, 1, 3))


def _flat(x, margin):
    # (B, C, H, W) -> (B, C, H * (W + margin))
    batch, channels, height, _ = x.shape
    return ops.concat((x, constant_zeros(x.dtype, batch, channels, height, margin)), 3).reshape(batch, channels, -1)


def _copies(x, count, between):
    # (B, C, N) -> parts that joined are so many copies with so many zeros between two
    gap = constant_zeros(x.dtype, x.shape[0], x.shape[1], between)
    parts = (x,)
    for _ in range(count - 1):
        parts = parts + (gap, x)
    return parts

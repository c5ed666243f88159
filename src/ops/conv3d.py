"""Convolutions over time, height and width."""

import numpy as np
from mindspore import Parameter, Tensor, nn, ops
from mindspore.common.initializer import initializer

from src.ops.backend import COMPILED, PORTABLE, form_of
from src.ops.compiled import convolution as compiled
from src.ops.convolution import folded, kernel_columns, kernel_rows
from src.ops.upsample import interleave, phase_matrix

# pixels of a frame from which on matrix products give the gradient by the weight in less time
_LARGE_MAP = 1024


class Convolution3d(nn.Cell):
    """3-D convolution that keeps the number of frames: odd kernel, zero padding kernel // 2, stride (1, s, s).

    x: (B, in_channels, T, H, W); output: (B, out_channels, T, H', W') with H' = ceil(H / s).
    weight: (out_channels, in_channels, *kernel); bias: (out_channels,), when there is one.

    The portable form is one 2-D convolution over frames that carry their neighbours in time as further channels:
    MindSpore Lite 2.0 and many Ascend cards lack 3-D convolutions. CPU, 2.8.0, portable against fused: 1.0x to
    1.1x the time; compiled: 0.4x, with gradients 0.25x.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: tuple = (3, 3, 3),
        stride: int = 1,
        bias: bool = True,
        weight_init="normal",
        bias_init="zeros",
    ):
        super().__init__()
        depth, height, width = (extent // 2 for extent in kernel)
        self.weight = Parameter(initializer(weight_init, (out_channels, in_channels, *kernel)), name="weight")
        self.bias = Parameter(initializer(bias_init, (out_channels,)), name="bias") if bias else None
        self.has_bias = bias
        self.times = kernel[0]
        self.kernel_shape = (out_channels, in_channels * kernel[0], *kernel[1:])
        form = form_of("convolution_3d")
        self.portable = form == PORTABLE
        self.compiled_form = compiled.convolution((1, stride, stride), bias) if form == COMPILED else None
        self.fused = ops.Conv3D(
            out_channels,
            kernel,
            pad_mode="pad",
            pad=(depth, depth, height, height, width, width),
            stride=(1, stride, stride),
        )
        self.trains_by_products = (
            form_of("convolution") == PORTABLE and stride == 1 and tuple(kernel) == (3, 3, 3)
        )
        self.products = FrameProducts(self.fused, in_channels, out_channels) if self.trains_by_products else None
        self.flat = ops.Conv2D(
            out_channels, kernel[1:], pad_mode="pad", pad=(height, height, width, width), stride=stride
        )

    def construct(self, x):
        if self.compiled_form is not None:
            if self.has_bias:
                return self.compiled_form(x, self.weight, self.bias)
            return self.compiled_form(x, self.weight)
        if self.portable:
            out = self.flat(neighbours_in_time(x, self.times), self.weight.reshape(self.kernel_shape))
            out = _frames_inside(out, x.shape[0])
        elif self.trains_by_products and x.shape[2] > 1 and x.shape[3] * x.shape[4] >= _LARGE_MAP:
            out = self.products(x, self.weight)
        else:
            out = self.fused(x, self.weight)
        if self.has_bias:
            out = out + self.bias.reshape(1, -1, 1, 1, 1)
        return out


class FrameProducts(nn.Cell):
    """A 3x3x3 convolution operator of stride 1 on (x, weight) whose gradient by the weight is matrix products.

    One for each row of frames against itself and each of its neighbours in time, as in src/ops/convolution.py.
    """

    def __init__(self, operator, in_channels, out_channels):
        super().__init__()
        self.operator = operator
        self.adjoint = ops.Conv3DTranspose(out_channels, in_channels, (3, 3, 3), pad_mode="pad", pad=1)
        self.product = ops.BatchMatMul(transpose_b=True)

    def construct(self, x, weight):
        return self.operator(x, weight)

    def bprop(self, x, weight, out, gradient):
        frames = x.shape[2]
        columns, rows = kernel_columns(_single_frames(x), 3), kernel_rows(_single_frames(gradient), 3)
        kernels = ()
        for shift in (-1, 0, 1):
            count = frames - abs(shift)
            here = _from_each(rows, frames, max(0, -shift), count)
            there = _from_each(columns, frames, max(0, shift), count)
            kernels = kernels + (folded(self.product(here, there), 3),)
        return self.adjoint(gradient, weight), ops.stack(kernels, 2)


class TransposedConvolution3d(nn.Cell):
    """Double height and width, and mix three frames, by a transposed 3-D convolution with bias.

    Kernel (3, 4, 4), stride (1, 2, 2), padding 1. x: (B, in_channels, T, H, W); output: (B, out_channels, T, 2H, 2W).
    weight: (in_channels, out_channels, 3, 4, 4).

    The portable form computes the four phases of the output as one 2x2 convolution over frames that carry their
    neighbours as further channels, shuffles them into place and cuts off a pixel all around. CPU, 2.8.0,
    portable against fused: 0.7x the time, with gradients 0.9x to 1.0x; compiled: 0.4x, with gradients 0.3x to 0.4x.
    """

    def __init__(self, in_channels: int, out_channels: int, weight_init="normal", bias_init="zeros"):
        super().__init__()
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.weight = Parameter(initializer(weight_init, (in_channels, out_channels, 3, 4, 4)), name="weight")
        self.bias = Parameter(initializer(bias_init, (out_channels,)), name="bias")
        form = form_of("convolution_3d")
        self.portable = form == PORTABLE
        self.compiled_form = compiled.TransposedConvolution((1, 2, 2)) if form == COMPILED else None
        # output frame t reads frames t-1, t and t+1 through the kernel backwards
        self.phase_matrix = Tensor(np.kron(np.eye(3)[::-1], phase_matrix()).astype(np.float32))
        # The primitive counts channels as the convolution it is the adjoint of: its output is our input.
        self.fused = ops.Conv3DTranspose(in_channels, out_channels, (3, 4, 4), pad_mode="pad", pad=1, stride=(1, 2, 2))
        self.phases = ops.Conv2D(4 * out_channels, (2, 2), pad_mode="pad", pad=1)

    def construct(self, x):
        if self.compiled_form is not None:
            return self.compiled_form(x, self.weight, self.bias)
        batch, _, frames, height, width = x.shape
        bias = self.bias.reshape(1, -1, 1, 1, 1)
        if not self.portable:
            return self.fused(x, self.weight) + bias
        doubled = interleave(self.phases(neighbours_in_time(x, 3), self._phase_kernels()), frames)
        return doubled.reshape(batch, self.out_channels, frames, 2 * height, 2 * width) + bias

    def _phase_kernels(self):
        # (in, out, 3, 4, 4) -> (4 * out, in * 3, 2, 2), the phases of one output channel side by side
        kernel = ops.matmul(self.weight.reshape(-1, 48), self.phase_matrix)
        kernel = kernel.reshape(self.in_channels, self.out_channels, 3, 4, 4)
        kernel = ops.transpose(kernel, (1, 3, 0, 2, 4))
        return kernel.reshape(4 * self.out_channels, 3 * self.in_channels, 2, 2)


def neighbours_in_time(x, times: int):
    """Return (T * B, C * times, H, W), time first: each frame of (B, C, T, H, W) with its neighbours as channels.

    times: how many frames around and with itself, odd. Frames beyond the first and the last are zero. Channel
    c * times + k holds channel c of frame t + k - times // 2.
    """
    batch, channels, frames, height, width = x.shape
    x = x.reshape(batch * channels, frames, height * width)
    if times > 1:
        # subtracted rather than created: an exported file would hold created zeros as constants of this size
        edge = ops.slice(x, (0, 0, 0), (batch * channels, times // 2, height * width))
        outside = edge - edge
        x = ops.concat((outside, x, outside), 1)
    windows = ()
    for frame in range(frames):
        window = ops.slice(x, (0, frame, 0), (batch * channels, times, height * width))
        windows = windows + (window.reshape(batch, channels * times, height, width),)
    return ops.concat(windows, 0)


def _single_frames(x):
    """Return (B * T, C, H, W) of (B, C, T, H, W)."""
    batch, channels, frames, height, width = x.shape
    return ops.transpose(x, (0, 2, 1, 3, 4)).reshape(batch * frames, channels, height, width)


def _from_each(x, frames: int, first: int, count: int):
    """Return (B * count, M, N): of each `frames` matrices of (B * frames, M, N), so many from the first on."""
    total, rows, columns = x.shape
    size = rows * columns
    x = ops.slice(x.reshape(total // frames, frames, size), (0, first, 0), (total // frames, count, size))
    return x.reshape(-1, rows, columns)


def _frames_inside(x, batch: int):
    """Return (B, C, T, H, W) of (T * B, C, H, W)."""
    count, channels, height, width = x.shape
    frames = count // batch
    x = ops.transpose(x.reshape(frames, batch * channels, height * width), (1, 0, 2))
    return x.reshape(batch, channels, frames, height, width)

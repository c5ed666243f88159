"""Learned x2 upsampling by a transposed convolution."""

import numpy as np
from mindspore import Parameter, Tensor, nn, ops
from mindspore.common.initializer import initializer

from src.ops.backend import COMPILED, PORTABLE, form_of
from src.ops.compiled import convolution as compiled

# Output row 2i-1 reads input rows i-1 and i through kernel rows 2 and 0; row 2i reads the same two through 3 and 1.
KERNEL_ROWS = ((2, 0), (3, 1))


def phase_matrix() -> np.ndarray:
    """Return the (16, 16) matrix of zeros and ones that turns a 4x4 kernel into the 2x2 kernels of its four phases.

    Rows: the kernel's elements, row by row; columns: phase along y, phase along x, then the 2x2 kernel row by row.
    """
    axis = np.zeros((4, 2, 2), np.float32)
    for phase, rows in enumerate(KERNEL_ROWS):
        for tap, row in enumerate(rows):
            axis[row, phase, tap] = 1.0
    return np.einsum("ypk,xql->yxpqkl", axis, axis).reshape(16, 16)


def interleave(phases, frames: int):
    """Put the phases, each of (frames * B, C * 4, H + 1, W + 1), side by side -> (B * C, frames, 2H, 2W).

    The first of the rows and columns that come out, and the last, are beyond the border and cut off.
    """
    total, channels, rows, columns = phases.shape
    maps = total // frames * (channels // 4)
    shuffled = ops.transpose(phases.reshape(frames, maps, 2, 2, rows, columns), (1, 0, 4, 2, 5, 3))
    shuffled = shuffled.reshape(maps, frames, 2 * rows, 2 * columns)
    return ops.slice(shuffled, (0, 0, 1, 1), (maps, frames, 2 * rows - 2, 2 * columns - 2))


class TransposedConvolution(nn.Cell):
    """Double height and width by a transposed convolution: kernel 4, stride 2, padding 1, with bias.

    x: (B, in_channels, H, W); output: (B, out_channels, 2H, 2W). weight: (in_channels, out_channels, 4, 4).

    The portable form computes the four phases of the output as one 2x2 convolution, shuffles them into place and cuts
    off a pixel all around; it exists because MindSpore Lite's transposed convolution crashes on wide inputs. CPU,
    2.8.0, portable against fused: 1.0x to 1.2x the time, with gradients 1.6x to 2.9x; compiled: 0.7x to 1.2x, with
    gradients 0.6x to 1.5x.
    """

    def __init__(self, in_channels: int, out_channels: int, weight_init="normal", bias_init="zeros"):
        super().__init__()
        self.in_channels = in_channels
        self.out_channels = out_channels
        shape = (in_channels, out_channels, 4, 4)
        self.weight = Parameter(initializer(weight_init, shape), name="weight")
        self.bias = Parameter(initializer(bias_init, (out_channels,)), name="bias")
        form = form_of("transposed_convolution")
        self.portable = form == PORTABLE
        self.compiled_form = compiled.TransposedConvolution((2, 2)) if form == COMPILED else None
        self.phase_matrix = Tensor(phase_matrix())
        # The primitive counts channels as the convolution it is the adjoint of: its output is our input.
        self.transposed = ops.Conv2DTranspose(in_channels, (4, 4), pad_mode="pad", pad=1, stride=2)
        self.phases = ops.Conv2D(4 * out_channels, (2, 2), pad_mode="pad", pad=1)

    def construct(self, x):
        if self.compiled_form is not None:
            return self.compiled_form(x, self.weight, self.bias)
        batch, _, height, width = x.shape
        bias = self.bias.reshape(1, -1, 1, 1)
        if not self.portable:
            return self.transposed(x, self.weight, (batch, self.out_channels, 2 * height, 2 * width)) + bias
        doubled = interleave(self.phases(x, self._phase_kernels()), 1)
        return doubled.reshape(batch, self.out_channels, 2 * height, 2 * width) + bias

    def _phase_kernels(self):
        # (in, out, 4, 4) -> (4 * out, in, 2, 2), the phases of one output channel side by side
        kernel = ops.matmul(self.weight.reshape(-1, 16), self.phase_matrix)
        kernel = kernel.reshape(self.in_channels, self.out_channels, 4, 4)
        kernel = ops.transpose(kernel, (1, 2, 0, 3))
        return kernel.reshape(4 * self.out_channels, self.in_channels, 2, 2)

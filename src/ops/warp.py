"""Backward warping: the picture that a flow fetches from a frame."""

import mindspore
import numpy as np
from mindspore import Tensor, nn, ops
from mindspore.ops import constexpr

from src.ops.backend import PORTABLE, form_of

BORDER = "border"
ZEROS = "zeros"


@constexpr
def _pixel_grid(height, width):
    y, x = np.meshgrid(np.arange(height, dtype=np.float32), np.arange(width, dtype=np.float32), indexing="ij")
    return Tensor(np.stack([x, y])[None])


@constexpr
def _batch_offsets(batch, pixels):
    return Tensor(np.arange(batch, dtype=np.int32).reshape(batch, 1) * pixels)


class Warp(nn.Cell):
    """Sample `frame` bilinearly at each pixel's position plus its flow.

    output(x, y) = frame(x + flow_x(x, y), y + flow_y(x, y)): backward warping, the flow points from the output towards
    `frame`. frame: (B, C, H, W); flow: (B, 2, H, W) in pixels, channel 0 along x; output: (B, C, H, W).
    Corners are aligned: integer positions are pixel centres.

    padding: "border" repeats the edge pixel outside the frame, "zeros" counts each neighbour outside it as zero.

    CPU, 2.8.0, portable against fused: 0.8x the time at 32 channels, 1.5x at 3; the gradients 0.95x and 1.2x.
    The portable form gathers whole pixels (all channels at once), which is why it likes wide features; it also
    works in pixels, where the fused one has to go through coordinates in [-1, 1] and loses a digit.
    """

    def __init__(self, padding: str = BORDER):
        super().__init__()
        if padding not in (BORDER, ZEROS):
            raise ValueError(f"warp padding is {BORDER!r} or {ZEROS!r}; got {padding!r}")
        self.padding = padding
        self.zeros = padding == ZEROS
        self.portable = form_of("warp") == PORTABLE

    def construct(self, frame, flow):
        if self.portable:
            return self._gathered(frame, flow)
        return self._grid_sampled(frame, flow)

    def _grid_sampled(self, frame, flow):
        height, width = flow.shape[2], flow.shape[3]
        position = _pixel_grid(height, width) + flow
        grid = ops.stack(
            (
                position[:, 0] * (2.0 / max(width - 1, 1)) - 1.0,
                position[:, 1] * (2.0 / max(height - 1, 1)) - 1.0,
            ),
            -1,
        )
        return ops.grid_sample(frame, grid, mode="bilinear", padding_mode=self.padding, align_corners=True)

    def _gathered(self, frame, flow):
        batch, channels, height, width = frame.shape
        pixels = height * width
        position = _pixel_grid(height, width) + flow
        # Positions are limited to one pixel outside the frame: further out nothing changes, and the integer
        # conversion below stays exact however wild a flow is.
        margin = 1.0 if self.zeros else 0.0
        x = ops.clip_by_value(position[:, 0], -margin, width - 1.0 + margin).reshape(batch, pixels)
        y = ops.clip_by_value(position[:, 1], -margin, height - 1.0 + margin).reshape(batch, pixels)
        left, top = ops.floor(x), ops.floor(y)
        toward_right, toward_bottom = x - left, y - top
        weights_x = (1.0 - toward_right, toward_right)
        weights_y = (1.0 - toward_bottom, toward_bottom)

        # (B, C, H, W) -> one row of C values a pixel, so that one Gather fetches all channels
        rows = ops.transpose(frame, (0, 2, 3, 1)).reshape(batch * pixels, channels)
        offsets = _batch_offsets(batch, pixels)
        output = 0.0
        for step_y in (0, 1):
            neighbour_y = top + step_y
            row = ops.clip_by_value(neighbour_y, 0.0, height - 1.0)
            for step_x in (0, 1):
                neighbour_x = left + step_x
                column = ops.clip_by_value(neighbour_x, 0.0, width - 1.0)
                weight = weights_y[step_y] * weights_x[step_x]
                if self.zeros:
                    inside = ops.logical_and(ops.equal(neighbour_y, row), ops.equal(neighbour_x, column))
                    weight = weight * ops.cast(inside, frame.dtype)
                index = ops.cast(row * width + column, mindspore.int32) + offsets
                output = output + ops.gather(rows, index.reshape(-1), 0) * weight.reshape(batch * pixels, 1)
        return ops.transpose(output.reshape(batch, height, width, channels), (0, 3, 1, 2))

"""Deformable convolution: every kernel tap samples the map at a place of its own."""

import numpy as np
from mindspore import Parameter, Tensor, nn, ops
from mindspore.common.initializer import initializer
from mindspore.ops import constexpr

from src.ops.backend import PORTABLE, form_of
from src.ops.bilinear import RowSampling, first_rows, zero_bordered


@constexpr
def _tap_positions(height, width, groups, kernel, stride, padding, dilation):
    # (1, groups * taps, height, 1) and (1, groups * taps, 1, width): y and x of each tap when nothing is deformed.
    # Apart, because an exported file would hold the positions of all pixels as a constant of many megabytes.
    tap_y, tap_x = np.meshgrid(np.arange(kernel) * dilation, np.arange(kernel) * dilation, indexing="ij")
    y = np.tile(tap_y.reshape(-1, 1), (groups, 1)) + np.arange(height) * stride - padding
    x = np.tile(tap_x.reshape(-1, 1), (groups, 1)) + np.arange(width) * stride - padding
    return Tensor(y[None, :, :, None].astype(np.float32)), Tensor(x[None, :, None].astype(np.float32))


class DeformableConvolution(nn.Cell):
    """2-D convolution whose taps are displaced by offsets, and weighted by a mask where one is given.

    output(p) = bias + sum over taps k of weight_k * mask_k(p) * x(stride * p - padding + dilation * k + offset_k(p)),
    bilinear; a neighbour outside the map counts as zero, each by itself.

    x: (B, in_channels, H, W). offsets: (B, deform_groups * kernel**2 * 2, H', W') in pixels of x; the channels run over
    deformation groups, then taps row by row, then (y, x): y, x interleaved, the order of torchvision and mmcv.
    mask: (B, deform_groups * kernel**2, H', W'), or None for the unmodulated convolution. Output: (B, out_channels,
    H', W'). weight: (out_channels, in_channels / groups, kernel, kernel). Channel c of x belongs to deformation group
    c // (in_channels / deform_groups). ValueError when a number of channels is not divisible by its groups.

    Dai et al., "Deformable Convolutional Networks", ICCV 2017; with a mask: Zhu et al., "Deformable ConvNets v2",
    CVPR 2019.

    The portable form gathers the pixels' channels of one group at once, in the order in which a single matrix product
    then applies the weights. CPU, 2.8.0, portable against fused, 64 channels: 1.0x the time with 8 deformation groups
    and 0.7x with one; with gradients 0.7x and 0.4x.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int = 3,
        stride: int = 1,
        padding: int = 1,
        dilation: int = 1,
        groups: int = 1,
        deform_groups: int = 1,
        bias: bool = True,
        weight_init="normal",
        bias_init="zeros",
    ):
        super().__init__()
        for name, count in (("groups", groups), ("deform_groups", deform_groups)):
            if in_channels % count:
                raise ValueError(f"in_channels must be divisible by {name} {count}; got {in_channels}")
        if out_channels % groups:
            raise ValueError(f"out_channels must be divisible by groups {groups}; got {out_channels}")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.groups = groups
        self.deform_groups = deform_groups
        shape = (out_channels, in_channels // groups, kernel, kernel)
        self.weight = Parameter(initializer(weight_init, shape), name="weight")
        self.bias = Parameter(initializer(bias_init, (out_channels,)), name="bias") if bias else None
        self.portable = form_of("deformable_convolution") == PORTABLE
        self.sample = RowSampling()
        if groups > 1:
            # which inputs an output reads, when the groups are written as one ungrouped convolution
            blocks = np.kron(np.eye(groups), np.ones((out_channels // groups, in_channels // groups)))
            self.group_blocks = Tensor(blocks.reshape(out_channels, in_channels, 1, 1).astype(np.float32))

    def construct(self, x, offsets, mask=None):
        if self.portable:
            output = self._gathered(x, offsets, mask)
        else:
            output = self._deformed(x, offsets, mask)
        if self.bias is None:
            return output
        return output + self.bias.reshape(1, -1, 1, 1)

    def _deformed(self, x, offsets, mask):
        batch, _, height, width = offsets.shape
        taps = self.deform_groups * self.kernel * self.kernel
        # the backend wants every x, then every y, then every mask
        offsets = offsets.reshape(batch, taps, 2, height, width)
        offsets_y, offsets_x = offsets[:, :, 0], offsets[:, :, 1]
        if mask is None:
            mask = ops.ones_like(offsets_x)
        return ops.deformable_conv2d(
            x,
            self.weight,
            ops.concat((offsets_x, offsets_y, mask), 1),
            (self.kernel, self.kernel),
            (1, 1, self.stride, self.stride),
            (self.padding, self.padding, self.padding, self.padding),
            dilations=(1, 1, self.dilation, self.dilation),
            groups=self.groups,
            deformable_groups=self.deform_groups,
        )

    def _gathered(self, x, offsets, mask):
        batch, channels, height, width = x.shape
        out_height, out_width = offsets.shape[2], offsets.shape[3]
        pixels, groups, taps = out_height * out_width, self.deform_groups, self.kernel * self.kernel
        taps_y, taps_x = _tap_positions(
            out_height, out_width, groups, self.kernel, self.stride, self.padding, self.dilation
        )
        offsets = offsets.reshape(batch, groups * taps, 2 * out_height, out_width)
        size = (batch, groups * taps, out_height, out_width)
        y = ops.slice(offsets, (0, 0, 0, 0), size) + taps_y
        x_position = ops.slice(offsets, (0, 0, out_height, 0), size) + taps_x
        y = self._by_pixel(ops.clip_by_value(y, -1.0, float(height))) + 1.0
        x_position = self._by_pixel(ops.clip_by_value(x_position, -1.0, float(width))) + 1.0
        weight = 1.0
        if mask is not None:
            weight = self._by_pixel(mask)

        group_channels = channels // groups
        maps = ops.transpose(x.reshape(batch * groups, group_channels, height, width), (0, 2, 3, 1))
        maps = zero_bordered(maps)
        _, rows, columns, _ = maps.shape
        first = first_rows(batch * groups, rows * columns).reshape(batch, 1, groups, 1)
        sampled = self.sample(maps.reshape(-1, group_channels), first, y, x_position, columns, weight)
        sampled = sampled.reshape(batch * pixels, groups * taps * group_channels)
        output = ops.matmul(sampled, self._product_weights()).reshape(batch, pixels, self.out_channels)
        return ops.transpose(output, (0, 2, 1)).reshape(batch, self.out_channels, out_height, out_width)

    def _by_pixel(self, values):
        # (B, groups * taps, H', W') -> (B, pixels, groups, taps): the order of the columns of the product
        batch, channels, height, width = values.shape
        values = ops.transpose(values.reshape(batch, channels, height * width), (0, 2, 1))
        return values.reshape(batch, height * width, self.deform_groups, channels // self.deform_groups)

    def _product_weights(self):
        # (out, in / groups, k, k) -> (deform_groups * taps * group channels, out)
        weight = self.weight
        if self.groups > 1:
            weight = ops.tile(weight, (1, self.groups, 1, 1)) * self.group_blocks
        taps = self.kernel * self.kernel
        weight = weight.reshape(self.out_channels, self.deform_groups, self.in_channels // self.deform_groups, taps)
        return ops.transpose(weight, (1, 3, 2, 0)).reshape(-1, self.out_channels)

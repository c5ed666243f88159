"""Every operator of src/ops in plain NumPy, float64, straight from its definition; gradients by central differences."""

import numpy as np


def bilinear(maps, y, x, border):
    """Sample maps (N, C, H, W) at y, x (N, ...) -> (N, C, ...). Outside: the edge pixel, or zero for each neighbour."""
    count, _, height, width = maps.shape
    # two pixels outside the map are as good as a million, and fit an integer
    y, x = np.clip(y, -2, height + 1), np.clip(x, -2, width + 1)
    top, left = np.floor(y).astype(int), np.floor(x).astype(int)
    sample = np.arange(count).reshape(-1, *[1] * (y.ndim - 1))
    output = 0.0
    for row, weight_y in ((top, top + 1 - y), (top + 1, y - top)):
        for column, weight_x in ((left, left + 1 - x), (left + 1, x - left)):
            inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            weight = weight_y * weight_x * (inside | border)
            values = maps[sample, :, np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)]
            output = output + np.moveaxis(values * weight[..., None], -1, 1)
    return output


def warp(frame, flow, border=True):
    """Backward warping: output(x, y) = frame(x + flow_x, y + flow_y)."""
    y, x = np.mgrid[: frame.shape[2], : frame.shape[3]]
    return bilinear(frame, y + flow[:, 1], x + flow[:, 0], border)


def resize(x, size, align_corners=False):
    """Bilinear, position by position; without antialiasing."""
    positions = []
    for source, target in zip(x.shape[2:], size):
        index = np.arange(target)
        if align_corners:
            positions.append(index * (source - 1) / max(target - 1, 1))
        else:
            positions.append((index + 0.5) * source / target - 0.5)
    y, x_position = np.meshgrid(*positions, indexing="ij")
    shape = (x.shape[0], *size)
    return bilinear(x, np.broadcast_to(y, shape), np.broadcast_to(x_position, shape), border=True)


def bicubic(x, size):
    """Keys' kernel (a = -1/2) as wide as the larger of both pixels, edges mirrored; one output pixel after another."""
    for axis, target in ((2, size[0]), (3, size[1])):
        source = x.shape[axis]
        stretch = max(source / target, 1)
        output = np.zeros((*x.shape[:axis], target, *x.shape[axis + 1 :]))
        mirrored = np.concatenate((np.arange(source), np.arange(source)[::-1]))
        for index in range(target):
            centre = (index + 0.5) * source / target - 0.5
            reach = int(np.ceil(2 * stretch)) + 1
            taps = np.arange(int(np.floor(centre)) - reach, int(np.floor(centre)) + reach + 1)
            weights = np.array([_keys(abs(tap - centre) / stretch) for tap in taps])
            values = np.take(x, mirrored[taps % (2 * source)], axis)
            spread = (weights / weights.sum()).reshape(-1, *[1] * (3 - axis))
            output[(slice(None),) * axis + (index,)] = (values * spread).sum(axis)
        x = output
    return x


def _keys(distance):
    if distance <= 1:
        return 1.5 * distance**3 - 2.5 * distance**2 + 1
    if distance <= 2:
        return -0.5 * distance**3 + 2.5 * distance**2 - 4 * distance + 2
    return 0.0


def prelu(x, slope):
    """max(x, 0) + slope * min(x, 0), one slope a channel."""
    slope = slope.reshape(1, -1, *[1] * (x.ndim - 2))
    return np.where(x > 0, x, slope * x)


def transposed_convolution(x, weight, bias):
    """Kernel 4, stride 2, padding 1: each input pixel adds its kernel to the output around (2y, 2x)."""
    batch, _, height, width = x.shape
    output = np.zeros((batch, weight.shape[1], 2 * height + 2, 2 * width + 2))
    for row in range(4):
        for column in range(4):
            output[:, :, row : row + 2 * height : 2, column : column + 2 * width : 2] += np.einsum(
                "bihw,io->bohw", x, weight[:, :, row, column]
            )
    return output[:, :, 1:-1, 1:-1] + bias.reshape(1, -1, 1, 1)


def deformable_convolution(x, offsets, mask, weight, bias, stride=1, padding=1, dilation=1, groups=1, deform_groups=1):
    """Sampled pixels times weights, one convolution group after the other; offset channels (group, tap, (y, x))."""
    batch, channels, rows, columns = x.shape
    kernel = weight.shape[2]
    height, width = offsets.shape[2:]
    taps = kernel * kernel
    # every deformation group is a map of its own, sampled at (maps, taps, height, width) positions
    maps = x.reshape(batch * deform_groups, channels // deform_groups, rows, columns)
    offsets = offsets.reshape(batch * deform_groups, taps, 2, height, width)
    grid_y, grid_x = np.mgrid[:height, :width] * stride - padding
    tap_y, tap_x = np.mgrid[:kernel, :kernel].reshape(2, taps, 1, 1) * dilation
    sampled = bilinear(maps, grid_y + tap_y + offsets[:, :, 0], grid_x + tap_x + offsets[:, :, 1], border=False)
    if mask is not None:
        sampled = sampled * mask.reshape(batch * deform_groups, 1, taps, height, width)
    sampled = np.split(sampled.reshape(batch, channels, taps, height, width), groups, 1)
    kernels = np.split(weight.reshape(*weight.shape[:2], taps), groups, 0)
    parts = [np.einsum("bcthw,oct->bohw", part, kernel_part) for part, kernel_part in zip(sampled, kernels)]
    output = np.concatenate(parts, 1)
    return output if bias is None else output + bias.reshape(1, -1, 1, 1)


def cost_volume(first, second, radius, stride=1):
    """Mean over channels of first times displaced second, one displacement after the other."""
    height, width = first.shape[2:]
    around = stride * radius
    padded = np.pad(second, ((0, 0), (0, 0), (around, around), (around, around)))
    output = []
    for dy in range(2 * radius + 1):
        for dx in range(2 * radius + 1):
            displaced = padded[:, :, stride * dy : stride * dy + height, stride * dx : stride * dx + width]
            output.append((first * displaced)[:, :, ::stride, ::stride].mean(1))
    return np.stack(output, 1)


def convolution_3d(x, weight, bias=None, stride=1):
    """Zero padding kernel // 2, stride 1 in time: each kernel value multiplies its own shifted view of the input."""
    kernel = weight.shape[2:]
    edges = [(0, 0), (0, 0), *((extent // 2, extent // 2) for extent in kernel)]
    padded = np.pad(x, edges)
    frames, height, width = (length - extent + 1 for length, extent in zip(padded.shape[2:], kernel))
    output = 0.0
    for time, row, column in np.ndindex(*kernel):
        view = padded[:, :, time : time + frames, row : row + height : stride, column : column + width : stride]
        output = output + np.einsum("bithw,oi->bothw", view, weight[:, :, time, row, column])
    return output if bias is None else output + bias.reshape(1, -1, 1, 1, 1)


def transposed_convolution_3d(x, weight, bias):
    """Kernel (3, 4, 4), stride (1, 2, 2), padding 1: each pixel adds its kernel around (t, 2y, 2x)."""
    batch, _, frames, height, width = x.shape
    output = np.zeros((batch, weight.shape[1], frames + 2, 2 * height + 2, 2 * width + 2))
    for time, row, column in np.ndindex(3, 4, 4):
        rows, columns = slice(row, row + 2 * height, 2), slice(column, column + 2 * width, 2)
        output[:, :, time : time + frames, rows, columns] += np.einsum(
            "bithw,io->bothw", x, weight[:, :, time, row, column]
        )
    return output[:, :, 1:-1, 1:-1, 1:-1] + bias.reshape(1, -1, 1, 1, 1)


def reflection_padding(x, padding):
    """Height and width, without the edge pixel."""
    return np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)], mode="reflect")


def depthwise_upsampling(x, weight):
    """The transposed convolution of each channel by its own kernel, without bias."""
    none = np.zeros(1)
    parts = [transposed_convolution(x[:, c : c + 1], weight[c : c + 1], none) for c in range(x.shape[1])]
    return np.concatenate(parts, 1)


def pixel_shuffle(x, factor):
    """Channel (c, row, column) of each group goes to every factor-th pixel, from that row and column on."""
    batch, channels, height, width = x.shape
    output = np.zeros((batch, channels // factor**2, height * factor, width * factor))
    for row in range(factor):
        for column in range(factor):
            output[:, :, row::factor, column::factor] = x[:, row * factor + column :: factor**2]
    return output


def neighbours(x, kernel):
    """Each value of the window around each pixel, one after the other; zero outside."""
    batch, channels, height, width = x.shape
    output = np.zeros((batch, channels, kernel * kernel, height, width))
    for tap, y, x_position in np.ndindex(output.shape[2:]):
        other_y, other_x = y + tap // kernel - kernel // 2, x_position + tap % kernel - kernel // 2
        if 0 <= other_y < height and 0 <= other_x < width:
            output[:, :, tap, y, x_position] = x[:, :, other_y, other_x]
    return output


def central_differences(function, inputs, position, weights, step=1e-6):
    """Return the gradient of sum(weights * function(*inputs)) by inputs[position], element by element."""
    inputs = [None if value is None else np.array(value, np.float64) for value in inputs]
    varied = inputs[position]
    gradient = np.zeros_like(varied)
    for index in np.ndindex(varied.shape):
        value = varied[index]
        varied[index] = value + step
        above = np.sum(weights * function(*inputs))
        varied[index] = value - step
        below = np.sum(weights * function(*inputs))
        varied[index] = value
        gradient[index] = (above - below) / (2 * step)
    return gradient

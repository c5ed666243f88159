"""Pixel shuffle: channels become pixels."""

from mindspore import nn, ops


class PixelShuffle(nn.Cell):
    """Interleave groups of factor**2 channels into a map that is `factor` times as high and wide.

    output[:, c, factor * y + i, factor * x + j] = input[:, (c * factor + i) * factor + j, y, x]. x: (B, C, H, W) with C
    divisible by factor**2; output: (B, C / factor**2, factor * H, factor * W). Shi et al., "Real-Time Single Image and
    Video Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural Network", CVPR 2016.

    There is one form for all devices: Reshape and Transpose are all it takes.
    """

    def __init__(self, factor: int = 2):
        super().__init__()
        self.factor = factor

    def construct(self, x):
        batch, channels, height, width = x.shape
        channels = channels // (self.factor * self.factor)
        x = x.reshape(batch, channels, self.factor, self.factor, height, width)
        x = ops.transpose(x, (0, 1, 4, 2, 5, 3))
        return x.reshape(batch, channels, height * self.factor, width * self.factor)

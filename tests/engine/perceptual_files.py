"""Weights for the perceptual loss, small copies of what torchvision and the lpips package publish."""

import numpy as np

from tests.weights.torch_writer import write_archive

WIDTHS = (64, 128, 256, 512, 512)
# torchvision's VGG-16: the number of each convolution among its layers, and its channels in and out
CONVOLUTIONS = (
    (0, 3, 64), (2, 64, 64), (5, 64, 128), (7, 128, 128), (10, 128, 256), (12, 256, 256), (14, 256, 256),
    (17, 256, 512), (19, 512, 512), (21, 512, 512), (24, 512, 512), (26, 512, 512), (28, 512, 512),
)  # fmt: skip


def kernel_of(place, incoming, outgoing):
    """A kernel that tells its place and keeps the size of what goes through it."""
    return np.full((outgoing, incoming, 3, 3), (1 + place / 100) / (9 * incoming), np.float32)


def channel_weights():
    """The weights of every stage's channels, by the names of the lpips package: 1 in the first, 2 in the second..."""
    return {f"lin{k}.model.1.weight": np.full((1, width, 1, 1), k + 1, np.float32) for k, width in enumerate(WIDTHS)}


def write_perceptual_files(folder):
    """Write both files; return the path of VGG-16 and that of its channels' weights."""
    vgg = {"classifier.6.weight": np.zeros((10, 4), np.float32)}
    for place, incoming, outgoing in CONVOLUTIONS:
        vgg[f"features.{place}.weight"] = kernel_of(place, incoming, outgoing)
        vgg[f"features.{place}.bias"] = np.ones(outgoing, np.float32)
    return write_archive(folder / "vgg16.pth", vgg), write_archive(folder / "lpips.pth", channel_weights())

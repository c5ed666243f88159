"""Augmentations of one sample that keep its frames, true images, times and flow consistent.

Every function takes a `Window` and returns a new one, whose arrays may be views, and leaves its argument as it was.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import cv2
import numpy as np

from src.data.window import Window

AXIS_SWAP = (1, 0, 3, 2)  # flow channels with x and y exchanged
FRAME_SWAP = (2, 3, 0, 1)  # flow channels with frame 0 and frame 1 exchanged


@dataclass(frozen=True)
class Changes:
    """How probable each change is; `jitter` is the largest relative change of brightness, contrast and colour."""

    horizontal: float = 0.5
    vertical: float = 0.5
    reverse_time: float = 0.5
    transpose: float = 0.5
    permute_channels: float = 0.5
    enlarge: float = 0.0
    reverse_channels: float = 0.0
    jitter: float = 0.0


EVERY_CHANGE = Changes()
# The augmentations that the networks were published with.
IFRNET_CHANGES = Changes(
    vertical=0.3, transpose=0.05, permute_channels=0.0, enlarge=0.1, reverse_channels=0.5
)  # Kong et al., IFRNet, CVPR 2022
FLAVR_CHANGES = Changes(transpose=0.0, permute_channels=0.0, jitter=0.05)  # Kalluri et al., FLAVR, WACV 2023
TDAN_CHANGES = Changes(reverse_time=0.0, permute_channels=0.0)  # Tian et al., TDAN, CVPR 2020


def _map_images(window: Window, change, change_flow=None) -> Window:
    flow = window.flow
    if flow is not None and change_flow is not None:
        flow = change_flow(flow)
    frames, targets = (tuple(map(change, images)) for images in (window.frames, window.targets))
    return dataclasses.replace(window, frames=frames, targets=targets, flow=flow)


def crop(window: Window, top: int, left: int, size: tuple[int, int]) -> Window:
    """Cut `size` (h, w) at (top, left) out of the frames, and the same place out of larger targets."""

    def cut(image, scale=1):
        rows, columns = (slice(scale * low, scale * (low + side)) for low, side in zip((top, left), size))
        return image[:, rows, columns]

    return Window(
        frames=tuple(map(cut, window.frames)),
        targets=tuple(cut(image, window.scale) for image in window.targets),
        times=window.times,
        flow=None if window.flow is None else cut(window.flow, window.scale),
    )


def flip_horizontal(window: Window) -> Window:
    """Mirror left and right: the x components of the flow change sign."""
    sign = np.array([-1, 1, -1, 1], np.float32)[:, None, None]
    return _map_images(window, lambda image: image[:, :, ::-1], lambda flow: flow[:, :, ::-1] * sign)


def flip_vertical(window: Window) -> Window:
    """Mirror top and bottom: the y components of the flow change sign."""
    sign = np.array([1, -1, 1, -1], np.float32)[:, None, None]
    return _map_images(window, lambda image: image[:, ::-1], lambda flow: flow[:, ::-1] * sign)


def transpose(window: Window) -> Window:
    """Exchange rows and columns, and with them the x and y components of the flow."""
    return _map_images(
        window, lambda image: image.transpose(0, 2, 1), lambda flow: flow[list(AXIS_SWAP)].transpose(0, 2, 1)
    )


def reverse_time(window: Window) -> Window:
    """Play the sample backwards: frames, targets and flow pairs change places, time t becomes 1 - t."""
    return Window(
        frames=window.frames[::-1],
        targets=window.targets[::-1],
        times=tuple(1 - time for time in window.times[::-1]),
        flow=None if window.flow is None else window.flow[list(FRAME_SWAP)],
    )


def permute_channels(window: Window, order: tuple[int, int, int]) -> Window:
    """Put the colour channels of all images into `order`; (2, 1, 0) turns RGB to BGR."""
    return _map_images(window, lambda image: image[list(order)])


def scale(window: Window, size: tuple[int, int]) -> Window:
    """Resize frames and flow to `size` (h, w), by area when shrinking; flow vectors grow with their axis."""
    old_h, old_w = window.frames[0].shape[1:]
    shrinks = size[0] <= old_h and size[1] <= old_w
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    ratio_x, ratio_y = size[1] / old_w, size[0] / old_h
    ratios = np.array([ratio_x, ratio_y, ratio_x, ratio_y], np.float32)[:, None, None]

    def resize(image):
        image = np.ascontiguousarray(image.transpose(1, 2, 0))
        return cv2.resize(image, (size[1], size[0]), interpolation=interpolation).transpose(2, 0, 1)

    return _map_images(window, resize, lambda flow: resize(flow) * ratios)


def jitter(window: Window, rng: np.random.Generator, strength: float) -> Window:
    """Change brightness, contrast, saturation and hue of all images alike, each by up to `strength`; makes floats.

    The hue turns by up to `strength` of a full circle. Values stay in [0, 1].
    """
    brightness, contrast, saturation = rng.uniform(1 - strength, 1 + strength, 3)
    turn = rng.uniform(-strength, strength) * 360
    grey = np.float32([0.299, 0.587, 0.114])
    level = _as_float(window.frames[len(window.frames) // 2]).transpose(1, 2, 0) @ grey
    pivot = min(brightness * float(level.mean()), 1.0)

    def change(image):
        pixels = np.clip(_as_float(image).transpose(1, 2, 0) * brightness, 0, 1)
        pixels = np.clip(pivot + (pixels - pivot) * contrast, 0, 1)
        lightness = (pixels @ grey)[..., None]
        pixels = np.clip(lightness + (pixels - lightness) * saturation, 0, 1).astype(np.float32)
        hue, colourfulness, value = cv2.split(cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV))
        turned = cv2.merge([np.mod(hue + np.float32(turn), np.float32(360)), colourfulness, value])
        return np.clip(cv2.cvtColor(turned, cv2.COLOR_HSV2RGB), 0, 1).transpose(2, 0, 1)

    return _map_images(window, change)


def _as_float(image):
    return image.astype(np.float32) / 255 if image.dtype == np.uint8 else image


def augment(window: Window, rng: np.random.Generator, changes: Changes = EVERY_CHANGE) -> Window:
    """Flip, transpose (square samples only), reverse and recolour, each at random; the size stays."""
    square = window.frames[0].shape[1] == window.frames[0].shape[2]
    for change, chance in (
        (flip_horizontal, changes.horizontal),
        (flip_vertical, changes.vertical),
        (reverse_time, changes.reverse_time),
        *(((transpose, changes.transpose),) if square else ()),
    ):
        if rng.random() < chance:
            window = change(window)
    if rng.random() < changes.permute_channels:
        window = permute_channels(window, tuple(rng.permutation(3)))
    if rng.random() < changes.reverse_channels:
        window = permute_channels(window, (2, 1, 0))
    return jitter(window, rng, changes.jitter) if changes.jitter else window

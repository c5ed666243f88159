"""Augmentations of one sample that keep its frames, time and flow consistent.

A sample is the tuple (frame0, frame1, time, target, flow) of `src.data.COLUMNS`; every function returns a new tuple of
contiguous arrays and leaves its argument as it was.
"""

from __future__ import annotations

import cv2
import numpy as np

Sample = tuple  # of five arrays

AXIS_SWAP = (1, 0, 3, 2)  # flow channels with x and y exchanged
FRAME_SWAP = (2, 3, 0, 1)  # flow channels with frame 0 and frame 1 exchanged


def _map_images(sample: Sample, change, flow: np.ndarray) -> Sample:
    frame0, frame1, time, target, _ = sample
    frame0, frame1, target, flow = (np.ascontiguousarray(a) for a in (*map(change, (frame0, frame1, target)), flow))
    return frame0, frame1, time, target, flow


def crop(sample: Sample, top: int, left: int, size: tuple[int, int]) -> Sample:
    """Cut the window of `size` (h, w) at (top, left) out of frames and flow."""
    rows, columns = slice(top, top + size[0]), slice(left, left + size[1])
    return _map_images(sample, lambda image: image[:, rows, columns], sample[4][:, rows, columns])


def random_crop(sample: Sample, rng: np.random.Generator, size: tuple[int, int]) -> Sample:
    """Cut a window of `size` (h, w) from a random place."""
    h, w = sample[0].shape[1:]
    return crop(sample, int(rng.integers(h - size[0] + 1)), int(rng.integers(w - size[1] + 1)), size)


def flip_horizontal(sample: Sample) -> Sample:
    """Mirror left and right: the x components of the flow change sign."""
    sign = np.array([-1, 1, -1, 1], np.float32)[:, None, None]
    return _map_images(sample, lambda image: image[:, :, ::-1], sample[4][:, :, ::-1] * sign)


def flip_vertical(sample: Sample) -> Sample:
    """Mirror top and bottom: the y components of the flow change sign."""
    sign = np.array([1, -1, 1, -1], np.float32)[:, None, None]
    return _map_images(sample, lambda image: image[:, ::-1], sample[4][:, ::-1] * sign)


def transpose(sample: Sample) -> Sample:
    """Exchange rows and columns, and with them the x and y components of the flow."""
    return _map_images(sample, lambda image: image.transpose(0, 2, 1), sample[4][list(AXIS_SWAP)].transpose(0, 2, 1))


def reverse_time(sample: Sample) -> Sample:
    """Play the triplet backwards: frames and flow pairs change places, time t becomes 1 - t."""
    frame0, frame1, time, target, flow = sample
    return frame1, frame0, (1 - time).astype(time.dtype), target, np.ascontiguousarray(flow[list(FRAME_SWAP)])


def permute_channels(sample: Sample, order: tuple[int, int, int]) -> Sample:
    """Put the colour channels of all frames into `order`; (2, 1, 0) turns RGB to BGR."""
    return _map_images(sample, lambda image: image[list(order)], sample[4])


def scale(sample: Sample, size: tuple[int, int]) -> Sample:
    """Resize frames and flow to `size` (h, w), by area when shrinking; flow vectors grow with their axis."""
    old_h, old_w = sample[0].shape[1:]
    shrinks = size[0] <= old_h and size[1] <= old_w
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR

    def resize(image):
        image = np.ascontiguousarray(image.transpose(1, 2, 0))
        return cv2.resize(image, (size[1], size[0]), interpolation=interpolation).transpose(2, 0, 1)

    ratio_x, ratio_y = size[1] / old_w, size[0] / old_h
    ratios = np.array([ratio_x, ratio_y, ratio_x, ratio_y], np.float32)[:, None, None]
    return _map_images(sample, resize, resize(sample[4]) * ratios)


def augment(sample: Sample, rng: np.random.Generator) -> Sample:
    """Flip, transpose (square samples only), reverse and permute colours, each at random; the size stays."""
    square = sample[0].shape[1] == sample[0].shape[2]
    for change in (flip_horizontal, flip_vertical, reverse_time, *((transpose,) if square else ())):
        if rng.random() < 0.5:
            sample = change(sample)
    if rng.random() < 0.5:
        sample = permute_channels(sample, tuple(rng.permutation(3)))
    return sample

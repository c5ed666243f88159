"""Weights and frames made by formula, so that a comparison with a published network stores results and no weights.

Everything is drawn from `numpy.random.RandomState`, whose streams are the same on every NumPy version.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np

WAVES = 12


def reference_weights(
    shapes: Mapping[str, tuple], scales: Mapping[str, float | np.ndarray] | None = None
) -> dict[str, np.ndarray]:
    """Return one float32 array for each name, drawn from a stream seeded with the CRC-32 of that name.

    The kind is read from the name and the shape, so the whole set of names must be given: a one-dimensional `weight`
    belongs to a normalisation when a `bias` stands beside it, to a PReLU otherwise.

    Args:
        shapes: shape of each parameter, under the name that the published checkpoint uses.
        scales: factors by name, each a number or an array that broadcasts to the parameter.

    Raises:
        KeyError: a scale names no parameter.
    """
    scales = scales or {}
    unknown = sorted(set(scales) - set(shapes))
    if unknown:
        raise KeyError(f"scales name no parameter: {unknown}")
    weights = {}
    for name, shape in shapes.items():
        values = _draw(name, tuple(shape), shapes) * scales.get(name, 1.0)
        weights[name] = np.asarray(values, np.float32)
    return weights


def reference_frames(shape: tuple[int, int, int, int], count: int, seed: int) -> np.ndarray:
    """Return `count` smooth pictures of one moving scene, each (N, C, H, W) float32 within (0.05, 0.95).

    Every sample is a sum of waves that moves by its own 1 to 4 pixels per frame; a weaker pattern is new in each frame,
    so that no displacement explains the change fully. The result has shape (count, N, C, H, W).
    """
    random = np.random.RandomState(seed)
    batch, channels, height, width = shape
    motion = random.uniform(1.0, 4.0, (batch, 2)) * random.choice([-1.0, 1.0], (batch, 2))
    scene = _waves(random, (batch, channels))
    y, x = np.meshgrid(np.arange(height, dtype=np.float64), np.arange(width, dtype=np.float64), indexing="ij")
    frames = np.empty((count, batch, channels, height, width))
    for index in range(count):
        change = _waves(random, (batch, channels))
        for sample in range(batch):
            moved_x, moved_y = x - index * motion[sample, 0], y - index * motion[sample, 1]
            for channel in range(channels):
                pattern = _evaluate(scene[sample, channel], moved_x, moved_y)
                pattern = pattern + 0.25 * _evaluate(change[sample, channel], x, y)
                frames[index, sample, channel] = 0.5 + 0.45 * np.tanh(pattern)
    return frames.astype(np.float32)


def _draw(name: str, shape: tuple, shapes: Mapping[str, tuple]) -> np.ndarray:
    random = np.random.RandomState(zlib.crc32(name.encode()))
    owner, _, field = name.rpartition(".")
    beside = f"{owner}." if owner else ""
    if field == "num_batches_tracked":
        return np.zeros(shape)
    if field == "running_var":
        return random.uniform(0.6, 1.4, shape)
    if field in ("bias", "beta", "running_mean"):
        return 0.1 * random.standard_normal(shape)
    if field == "gamma" or (len(shape) == 1 and f"{beside}bias" in shapes):
        return 1.0 + 0.1 * random.standard_normal(shape)
    if len(shape) == 1:
        return random.uniform(0.05, 0.4, shape)
    fan_in = float(np.prod(shape[1:]))
    return random.standard_normal(shape) * np.sqrt(1.9 / fan_in)


def _waves(random: np.random.RandomState, groups: tuple[int, int]) -> np.ndarray:
    """Return (..., WAVES, 4): angular frequencies along x and y (at most 2 pi / 8 pixels), phase, amplitude."""
    waves = np.empty((*groups, WAVES, 4))
    length = random.uniform(0.05, 2 * np.pi / 8, (*groups, WAVES))
    direction = random.uniform(0.0, 2 * np.pi, (*groups, WAVES))
    waves[..., 0] = length * np.cos(direction)
    waves[..., 1] = length * np.sin(direction)
    waves[..., 2] = random.uniform(0.0, 2 * np.pi, (*groups, WAVES))
    waves[..., 3] = random.uniform(0.2, 0.5, (*groups, WAVES))
    return waves


def _evaluate(waves: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    total = np.zeros_like(x)
    for along_x, along_y, phase, amplitude in waves:
        total += amplitude * np.sin(along_x * x + along_y * y + phase)
    return total

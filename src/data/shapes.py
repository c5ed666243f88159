"""Random shapes, as signed distances, that `synthetic.py` cuts its foreground layers out by."""

from __future__ import annotations

import functools

import cv2
import numpy as np

SHAPE_REACH = 0.4  # a shape's nominal radius, as a part of its picture's side; the rest is margin


def fractal_noise(rng: np.random.Generator, side: int, persistence: float, stretch: int = 1) -> np.ndarray:
    """Sum octaves of smooth noise, each `persistence` times as strong as the coarser one: (side, side), unit variance.

    A persistence of 0.5 has the 1/f amplitude spectrum of natural images; `stretch` draws the grain out along y.
    """
    field = np.zeros((side, side), np.float32)
    cells, weight = 4, 1.0
    while cells <= side:
        octave = rng.standard_normal((max(cells // stretch, 2), cells), dtype=np.float32)
        field += weight * cv2.resize(octave, (side, side), interpolation=cv2.INTER_CUBIC)
        cells, weight = cells * 2, weight * persistence
    return (field - field.mean()) / (field.std() + 1e-6)


def random_polygon(rng: np.random.Generator, centre, radius: float) -> np.ndarray:
    """Draw a star-shaped polygon of 3 to 9 corners: (corners, 2) int32, no corner beyond `radius`."""
    corners = int(rng.integers(3, 10))
    steps = np.arange(corners) + rng.uniform(0, 0.7, corners)
    angles = rng.uniform(0, 2 * np.pi) + steps / corners * 2 * np.pi
    reach = radius * rng.uniform(0.45, 1, (corners, 1))
    return (centre + reach * np.stack([np.cos(angles), np.sin(angles)], 1)).astype(np.int32)


def _ellipse(rng, mask, middle, reach):
    axes = (reach * rng.uniform(0.3, 1, 2)).astype(int).tolist()
    cv2.ellipse(mask, (middle, middle), axes, rng.uniform(0, 180), 0, 360, 255, -1)


def _star(rng, mask, middle, reach):
    cv2.fillPoly(mask, [random_polygon(rng, middle, reach)], 255)


def _splotch(rng, mask, middle, reach):
    y, x = np.ogrid[tuple(slice(-middle, side - middle) for side in mask.shape)]
    radius = (x * x + y * y) / reach**2
    field = fractal_noise(rng, mask.shape[0], 0.45) + 2.2 - 4.5 * radius
    mask[(field > 0) & (radius < 1)] = 255


def _sticks(rng, mask, middle, reach):
    for _ in range(int(rng.integers(1, 6))):
        start, end = (middle + rng.uniform(-0.65, 0.65, (2, 2)) * reach).astype(int).tolist()
        cv2.line(mask, start, end, 255, int(rng.integers(3, middle // 4)))


def _box(rng, mask, middle, reach):
    half = (reach * rng.uniform(0.1, 0.7, 2)).astype(int)
    cv2.rectangle(mask, (middle - half).tolist(), (middle + half).tolist(), 255, -1)


def _fence(rng, mask, middle, reach):
    width, gap = int(rng.integers(3, 9)), int(rng.integers(16, 48))
    low, high = int(middle - 0.7 * reach), int(middle + 0.7 * reach)
    for x in range(low, high, gap):
        cv2.line(mask, (x, low), (x, high), 255, width)


def _bunch(rng, mask, middle, reach):
    for _ in range(int(rng.integers(3, 9))):
        centre = (middle + rng.uniform(-0.5, 0.5, 2) * reach).astype(int).tolist()
        cv2.circle(mask, centre, int(reach * rng.uniform(0.12, 0.35)), 255, -1)


_KINDS = (_ellipse, _star, _splotch, _sticks, _box, _fence, _bunch)


def _shape(rng: np.random.Generator, side: int) -> np.ndarray:
    mask = np.zeros((side, side), np.uint8)
    middle, reach = side // 2, SHAPE_REACH * side
    _KINDS[rng.integers(len(_KINDS))](rng, mask, middle, reach)
    if rng.random() < 0.2:
        cv2.circle(mask, (middle, middle), int(reach * rng.uniform(0.1, 0.4)), 0, -1)
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    outside = cv2.distanceTransform(255 - mask, cv2.DIST_L2, 5)
    return inside - outside


@functools.lru_cache(maxsize=2)
def shape_bank(seed: int, count: int = 96, side: int = 256) -> list[np.ndarray]:
    """Make `count` signed distance pictures: (side, side) float32 each, positive inside, in their own pixels."""
    return [_shape(np.random.default_rng((seed, 2, i)), side) for i in range(count)]

"""Procedural textures and shapes that `synthetic.py` paints its layers with."""

from __future__ import annotations

import functools

import cv2
import numpy as np

SHAPE_REACH = 0.4  # a shape's nominal radius, as a part of its picture's side; the rest is margin


def random_colours(rng: np.random.Generator, count: int) -> np.ndarray:
    """Draw colours as photographs have them, mostly muted: (count, 3) in [0, 1]."""
    grey = rng.uniform(0.03, 0.97, (count, 1))
    chroma = rng.normal(0, 1, (count, 3)) * rng.gamma(1.5, 0.09, (count, 1))
    return np.clip(grey + chroma, 0, 1).astype(np.float32)


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


def _paint(rng: np.random.Generator, field: np.ndarray, stops: int) -> np.ndarray:
    """Map a field, taken over +-2.5 standard deviations, through a colour ramp of `stops` colours."""
    levels = np.clip((field + 2.5) * 51, 0, 255).astype(np.uint8)
    colours = random_colours(rng, stops)
    ramp = np.stack([np.interp(np.linspace(0, stops - 1, 256), np.arange(stops), colours[:, c]) for c in range(3)], 1)
    return ramp.astype(np.float32)[levels]


def _clouds(rng, side):
    return _paint(rng, fractal_noise(rng, side, rng.uniform(0.4, 0.8)), int(rng.integers(2, 7)))


def _grain(rng, side):
    field = fractal_noise(rng, side, rng.uniform(0.6, 0.95), stretch=int(rng.choice([4, 8, 16])))
    return _paint(rng, field, int(rng.integers(2, 5)))


def _gradient(rng, side):
    x, y = np.meshgrid(np.linspace(-2, 2, side, dtype=np.float32), np.linspace(-2, 2, side, dtype=np.float32))
    angle = rng.uniform(0, 2 * np.pi)
    return _paint(rng, x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle)), 3)


def _waves(rng, side, two_ways):
    """Stripes, or checks when `two_ways`: from sinusoidal to hard-edged, from straight to wavy."""
    x, y = np.meshgrid(np.arange(side, dtype=np.float32), np.arange(side, dtype=np.float32))
    bend = fractal_noise(rng, side, 0.4) * np.float32(rng.choice([0, 0, rng.uniform(0, 1.5)]))
    rate = np.float32(2 * np.pi / np.exp(rng.uniform(np.log(7), np.log(90))))
    field = np.sin(x * rate + bend)
    if two_ways:
        field = field * np.sin(y * rate * np.float32(rng.choice([0.5, 1, 1])) + bend)
    return _paint(rng, 2 * np.tanh(field * np.float32(np.exp(rng.uniform(-0.5, 2.5)))), int(rng.integers(2, 4)))


def _stripes(rng, side):
    return _waves(rng, side, two_ways=False)


def _checks(rng, side):
    return _waves(rng, side, two_ways=True)


def _leaves(rng, side):
    """Opaque discs and polygons with power-law sizes, the dead leaves model of natural images (Lee et al., 2001)."""
    image = _clouds(rng, side)
    count = int(rng.integers(60, 500))
    sizes = np.sort(np.clip(5 * rng.random(count) ** (-1 / 1.7), 5, side / 5))[::-1]
    rounds = rng.random() < 0.4
    colours = random_colours(rng, count)
    for size, colour in zip(sizes, colours):
        centre = rng.uniform(0, side, 2)
        if rounds:
            axes = (size * rng.uniform(0.4, 1, 2)).astype(int) + 1
            cv2.ellipse(image, centre.astype(int).tolist(), axes.tolist(), rng.uniform(0, 180), 0, 360, colour.tolist(), -1)
        else:
            cv2.fillPoly(image, [_polygon(rng, centre, size)], colour.tolist())
    return image


def _cells(rng, side):
    """Shade the distance to the nearest of many points: stones, scales, bubbles."""
    points = np.full((side, side), 255, np.uint8)
    spots = rng.integers(0, side, (int(np.exp(rng.uniform(np.log(40), np.log(1500)))), 2))
    points[spots[:, 0], spots[:, 1]] = 0
    distance = cv2.distanceTransform(points, cv2.DIST_L2, 5)
    return _paint(rng, (distance / distance.mean() - 1) * 2, int(rng.integers(2, 5)))


def _strokes(rng, side):
    """Thin lines over clouds: grass, hair, branches, wires."""
    image = _clouds(rng, side)
    heading, spread = rng.uniform(0, np.pi), rng.uniform(0.05, 1.5)
    for colour in random_colours(rng, int(rng.integers(80, 600))):
        start = rng.uniform(0, side, 2)
        angle = heading + rng.normal() * spread
        end = start + rng.uniform(10, 90) * np.array([np.cos(angle), np.sin(angle)])
        width = int(rng.integers(1, 5))
        cv2.line(image, start.astype(int).tolist(), end.astype(int).tolist(), colour.tolist(), width)
    return image


def _glyphs(rng, side):
    """Lines of letters on a plain or cloudy ground: signs, captions, print."""
    image = _clouds(rng, side) if rng.random() < 0.5 else np.tile(random_colours(rng, 1), (side, side, 1))
    image = np.ascontiguousarray(image)
    y = 0
    while y < side:
        scale = float(np.exp(rng.uniform(np.log(0.4), np.log(2.5))))
        y += int(32 * scale)
        letters = "".join(map(chr, rng.integers(33, 123, int(side / (14 * scale)))))
        colour = random_colours(rng, 1)[0].tolist()
        cv2.putText(image, letters, (0, y), int(rng.integers(0, 5)), scale, colour, 1 + int(2 * scale))
    return image


_KINDS = (_clouds, _leaves, _leaves, _leaves, _grain, _cells, _strokes, _strokes, _stripes, _checks, _glyphs, _gradient)


def _texture(rng: np.random.Generator, kind, side: int) -> np.ndarray:
    image = kind(rng, side)
    shading = fractal_noise(rng, side, 0.3) * np.float32(rng.uniform(0, 0.2))
    detail = fractal_noise(rng, side, rng.uniform(0.7, 1.0)) * np.float32(rng.gamma(1.5, 0.02))
    image = image * (1 + shading[..., None]) + detail[..., None]
    # Bilinear sampling of unfiltered edges would alias, so that their sub-pixel motion could not be seen.
    image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 0.9))
    return np.clip(image * 255 + 0.5, 0, 255).astype(np.uint8)


@functools.lru_cache(maxsize=2)
def texture_bank(seed: int, count: int = 64, side: int = 512) -> list[np.ndarray]:
    """Make `count` RGB textures of every kind in turn: (side, side, 3) uint8 each."""
    return [_texture(np.random.default_rng((seed, 1, i)), _KINDS[i % len(_KINDS)], side) for i in range(count)]


def _polygon(rng, centre, radius) -> np.ndarray:
    """Draw a star-shaped polygon of 3 to 9 corners: (corners, 2) int32."""
    corners = int(rng.integers(3, 10))
    angles = np.sort(rng.uniform(0, 2 * np.pi) + (np.arange(corners) + rng.uniform(0, 0.7, corners)) / corners * 2 * np.pi)
    reach = radius * rng.uniform(0.45, 1, (corners, 1))
    return (centre + reach * np.stack([np.cos(angles), np.sin(angles)], 1)).astype(np.int32)


def _shape(rng: np.random.Generator, side: int) -> np.ndarray:
    """Draw one filled shape and return its signed distance, positive inside: (side, side) float32, in its pixels."""
    mask = np.zeros((side, side), np.uint8)
    middle, reach = side // 2, SHAPE_REACH * side
    kind = rng.integers(0, 6)
    if kind == 0:
        axes = (reach * rng.uniform(0.3, 1, 2)).astype(int)
        cv2.ellipse(mask, (middle, middle), axes.tolist(), rng.uniform(0, 180), 0, 360, 255, -1)
    elif kind == 1:
        cv2.fillPoly(mask, [_polygon(rng, middle, reach)], 255)
    elif kind == 2:
        y, x = np.ogrid[-1:1:side * 1j, -1:1:side * 1j]
        field = fractal_noise(rng, side, 0.45) + 2.2 - 7 * (x * x + y * y)
        mask[(field > 0) & (x * x + y * y < (2 * SHAPE_REACH) ** 2)] = 255
    elif kind == 3:
        for _ in range(int(rng.integers(1, 6))):
            ends = middle + rng.uniform(-0.75, 0.75, (2, 2)) * reach
            cv2.line(mask, ends[0].astype(int).tolist(), ends[1].astype(int).tolist(), 255, int(rng.integers(3, side // 8)))
    elif kind == 4:
        half = (reach * rng.uniform(0.1, 0.7, 2)).astype(int)
        cv2.rectangle(mask, (middle - half).tolist(), (middle + half).tolist(), 255, -1)
    else:
        for _ in range(int(rng.integers(3, 9))):
            centre = middle + rng.uniform(-0.6, 0.6, 2) * reach
            cv2.circle(mask, centre.astype(int).tolist(), int(reach * rng.uniform(0.12, 0.35)), 255, -1)
    if rng.random() < 0.2:
        cv2.circle(mask, (middle, middle), int(reach * rng.uniform(0.1, 0.4)), 0, -1)
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    outside = cv2.distanceTransform(255 - mask, cv2.DIST_L2, 5)
    return inside - outside


@functools.lru_cache(maxsize=2)
def shape_bank(seed: int, count: int = 96, side: int = 256) -> list[np.ndarray]:
    """Make `count` signed distance pictures: (side, side) float32 each, positive inside, in their own pixels."""
    return [_shape(np.random.default_rng((seed, 2, i)), side) for i in range(count)]

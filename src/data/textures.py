"""Procedural textures that `synthetic.py` paints its layers with."""

from __future__ import annotations

import functools

import cv2
import numpy as np

from src.data.shapes import fractal_noise, random_polygon


def random_colours(rng: np.random.Generator, count: int) -> np.ndarray:
    """Draw colours as photographs have them, mostly muted: (count, 3) in [0, 1]."""
    grey = rng.uniform(0.03, 0.97, (count, 1))
    chroma = rng.normal(0, 1, (count, 3)) * rng.gamma(1.5, 0.065, (count, 1))
    return np.clip(grey + chroma, 0, 1).astype(np.float32)


def _paint(rng: np.random.Generator, field: np.ndarray, stops: int) -> np.ndarray:
    """Map a field, taken over +-2.5 standard deviations, through a colour ramp of `stops` colours."""
    levels = np.clip((field + 2.5) * 51, 0, 255).astype(np.uint8)
    colours = random_colours(rng, stops)
    ramp = np.stack([np.interp(np.linspace(0, stops - 1, 256), np.arange(stops), colours[:, c]) for c in range(3)], 1)
    return ramp.astype(np.float32)[levels]


def _clouds(rng, side):
    return _paint(rng, fractal_noise(rng, side, rng.uniform(0.5, 0.9)), int(rng.integers(2, 7)))


def _grain(rng, side):
    field = fractal_noise(rng, side, rng.uniform(0.6, 0.95), stretch=int(rng.choice([4, 8, 16])))
    return _paint(rng, field, int(rng.integers(2, 5)))


def _waves(rng, side):
    """Stripes or checks, from sinusoidal to hard-edged, from straight to wavy."""
    x, y = np.meshgrid(np.arange(side, dtype=np.float32), np.arange(side, dtype=np.float32))
    bend = fractal_noise(rng, side, 0.4) * np.float32(rng.choice([0, 0, rng.uniform(0, 1.5)]))
    rate = np.float32(2 * np.pi / np.exp(rng.uniform(np.log(7), np.log(90))))
    field = np.sin(x * rate + bend)
    if rng.random() < 0.5:
        field = field * np.sin(y * rate * np.float32(rng.choice([0.5, 1, 1])) + bend)
    return _paint(rng, 2 * np.tanh(field * np.float32(np.exp(rng.uniform(-0.5, 2.5)))), int(rng.integers(2, 4)))


def _canvas(rng, side):
    """Return an 8-bit ground to draw on, which every OpenCV release can, in clouds or plain."""
    if rng.random() < 0.7:
        return (_clouds(rng, side) * 255).astype(np.uint8)
    return np.tile(_paints(rng, 1).astype(np.uint8), (side, side, 1))


def _paints(rng, count):
    return random_colours(rng, count) * 255


def _leaves(rng, side):
    """Opaque discs and polygons with power-law sizes, the dead leaves model of natural images (Lee et al., 2001)."""
    image = _canvas(rng, side)
    count = int(rng.integers(60, 500))
    sizes = np.sort(np.clip(5 * rng.random(count) ** (-1 / 1.7), 5, side / 5))[::-1]
    rounds = rng.random() < 0.4
    colours = _paints(rng, count)
    for size, colour in zip(sizes, colours):
        centre = rng.uniform(0, side, 2)
        if rounds:
            axes, turn = (size * rng.uniform(0.4, 1, 2)).astype(int) + 1, rng.uniform(0, 180)
            cv2.ellipse(image, centre.astype(int).tolist(), axes.tolist(), turn, 0, 360, colour.tolist(), -1)
        else:
            cv2.fillPoly(image, [random_polygon(rng, centre, size)], colour.tolist())
    return image.astype(np.float32) / 255


def _cells(rng, side):
    """Shade the distance to the nearest of many points: stones, scales, bubbles."""
    points = np.full((side, side), 255, np.uint8)
    spots = rng.integers(0, side, (int(np.exp(rng.uniform(np.log(40), np.log(1500)))), 2))
    points[spots[:, 0], spots[:, 1]] = 0
    distance = cv2.distanceTransform(points, cv2.DIST_L2, 5)
    return _paint(rng, (distance / distance.mean() - 1) * 2, int(rng.integers(2, 5)))


def _strokes(rng, side):
    """Thin lines over clouds: grass, hair, branches, wires."""
    image = _canvas(rng, side)
    heading, spread = rng.uniform(0, np.pi), rng.uniform(0.05, 1.5)
    for colour in _paints(rng, int(rng.integers(80, 600))):
        start = rng.uniform(0, side, 2)
        angle = heading + rng.normal() * spread
        end = start + rng.uniform(10, 90) * np.array([np.cos(angle), np.sin(angle)])
        width = int(rng.integers(1, 5))
        cv2.line(image, start.astype(int).tolist(), end.astype(int).tolist(), colour.tolist(), width)
    return image.astype(np.float32) / 255


def _glyphs(rng, side):
    """Lines of letters on a plain or cloudy ground: signs, captions, print."""
    image = _canvas(rng, side)
    y = 0
    while y < side:
        scale = float(np.exp(rng.uniform(np.log(0.4), np.log(2.5))))
        y += int(32 * scale)
        letters = "".join(map(chr, rng.integers(33, 123, int(side / (14 * scale)))))
        colour = _paints(rng, 1)[0].tolist()
        cv2.putText(image, letters, (0, y), int(rng.integers(0, 5)), scale, colour, 1 + int(2 * scale))
    return image.astype(np.float32) / 255


_KINDS = (_clouds, _leaves, _strokes, _leaves, _cells, _grain, _leaves, _strokes, _waves, _glyphs, _leaves, _clouds)


def _texture(rng: np.random.Generator, kind, side: int) -> np.ndarray:
    image = kind(rng, side)
    shading = fractal_noise(rng, side, 0.3) * np.float32(rng.uniform(0, 0.2))
    detail = fractal_noise(rng, side, rng.uniform(0.7, 1.0)) * np.float32(rng.gamma(2, 0.025))
    image = image * (1 + shading[..., None]) + detail[..., None]
    if rng.random() < 0.4:
        image = cv2.resize(image, (side // 2, side // 2), interpolation=cv2.INTER_AREA)
    # Bilinear sampling of unfiltered edges would alias, so that their sub-pixel motion could not be seen.
    image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 0.9))
    return np.clip(image * 255 + 0.5, 0, 255).astype(np.uint8)


@functools.lru_cache(maxsize=2)
def texture_bank(seed: int, count: int = 64, side: int = 512) -> list[np.ndarray]:
    """Make `count` RGB textures of every kind in turn: (side, side, 3) uint8; a finer grain has half the side."""
    return [_texture(np.random.default_rng((seed, 1, i)), _KINDS[i % len(_KINDS)], side) for i in range(count)]

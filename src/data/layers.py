"""Textured layers that move over each other: their images at any time, and the exact flow of what is seen."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from src.data.shapes import SHAPE_REACH


@dataclasses.dataclass(frozen=True)
class Motion:
    """The map between a layer's own plane and the frame, at every time: wave, zoom and turn, shift, tilt.

    All steps have closed inverses, so that the flow of a layer is exact. Lengths are in pixels; `velocity`, `spin`,
    `growth` and `swing` are changes from time 0 to time 1, about the values held at time 0.5.
    """

    centre: np.ndarray
    velocity: np.ndarray
    angle: float = 0.0
    spin: float = 0.0
    growth: float = 0.0
    stretch: float = 0.0
    sway: float = 0.0
    swing: float = 0.0
    wave_rate: float = 0.0
    wave_phase: float = 0.0
    tilt: tuple[float, float] = (0.0, 0.0)
    tilt_centre: tuple[float, float] = (0.0, 0.0)

    def matrix(self, time: float) -> np.ndarray:
        """Return the (3, 3) homography from the layer's plane, waves put aside, to the frame at `time`."""
        late = time - 0.5
        turn = self.angle + self.spin * late
        zoom = np.exp(self.growth * late)
        cos, sin = np.cos(turn) * zoom, np.sin(turn) * zoom
        (a, b), (cx, cy) = (np.exp(self.stretch), np.exp(-self.stretch)), self.tilt_centre
        x, y = self.centre + self.velocity * late - (cx, cy)
        placed = np.array([[cos * a, -sin * b, x], [sin * a, cos * b, y], [0, 0, 1]])
        tilted = np.array([[1, 0, 0], [0, 1, 0], [*self.tilt, 1]]) @ placed
        return np.array([[1, 0, cx], [0, 1, cy], [0, 0, 1]]) @ tilted

    def to_layer(self, x: np.ndarray, y: np.ndarray, time: float) -> tuple[np.ndarray, np.ndarray]:
        """Map frame pixels at `time` to the layer's plane."""
        u, v = _project(cv2.invert(self.matrix(time))[1], x, y)
        return u + self._wave(v, time), v

    def to_frame(self, u: np.ndarray, v: np.ndarray, time: float) -> tuple[np.ndarray, np.ndarray]:
        """Map points of the layer's plane to frame pixels at `time`: the inverse of `to_layer`."""
        return _project(self.matrix(time), u - self._wave(v, time), v)

    def _wave(self, v, time):
        strength = self.sway + self.swing * (time - 0.5)
        if strength == 0:
            return np.float32(0)
        return np.float32(strength) * np.sin(v * np.float32(self.wave_rate) + np.float32(self.wave_phase))


def _project(matrix, x, y):
    m = matrix.astype(np.float32)
    u, v = m[0, 0] * x + (m[0, 1] * y + m[0, 2]), m[1, 0] * x + (m[1, 1] * y + m[1, 2])
    if m[2, 0] == 0 and m[2, 1] == 0:
        return u, v
    depth = m[2, 0] * x + (m[2, 1] * y + m[2, 2])
    return u / depth, v / depth


@dataclasses.dataclass(frozen=True)
class Layer:
    """A texture, cut out by a shape unless it is the background, with its motion."""

    motion: Motion
    texture: np.ndarray
    density: float  # texels a pixel
    offset: np.ndarray
    tones: np.ndarray  # (256, 1, 3) float32, colours of the texture's levels
    distance: np.ndarray | None = None
    radius: float = 0.0
    softness: float = 1.0  # width of the edge, pixels

    def bounds(self, time: float, size: tuple[int, int]) -> tuple[slice, slice]:
        """Return the rows and columns of the frame that the layer can touch at `time`."""
        if self.distance is None:
            return slice(0, size[0]), slice(0, size[1])
        motion = self.motion
        x, y = motion.centre + motion.velocity * (time - 0.5)
        grown = np.exp(abs(motion.growth) / 2 + abs(motion.stretch))
        reach = (1.1 * self.radius + abs(motion.sway) + abs(motion.swing)) * grown + self.softness + 1
        return tuple(slice(max(int(m - reach), 0), max(int(np.ceil(m + reach)), 0)) for m in (y, x))

    def paint(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Return the colours at points of the layer's plane: (h, w, 3)."""
        density = np.float32(self.density)
        column, row = u * density + np.float32(self.offset[0]), v * density + np.float32(self.offset[1])
        texels = cv2.remap(self.texture, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        return cv2.LUT(texels, self.tones)

    def cover(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Return the opacity at points of the layer's plane: (h, w) in [0, 1]."""
        side = self.distance.shape[0]
        scale = np.float32(SHAPE_REACH * side / self.radius)
        middle = np.float32((side - 1) / 2)
        inside = cv2.remap(
            self.distance, u * scale + middle, v * scale + middle, cv2.INTER_LINEAR, borderValue=-float(side)
        )
        return np.clip(inside * np.float32(1 / (scale * self.softness)) + np.float32(0.5), 0, 1)


def render(layers: list[Layer], size: tuple[int, int], time: float) -> np.ndarray:
    """Paint the layers, the first one at the back, as they stand at `time`: (h, w, 3) float32."""
    grid_x, grid_y = _grid(size)
    image = np.empty((*size, 3), np.float32)
    for layer in layers:
        rows, columns = layer.bounds(time, size)
        x, y = grid_x[:, columns], grid_y[rows]
        if not x.size or not y.size:
            continue
        u, v = layer.motion.to_layer(x, y, time)
        if layer.distance is None:
            image[...] = layer.paint(u, v)
            continue
        window = image[rows, columns]
        cover = layer.cover(u, v)
        window += cv2.merge([cover] * 3) * (layer.paint(u, v) - window)
    return image


def exact_flow(layers: list[Layer], size: tuple[int, int], time: float) -> np.ndarray:
    """Return the flow of the front layer at every pixel, from `time` to time 0 and to time 1: (4, h, w) float32."""
    grid_x, grid_y = _grid(size)
    flow = np.empty((4, *size), np.float32)
    for layer in layers:
        rows, columns = layer.bounds(time, size)
        x, y = grid_x[:, columns], grid_y[rows]
        if not x.size or not y.size:
            continue
        u, v = layer.motion.to_layer(x, y, time)
        x0, y0 = layer.motion.to_frame(u, v, 0.0)
        x1, y1 = layer.motion.to_frame(u, v, 1.0)
        seen = True if layer.distance is None else layer.cover(u, v) > 0.5
        for channel, part in enumerate((x0 - x, y0 - y, x1 - x, y1 - y)):
            np.copyto(flow[channel, rows, columns], part, where=seen)
    return flow


def _grid(size):
    """Return pixel columns (1, w) and rows (h, 1), to be broadcast."""
    return np.arange(size[1], dtype=np.float32)[None], np.arange(size[0], dtype=np.float32)[:, None]

"""Endless training triplets with exact optical flow: layers of procedural texture that move over each other."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from src.data.textures import SHAPE_REACH, shape_bank, texture_bank
from src.errors import UsageError

TIMES = ("middle", "arbitrary")


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
    gain: np.ndarray
    bias: np.ndarray
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
        return texels * self.gain + self.bias

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
        window += layer.cover(u, v)[..., None] * (layer.paint(u, v) - window)
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


class SyntheticMotion:
    """Random-access source of rendered triplets, a function of (seed, index) alone.

    A sample is the tuple of `src.data.COLUMNS`: frame0, frame1 (3, h, w), time (1, 1, 1), target (3, h, w), flow
    (4, h, w), float32, frames in [0, 1], flow in pixels from the target to frame 0 and to frame 1. No point moves by
    more than `max_displacement` pixels between the two frames. Sensor noise is on the frames, never on the target.
    `time` is "middle" (0.5) or "arbitrary" (uniform in 0.05 to 0.95). Raises UsageError for impossible arguments.
    """

    def __init__(self, size: tuple[int, int], length: int, seed: int, max_displacement: float = 32.0,
                 time: str = "middle"):
        if time not in TIMES:
            raise UsageError(f"time is one of {', '.join(TIMES)}; got {time!r}")
        if length < 1 or min(size) < 8 or max_displacement < 0:
            raise UsageError(
                "synthetic motion needs length >= 1, sides >= 8 and max_displacement >= 0; "
                f"got {length}, {size} and {max_displacement}"
            )
        self.size = (int(size[0]), int(size[1]))
        self.length = int(length)
        self.seed = int(seed)
        self.max_displacement = float(max_displacement)
        self.time = time
        texture_bank(self.seed), shape_bank(self.seed)

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        index = int(index)
        if not 0 <= index < self.length:
            raise IndexError(f"index lies in 0 to {self.length - 1}; got {index}")
        rng = np.random.default_rng((self.seed, 3, index))
        time = 0.5 if self.time == "middle" else float(rng.uniform(0.05, 0.95))
        moments = (0.0, 1.0, time)
        layers = self.draw_layers(rng)
        frames = [render(layers, self.size, moment) for moment in moments]
        frames = _expose(rng, frames, moments)
        frame0, frame1, target = (np.ascontiguousarray(frame.transpose(2, 0, 1)) for frame in frames)
        return frame0, frame1, np.full((1, 1, 1), time, np.float32), target, exact_flow(layers, self.size, time)

    def draw_layers(self, rng: np.random.Generator) -> list[Layer]:
        """Draw a background and 1 to 6 shapes before it; a common camera pan moves them all by their nearness."""
        pan = self._draw_shift(rng, 8) if rng.random() < 0.7 else np.zeros(2)
        layers = [self._draw_layer(rng, pan, None)]
        for _ in range(int(rng.integers(1, 7))):
            shapes = shape_bank(self.seed)
            layers.append(self._draw_layer(rng, pan * rng.uniform(0.8, 1.6), shapes[rng.integers(len(shapes))]))
        return layers

    def _draw_shift(self, rng, share):
        """Draw a vector of any direction; its length has the mean max_displacement / share and a long tail."""
        length = rng.exponential(self.max_displacement / share)
        angle = rng.uniform(0, 2 * np.pi)
        return length * np.array([np.cos(angle), np.sin(angle)])

    def _draw_layer(self, rng, pan, distance):
        h, w = self.size
        backdrop = distance is None
        radius = np.hypot(h, w) / 2 if backdrop else np.exp(rng.uniform(np.log(0.07), np.log(0.5))) * min(h, w)
        if backdrop:
            centre = np.array([(w - 1) / 2, (h - 1) / 2])
        else:
            centre = rng.uniform(-0.1, 1.1, 2) * (w, h)
        textures = texture_bank(self.seed)
        texture = textures[rng.integers(len(textures))]
        return Layer(
            motion=self._draw_motion(rng, pan, centre, radius, backdrop),
            texture=texture,
            density=rng.uniform(0.6, 1.5),
            offset=rng.uniform(0, 1, 2) * texture.shape[:2],
            gain=(rng.uniform(0.6, 1.1) * rng.uniform(0.85, 1.15, 3) / 255).astype(np.float32),
            bias=np.full(3, rng.uniform(-0.05, 0.2), np.float32),
            distance=distance,
            radius=radius,
            softness=rng.choice([1.0, 1.0, 1.5, 3.0]),
        )

    def _draw_motion(self, rng, pan, centre, radius, backdrop):
        limit = self.max_displacement
        # Each kind of deformation gets a few pixels of motion at the layer's rim.
        spin, growth, swing = (
            rng.choice([-1, 1]) * min(rng.exponential(limit / 16), limit / 8) * (rng.random() < chance)
            for chance in (0.5, 0.5, 0.3)
        )
        tilt = rng.uniform(-0.25, 0.25, 2) / radius if backdrop and rng.random() < 0.4 else np.zeros(2)
        velocity = pan if backdrop else pan + self._draw_shift(rng, 6) * (rng.random() < 0.85)
        velocity = velocity * min(1, 0.5 * limit / max(np.hypot(*velocity), 1e-6))
        return Motion(
            centre=centre,
            velocity=velocity,
            angle=rng.uniform(0, 2 * np.pi),
            spin=spin / radius,
            growth=growth / radius,
            stretch=rng.uniform(-0.2, 0.2),
            sway=rng.uniform(-4, 4) if swing else 0.0,
            swing=swing,
            wave_rate=2 * np.pi / (radius * rng.uniform(0.8, 2.5)),
            wave_phase=rng.uniform(0, 2 * np.pi),
            tilt=tuple(tilt),
            tilt_centre=tuple(centre),
        )


def _expose(rng, frames, moments):
    """Add what a camera adds: a slow change of light, defocus over all frames, and noise over the two given ones."""
    if rng.random() < 0.25:
        drift = rng.normal(0, 0.03)
        frames = [frame * np.float32(1 + drift * (moment - 0.5)) for frame, moment in zip(frames, moments)]
    if rng.random() < 0.25:
        sigma = rng.uniform(0.4, 1.0)
        frames = [cv2.GaussianBlur(frame, (0, 0), sigma) for frame in frames]
    if rng.random() < 0.3:
        strength = np.float32(rng.uniform(0.002, 0.02))
        for frame in frames[:2]:
            frame += strength * rng.standard_normal(frame.shape, dtype=np.float32)
    return [np.clip(frame, 0, 1) for frame in frames]

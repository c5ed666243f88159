"""Endless training triplets with exact optical flow: layers of procedural texture that move over each other."""

from __future__ import annotations

import cv2
import numpy as np

from src.data import COLUMNS
from src.data.layers import Layer, Motion, exact_flow, render
from src.data.shapes import shape_bank
from src.data.textures import texture_bank
from src.errors import UsageError

TIMES = ("middle", "arbitrary")


class SyntheticMotion:
    """Random-access source of rendered triplets, a function of (seed, index) alone.

    A sample is the tuple of `src.data.COLUMNS`: frame0, frame1 (3, h, w), time (1, 1, 1), target (3, h, w), flow
    (4, h, w), float32, frames in [0, 1], flow in pixels from the target to frame 0 and to frame 1. No point moves by
    more than `max_displacement` pixels between the two frames. Sensor noise is on the frames, never on the target.
    `time` is "middle" (0.5) or "arbitrary" (uniform in 0.05 to 0.95). Raises UsageError for impossible arguments.
    """

    columns = COLUMNS

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
        self.textures = texture_bank(self.seed)
        self.shapes = shape_bank(self.seed)

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
        pan = self._draw_shift(rng, 7) if rng.random() < 0.7 else np.zeros(2)
        layers = [self._draw_layer(rng, pan, None)]
        for _ in range(int(rng.integers(1, 7))):
            shape = self.shapes[rng.integers(len(self.shapes))]
            layers.append(self._draw_layer(rng, pan * rng.uniform(0.8, 1.6), shape))
        return layers

    def _draw_shift(self, rng, share):
        """Draw a vector of any direction; its length has the mean max_displacement / share and a long tail."""
        length = rng.exponential(self.max_displacement / share)
        angle = rng.uniform(0, 2 * np.pi)
        return length * np.array([np.cos(angle), np.sin(angle)])

    def _draw_layer(self, rng, pan, distance):
        h, w = self.size
        backdrop = distance is None
        radius = np.hypot(h, w) / 2 if backdrop else np.exp(rng.uniform(np.log(0.08), np.log(0.7))) * min(h, w)
        if backdrop:
            centre = np.array([(w - 1) / 2, (h - 1) / 2])
        else:
            centre = rng.uniform(-0.1, 1.1, 2) * (w, h)
        texture = self.textures[rng.integers(len(self.textures))]
        return Layer(
            motion=self._draw_motion(rng, pan, centre, radius, backdrop),
            texture=texture,
            density=rng.uniform(0.6, 1.3),
            offset=rng.uniform(0, 1, 2) * texture.shape[:2],
            tones=_draw_tones(rng),
            distance=distance,
            radius=radius,
            softness=rng.choice([1.0, 1.0, 1.5, 3.0]),
        )

    def _draw_motion(self, rng, pan, centre, radius, backdrop):
        tilt = rng.uniform(-0.15, 0.15, 2) / radius if backdrop and rng.random() < 0.4 else np.zeros(2)
        # A tilted plane moves fastest where it is nearest, at one of its corners.
        limit = self.max_displacement / (1 + radius * np.hypot(*tilt)) ** 2
        # Each deformation gets a few pixels of motion at the layer's rim, and the shift what is left.
        spin, growth, swing = (
            rng.choice([-1, 1]) * min(rng.exponential(limit / 16), limit / 8) * (rng.random() < chance)
            for chance in (0.5, 0.5, 0.3)
        )
        velocity = pan if backdrop else pan + self._draw_shift(rng, 5) * (rng.random() < 0.85)
        rest = limit - abs(spin) - abs(growth) - abs(swing)
        velocity = velocity * min(1, 0.9 * rest / max(np.hypot(*velocity), 1e-6))
        return Motion(
            centre=centre,
            velocity=velocity,
            angle=rng.uniform(0, 2 * np.pi),
            spin=spin / radius,
            growth=growth / radius,
            stretch=rng.uniform(-0.2, 0.2),
            sway=rng.uniform(-3, 3) if swing else 0.0,
            swing=swing,
            wave_rate=2 * np.pi / (max(radius, 24) * rng.uniform(0.8, 2.5)),
            wave_phase=rng.uniform(0, 2 * np.pi),
            tilt=tuple(tilt),
            tilt_centre=tuple(centre),
        )


def _draw_tones(rng):
    gain = rng.uniform(0.6, 1.1) * rng.uniform(0.85, 1.15, 3)
    return (np.linspace(0, 1, 256)[:, None, None] * gain + rng.uniform(-0.05, 0.2)).astype(np.float32)


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

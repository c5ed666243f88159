"""Windows that slide over still pictures: the simplest motion there is, to learn matching from before anything else."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from src.data import COLUMNS
from src.data.augment import augment
from src.data.window import Window, to_columns
from src.errors import InputError


class GlobalShifts:
    """Random-access source of triplets cut from one picture each, displaced as a whole; function of (seed, index).

    pictures: (h, w, 3) uint8 RGB, each at least `size` (h, w) plus `max_displacement` plus 2 pixels. From frame 0 to
    frame 1 a sample moves by up to `max_displacement` pixels along each axis, every amount as likely as any other: with
    natural motion, mostly small, a network is content with predicting none for a long time. Time 0.5, exact flow.
    Raises InputError without a picture that is large enough.
    """

    columns = COLUMNS

    def __init__(
        self, pictures: Sequence[np.ndarray], size: tuple[int, int], length: int, seed: int, max_displacement: float
    ):
        self.size, self.length, self.seed = (int(size[0]), int(size[1])), int(length), int(seed)
        self.max_displacement = float(max_displacement)
        self.margin = self.max_displacement / 2 + 1
        needed = [side + 2 * self.margin for side in self.size]
        self.pictures = [each for each in pictures if each.shape[0] >= needed[0] and each.shape[1] >= needed[1]]
        if not self.pictures:
            raise InputError(f"expected a picture of at least {needed[0]:.0f} x {needed[1]:.0f}; found none")

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        if not 0 <= index < self.length:
            raise IndexError(f"index lies in 0 to {self.length - 1}; got {index}")
        rng = np.random.default_rng((self.seed, 6, int(index)))
        picture = self.pictures[rng.integers(len(self.pictures))]
        half_motion = rng.uniform(-self.max_displacement, self.max_displacement, 2) / 2
        low = np.array(self.size[::-1]) / 2 + self.margin
        centre = rng.uniform(low, np.maximum(np.array(picture.shape[1::-1]) - low, low))
        frame0, target, frame1 = (self._window(picture, centre + step * half_motion) for step in (-1, 0, 1))
        # What the target shows at p, frame 0 shows half a motion further: its window has not come as far yet.
        flow = np.concatenate([half_motion, -half_motion]).astype(np.float32)
        flow = np.broadcast_to(flow[:, None, None], (4, *self.size))
        return to_columns(augment(Window((frame0, frame1), (target,), flow=flow), rng), self.columns)

    def _window(self, picture, centre):
        height, width = self.size
        window = cv2.getRectSubPix(picture, (width, height), (float(centre[0]) - 0.5, float(centre[1]) - 0.5))
        return window.transpose(2, 0, 1).astype(np.float32) / 255

"""Training triplets from real video: files or folders of frames, held in memory, with pseudo labels for the flow."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from src.data import COLUMNS
from src.data.augment import augment, crop
from src.data.flow_estimate import estimate_flow
from src.data.window import Window, to_columns
from src.errors import InputError, UsageError
from src.video.cuts import is_cut
from src.video.reader import open_source

DISTANCES = (1, 2)  # from the middle frame to its neighbours
FLOW_MARGIN = 24  # surroundings that the flow estimate sees beyond the sample, pixels
LARGEST_REDUCTION = 2.0
STILL = 0.012  # mean absolute difference of the outer frames below which a window counts as still
WINDOW_TRIES = 4
UNEXPLAINED = 0.06  # mean absolute error of both warped frames above which a window is too hard to learn from
SAMPLE_TRIES = 3


def read_clip(path: str, shorter_side: int = 0) -> list[np.ndarray]:
    """Read all frames of a video file, or of a folder of images in their natural order: (h, w, 3) uint8 RGB each.

    Frames whose shorter side exceeds `shorter_side` (0: no limit) are shrunk to it.
    Raises InputError, naming the path, when it cannot be read or its frames differ in size.
    """
    return [_shrink(frame, shorter_side) for frame in open_source(path, needed=1).frames()]


def _shrink(frame: np.ndarray, shorter_side: int) -> np.ndarray:
    h, w = frame.shape[:2]
    if not shorter_side or min(h, w) <= shorter_side:
        return frame
    ratio = shorter_side / min(h, w)
    return cv2.resize(frame, (round(w * ratio), round(h * ratio)), interpolation=cv2.INTER_AREA)


def find_triplets(
    frames: Sequence[np.ndarray], distances: Sequence[int] = DISTANCES
) -> list[tuple[int, int, float]]:
    """List (first frame, distance, weight) of every triplet that no cut crosses; the weight is low for still ones."""
    cuts = np.array([is_cut(a, b) for a, b in zip(frames[:-1], frames[1:])], bool)
    triplets = []
    for distance in distances:
        for first in range(len(frames) - 2 * distance):
            last = first + 2 * distance
            if not cuts[first:last].any():
                weight = np.clip(_change(frames[first], frames[last]) / STILL, 0.1, 1)
                triplets.append((first, distance, float(weight)))
    return triplets


def _change(frame_a: np.ndarray, frame_b: np.ndarray) -> float:
    return float(cv2.absdiff(frame_a[::4, ::4], frame_b[::4, ::4]).mean() / 255)


def warp_error(target: np.ndarray, frame: np.ndarray, flow: np.ndarray) -> float:
    """Return the mean absolute difference, in [0, 1], between the target and a frame warped to it by (2, h, w) flow."""
    y, x = np.indices(flow.shape[1:], dtype=np.float32)
    warped = cv2.remap(frame, x + flow[0], y + flow[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return float(cv2.absdiff(warped, target).mean() / 255)


class ClipTriplets:
    """Random-access source of augmented crops of real triplets, a function of (seed, index) alone.

    `paths` are video files or folders of frames; they are decoded once, here, and kept in memory, shrunk so that the
    shorter side is at most `shorter_side` (0: as they are). With a `frame_step` of n only frames 0, n, 2n, ... are ever
    seen, so that the others can serve as unseen truth. A sample is the tuple of `src.data.COLUMNS` at time 0.5,
    frames of `size` (h, w), with flow estimated by OpenCV. Neighbours are 1 or 2 frames away from the target.
    Without `augmentation` samples are windows of direct neighbours as they are: nothing is resized, mirrored, turned or
    recoloured. Raises UsageError without paths, and InputError, naming the path, for one that cannot be read, that is
    smaller than `size`, or that has no three consecutive frames without a cut.
    """

    columns = COLUMNS

    def __init__(
        self,
        paths: Sequence[str],
        size: tuple[int, int],
        length: int,
        seed: int,
        shorter_side: int = 0,
        frame_step: int = 1,
        augmentation: bool = True,
    ):
        if not paths:
            raise UsageError("clip triplets need at least one path; got none")
        self.size = (int(size[0]), int(size[1]))
        self.length = int(length)
        self.seed = int(seed)
        self.augmentation = augmentation
        self.clips = [read_clip(path, shorter_side)[::frame_step] for path in paths]
        self.triplets = []
        for number, (path, frames) in enumerate(zip(paths, self.clips)):
            h, w = frames[0].shape[:2]
            if h < self.size[0] or w < self.size[1]:
                raise InputError(f"{path}: expected frames of at least {self.size[0]} x {self.size[1]}; got {h} x {w}")
            found = find_triplets(frames, DISTANCES if augmentation else DISTANCES[:1])
            if not found:
                raise InputError(f"{path}: expected three frames without a cut; got {len(frames)} frames")
            self.triplets += [(number, *triplet) for triplet in found]
        self.bounds = np.cumsum([weight for *_, weight in self.triplets])

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        index = int(index)
        if not 0 <= index < self.length:
            raise IndexError(f"index lies in 0 to {self.length - 1}; got {index}")
        rng = np.random.default_rng((self.seed, 5, index))
        for _ in range(SAMPLE_TRIES):
            images, top, left = self._draw_window(rng, self._draw_triplet(rng))
            flow0, flow1 = (estimate_flow(images[1], image) for image in (images[0], images[2]))
            errors = [warp_error(images[1], image, flow) for image, flow in ((images[0], flow0), (images[2], flow1))]
            if min(errors) < UNEXPLAINED:
                break
        frame0, target, frame1 = (image.transpose(2, 0, 1).astype(np.float32) / 255 for image in images)
        window = Window((frame0, frame1), (target,), flow=np.concatenate([flow0, flow1]))
        window = crop(window, top, left, self.size)
        return to_columns(augment(window, rng) if self.augmentation else window, self.columns)

    def _draw_triplet(self, rng):
        chosen = int(np.searchsorted(self.bounds, rng.random() * self.bounds[-1], side="right"))
        number, first, distance, _ = self.triplets[min(chosen, len(self.triplets) - 1)]
        return self.clips[number][first : first + 2 * distance + 1 : distance]

    def _draw_window(self, rng, frames):
        """Return the images of a random window and its margin, at a random reduction, and its place therein."""
        h, w = frames[0].shape[:2]
        limit = min(LARGEST_REDUCTION, h / self.size[0], w / self.size[1])
        reduction = rng.uniform(1, limit) if self.augmentation and rng.random() < 0.5 else 1.0
        size = np.array([min(round(side * reduction), full) for side, full in zip(self.size, (h, w))])
        for _ in range(WINDOW_TRIES):
            corner = np.array([rng.integers(h - size[0] + 1), rng.integers(w - size[1] + 1)])
            rows, columns = (slice(c, c + s) for c, s in zip(corner, size))
            if _change(frames[0][rows, columns], frames[2][rows, columns]) >= STILL:
                break
        margin = FLOW_MARGIN * size / self.size
        low = np.maximum(corner - margin, 0).astype(int)
        high = np.minimum(corner + size + margin, (h, w)).astype(int)
        images = [frame[low[0] : high[0], low[1] : high[1]] for frame in frames]
        ratio = np.array(self.size) / size
        top, left = np.round((corner - low) * ratio).astype(int)
        full = np.maximum(np.round((high - low) * ratio).astype(int), (top + self.size[0], left + self.size[1]))
        if reduction > 1:
            images = [cv2.resize(image, (int(full[1]), int(full[0])), interpolation=cv2.INTER_AREA) for image in images]
        return images, int(top), int(left)

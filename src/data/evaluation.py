"""What a network is measured on: named samples with the true frame, in cases that are read one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from src.data.folders import find_clips, odd_frames
from src.data.samples import degraded, read_window
from src.data.sources import GENERATED, MIDDLE, entries_of
from src.data.synthetic import SyntheticMotion
from src.data.window import to_columns
from src.errors import InputError, UsageError
from src.ops.bicubic_matrix import bicubic_matrix

# Far from any seed a recipe trains with, so that generated test motion is never seen in training.
UNSEEN_SEED = 1_000_003


@dataclass(frozen=True)
class Sample:
    """One frame to predict: group names the clip it comes from; frames and truth are RGB in [0, 1].

    frames: (inputs, 3, h, w), in order of time. time: of the truth, between the two central frames. truth: (3, H, W),
    of the frames' size or four times as high and wide; None where it is not published.
    """

    group: str
    name: str
    frames: np.ndarray
    time: float
    truth: np.ndarray | None

    @property
    def baseline(self) -> np.ndarray:
        """What costs nothing: the mean of the two central frames, or the central one enlarged by bicubic kernels."""
        count = len(self.frames)
        h, w = self.frames.shape[2:]
        if self.truth.shape[1:] == (h, w):
            return self.frames[(count - 1) // 2 : count // 2 + 1].mean(axis=0)
        rows, columns = (bicubic_matrix(small, full) for small, full in zip((h, w), self.truth.shape[1:]))
        return np.clip(rows @ self.frames[count // 2] @ columns.T, 0, 1).astype(np.float32)


@dataclass(frozen=True)
class Case:
    """What is read, and fails, as one: samples from the same frames, or a clip.

    count: of its samples, 0 where that is not known ahead. read: returns an iterator of them; InputError, which names
    the file, comes from it when they cannot be read. has_truth: whether the true frames are published.
    """

    group: str
    name: str
    count: int
    read: Callable[[], Iterator[Sample]]
    has_truth: bool = True


def evaluation_cases(recipe, inputs: int = 2, borders: str = "mirrored", view: tuple | None = None) -> list[Case]:
    """Return what a recipe is evaluated on; of a published dataset that is the test split, or recipe.split.

    inputs: how many frames the network takes. borders: how clips go on at their ends (see `x4_clip_entries`). view: the
    (height, width) of the central part that frames and truth are cut to. Raises UsageError when the dataset has no such
    split, or not so many frames a sample; InputError when it is not laid out so.
    """
    if recipe.dataset in GENERATED and inputs != 2:
        raise UsageError(f"samples of {recipe.dataset} have 2 frames, where {recipe.model} takes {inputs}")
    if recipe.dataset == "synthetic":
        size = (recipe.height, recipe.width)
        source = SyntheticMotion(size, recipe.eval_samples, UNSEEN_SEED, recipe.max_displacement, recipe.time)
        return [_generated_case(source, index) for index in range(len(source))]
    if recipe.dataset in GENERATED:
        return [clip_case(clip, view) for clip in find_clips(recipe.data_path)]
    return [_case_of(entry, inputs, view) for entry in entries_of(recipe, recipe.split or "test", inputs, borders)]


def clip_case(clip: str, view: tuple | None = None, indices: Sequence[int] | None = None) -> Case:
    """Return the odd frames of a clip as a case: all that have two neighbours, or those of these rising indices."""
    return Case(Path(clip).name, "", len(indices or ()), partial(_odd_frames, clip, view, indices))


def _generated_case(source, index):
    name = f"{index:04d}"

    def read():
        frame0, frame1, time, target, _ = source[index]
        yield Sample("synthetic", name, np.stack((frame0, frame1)), float(time.reshape(-1)[0]), target)

    return Case("synthetic", name, 1, read)


def _odd_frames(clip, view, indices):
    for index, window in odd_frames(clip):
        if indices and index > indices[-1]:
            return
        if indices and index not in indices:
            continue
        first, middle, last = (_central(_to_float(each), view, clip) for each in window)
        yield Sample(Path(clip).name, f"{index:05d}", np.stack((first, last)), MIDDLE, middle)


def _case_of(entry, inputs, view=None):
    read = partial(_read_entry, entry, inputs, view)
    return Case(entry.group, entry.name, max(len(entry.targets), 1), read, has_truth=bool(entry.targets))


def _read_entry(entry, inputs, view):
    window = degraded(read_window(entry, inputs), entry)
    frames = to_columns(window, [f"frame{index}" for index in range(inputs)])
    # one array for all truths, so that a predictor of several frames runs once
    frames = np.stack([_central(frame, view, entry.frames[0]) for frame in frames])
    if not window.targets:  # what is kept back lies in the middle
        yield Sample(entry.group, entry.name, frames, MIDDLE, None)
        return
    truths = to_columns(window, ("target",))[0]
    truths = truths if truths.ndim == 4 else truths[None]
    for number, (time, truth) in enumerate(zip(window.times, truths), 1):
        name = entry.name if len(truths) == 1 else f"{entry.name}+{number}"
        yield Sample(entry.group, name, frames, time, _central(truth, view, entry.targets[number - 1]))


def _central(frame, view, file):
    """Return the central (height, width) of a frame, rounded as torchvision's CenterCrop does."""
    if view is None:
        return frame
    spare = [full - wanted for full, wanted in zip(frame.shape[1:], view)]
    if min(spare) < 0:
        sizes = "{} x {} pixels; got {} x {}".format(*view, *frame.shape[1:])
        raise InputError(f"{file}: the protocol needs at least {sizes}")
    top, left = (round(each / 2) for each in spare)
    return frame[:, top : top + view[0], left : left + view[1]]


def _to_float(frame: np.ndarray) -> np.ndarray:
    return frame.transpose(2, 0, 1).astype(np.float32) / 255

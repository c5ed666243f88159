"""What a network is measured on: named samples with the true frame."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from src.data.datasets import DATASETS
from src.data.folders import find_clips, odd_frames
from src.data.samples import degraded, read_window
from src.data.sources import GENERATED, entries_of
from src.data.synthetic import SyntheticMotion
from src.data.window import to_columns
from src.errors import UsageError
from src.ops.bicubic_matrix import bicubic_matrix

# Far from any seed a recipe trains with, so that generated test motion is never seen in training.
UNSEEN_SEED = 1_000_003


@dataclass(frozen=True)
class Sample:
    """One frame to predict: group names the clip it comes from; frames and truth are RGB in [0, 1].

    frames: (inputs, 3, h, w), in order of time. time: of the truth, between the two central frames. truth: (3, H, W),
    of the frames' size or four times as high and wide.
    """

    group: str
    name: str
    frames: np.ndarray
    time: float
    truth: np.ndarray

    @property
    def baseline(self) -> np.ndarray:
        """What costs nothing: the mean of the two central frames, or the central one enlarged by bicubic kernels."""
        count = len(self.frames)
        h, w = self.frames.shape[2:]
        if self.truth.shape[1:] == (h, w):
            return self.frames[(count - 1) // 2 : count // 2 + 1].mean(axis=0)
        rows, columns = (bicubic_matrix(small, full) for small, full in zip((h, w), self.truth.shape[1:]))
        return np.clip(rows @ self.frames[count // 2] @ columns.T, 0, 1).astype(np.float32)


def evaluation_samples(recipe, inputs: int = 2) -> Iterator[Sample]:
    """Yield the samples a recipe is evaluated on, one at a time; of a published dataset the test split or recipe.split.

    inputs: how many frames the network takes. Raises UsageError when the dataset has no such split, or no true frames.
    """
    if recipe.dataset == "synthetic":
        return _generated(recipe)
    if recipe.dataset not in GENERATED:
        return _from_entries(_measurable(recipe, inputs), inputs)
    return _odd_frames(recipe)


def validation_samples(recipe, inputs: int = 2) -> Iterator[Sample]:
    """Yield what a training is validated on: val_dataset in val_path, `val_samples` of them, spread evenly.

    Without a val_dataset those are the training recipe's own dataset and folder, of a published one the test split.
    """
    chosen = dataclasses.replace(
        recipe,
        dataset=recipe.val_dataset or recipe.dataset,
        data_path=recipe.val_path or recipe.data_path,
        split="",
        eval_samples=recipe.val_samples or recipe.eval_samples,
    )
    if not recipe.val_samples or chosen.dataset == "synthetic":
        return evaluation_samples(chosen, inputs)
    if chosen.dataset in GENERATED:
        return _spread(list(_odd_frames(chosen)), recipe.val_samples)
    return _from_entries(_spread(_measurable(chosen, inputs), recipe.val_samples), inputs)


def _spread(items, count):
    if count >= len(items):
        return items
    return [items[index * len(items) // count] for index in range(count)]


def protocol_of(recipe) -> str:
    """Return one line that says what is predicted from what, and how it is measured."""
    measured = "PSNR over all RGB values and 3-D window SSIM of unrounded predictions, mean over frames"
    if recipe.dataset == "synthetic":
        return f"{recipe.eval_samples} generated triplets of {recipe.width}x{recipe.height}; {measured}"
    if recipe.dataset not in GENERATED:
        title = DATASETS[recipe.dataset].title
        return f"{title}, split {recipe.split or 'test'}, whole frames; {measured}"
    return f"odd frames predicted from their even neighbours, triplets across a cut left out; {measured}"


def _measurable(recipe, inputs):
    entries = entries_of(recipe, recipe.split or "test", inputs)
    if not any(entry.targets for entry in entries):
        raise UsageError(f"{recipe.dataset} comes without true frames, so that nothing can be measured on it")
    return entries


def _generated(recipe):
    size = (recipe.height, recipe.width)
    source = SyntheticMotion(size, recipe.eval_samples, UNSEEN_SEED, recipe.max_displacement, recipe.time)
    for index in range(len(source)):
        frame0, frame1, time, target, _ = source[index]
        yield Sample("synthetic", f"{index:04d}", np.stack((frame0, frame1)), float(time.reshape(-1)[0]), target)


def _odd_frames(recipe):
    for clip in find_clips(recipe.data_path):
        for index, window in odd_frames(clip):
            first, middle, last = (_to_float(each) for each in window)
            yield Sample(Path(clip).name, f"{index:05d}", np.stack((first, last)), 0.5, middle)


def _from_entries(entries, inputs):
    for entry in entries:
        window = degraded(read_window(entry, inputs), entry)
        columns = (*(f"frame{index}" for index in range(inputs)), "target")
        *frames, targets = to_columns(window, columns)
        truths = targets if targets.ndim == 4 else targets[None]
        frames = np.stack(frames)  # one array for all its truths, so that a predictor of several frames runs once
        for number, (time, truth) in enumerate(zip(window.times, truths), 1):
            name = entry.name if len(truths) == 1 else f"{entry.name}+{number}"
            yield Sample(entry.group, name, frames, time, truth)


def _to_float(frame: np.ndarray) -> np.ndarray:
    return frame.transpose(2, 0, 1).astype(np.float32) / 255

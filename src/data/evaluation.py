"""What a network is measured on: named samples with the true frame."""

from __future__ import annotations

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


def evaluation_samples(recipe, inputs: int = 2) -> Iterator[Sample]:
    """Yield the samples a recipe is evaluated on, one at a time; of a published dataset the test split or recipe.split.

    inputs: how many frames the network takes. Raises UsageError when the dataset has no such split, or no true frames.
    """
    if recipe.dataset == "synthetic":
        return _generated(recipe)
    if recipe.dataset not in GENERATED:
        entries = entries_of(recipe, recipe.split or "test", inputs)
        if not any(entry.targets for entry in entries):
            raise UsageError(f"{recipe.dataset} comes without true frames, so that nothing can be measured on it")
        return _from_entries(entries, inputs)
    return _odd_frames(recipe)


def protocol_of(recipe) -> str:
    """Return one line that says what is predicted from what, and how it is measured."""
    measured = "PSNR over all RGB values and 3-D window SSIM of unrounded predictions, mean over frames"
    if recipe.dataset == "synthetic":
        return f"{recipe.eval_samples} generated triplets of {recipe.width}x{recipe.height}; {measured}"
    if recipe.dataset not in GENERATED:
        title = DATASETS[recipe.dataset].title
        return f"{title}, split {recipe.split or 'test'}, whole frames; {measured}"
    return f"odd frames predicted from their even neighbours, triplets across a cut left out; {measured}"


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
        for number, (time, truth) in enumerate(zip(window.times, truths), 1):
            name = entry.name if len(truths) == 1 else f"{entry.name}+{number}"
            yield Sample(entry.group, name, np.stack(frames), time, truth)


def _to_float(frame: np.ndarray) -> np.ndarray:
    return frame.transpose(2, 0, 1).astype(np.float32) / 255

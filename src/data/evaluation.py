"""What a network is measured on: named samples with the true frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from src.data.cuts import is_cut
from src.data.sources import find_clips
from src.data.synthetic import SyntheticMotion
from src.video.reader import open_source

# Far from any seed a recipe trains with, so that generated test motion is never seen in training.
UNSEEN_SEED = 1_000_003


@dataclass(frozen=True)
class Sample:
    """One frame to predict: group names the clip it comes from; frames (2, 3, H, W) and truth (3, H, W) in [0, 1]."""

    group: str
    name: str
    frames: np.ndarray
    time: float
    truth: np.ndarray


def evaluation_samples(recipe) -> Iterator[Sample]:
    """Yield the samples a recipe is evaluated on, one at a time."""
    if recipe.dataset == "synthetic":
        return _generated(recipe)
    return _odd_frames(recipe)


def protocol_of(recipe) -> str:
    """Return one line that says what is predicted from what, and how it is measured."""
    measured = "PSNR over all RGB values and 3-D window SSIM of unrounded predictions, mean over frames"
    if recipe.dataset == "synthetic":
        return f"{recipe.eval_samples} generated triplets of {recipe.width}x{recipe.height}; {measured}"
    return f"odd frames predicted from their even neighbours, triplets across a cut left out; {measured}"


def _generated(recipe):
    size = (recipe.height, recipe.width)
    source = SyntheticMotion(size, recipe.eval_samples, UNSEEN_SEED, recipe.max_displacement, recipe.time)
    for index in range(len(source)):
        frame0, frame1, time, target, _ = source[index]
        yield Sample("synthetic", f"{index:04d}", np.stack((frame0, frame1)), float(time.reshape(-1)[0]), target)


def _odd_frames(recipe):
    for clip in find_clips(recipe.data_path):
        window = []
        for index, frame in enumerate(open_source(clip, needed=3).frames()):
            window.append(frame)
            if len(window) < 3:
                continue
            if not is_cut(window[0], window[1]) and not is_cut(window[1], window[2]):
                first, middle, last = (_to_float(each) for each in window)
                yield Sample(Path(clip).name, f"{index - 1:05d}", np.stack((first, last)), 0.5, middle)
            # the last frame is the next triplet's first
            window = window[2:]


def _to_float(frame: np.ndarray) -> np.ndarray:
    return frame.transpose(2, 0, 1).astype(np.float32) / 255

"""What a recipe trains on: generated motion, alone or mixed with real clips."""

from __future__ import annotations

from pathlib import Path

from src.data import Mixture
from src.data.clips import ClipTriplets, read_clip
from src.data.shifts import GlobalShifts
from src.data.synthetic import SyntheticMotion
from src.errors import UsageError
from src.video.images import IMAGE_SUFFIXES

VIDEO_SUFFIXES = (".mp4", ".mkv", ".mov", ".avi", ".webm", ".m4v")


def training_source(recipe, worker_count: int = 1):
    """Return the random-access source of samples that a recipe asks for, one for every sample of the whole run.

    worker_count: how many workers take batch_size samples each in every step.
    Raises UsageError when clips are asked for and none are given, InputError when one cannot be read.
    """
    size, length = (recipe.height, recipe.width), recipe.max_steps * recipe.batch_size * worker_count
    if recipe.dataset == "shifts":
        clips = (read_clip(clip, recipe.shorter_side)[:: recipe.frame_step] for clip in find_clips(recipe.data_path))
        pictures = [frame for clip in clips for frame in clip]
        return GlobalShifts(pictures, size, length, recipe.seed, recipe.max_displacement)
    generated = SyntheticMotion(size, length, recipe.seed, recipe.max_displacement, recipe.time)
    if recipe.dataset == "synthetic":
        return generated
    clips = ClipTriplets(
        find_clips(recipe.data_path),
        size,
        length,
        recipe.seed,
        recipe.shorter_side,
        recipe.frame_step,
        recipe.augmentation,
    )
    return Mixture([generated, clips], [recipe.synthetic_share, 1 - recipe.synthetic_share], recipe.seed)


def find_clips(data_path: str) -> list[str]:
    """List the clips under a path: itself when it is a video or holds images, else those in it, sorted by name.

    Several paths may be given, separated by colons. Raises UsageError when a path holds no clip.
    """
    clips = []
    for part in data_path.split(":"):
        path = Path(part)
        inside = sorted(path.iterdir()) if path.is_dir() else []
        if part and (path.is_file() or any(each.suffix.lower() in IMAGE_SUFFIXES for each in inside)):
            found = [str(path)]
        else:
            found = [str(each) for each in inside if each.is_dir() or each.suffix.lower() in VIDEO_SUFFIXES]
        if not found:
            raise UsageError(f"data_path is a video, a folder of frames, or a folder of those; got {part!r}")
        clips += found
    return clips

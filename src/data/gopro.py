"""High frame rate clips whose frames between are to be predicted: GoPro and Adobe240.

GoPro: Nah et al., "Deep multi-scale convolutional neural network for dynamic scene deblurring", CVPR 2017 (the full
frames, GOPRO_Large_all). Adobe240: Su et al., "Deep video deblurring for hand-held cameras", CVPR 2017.
"""

from __future__ import annotations

from pathlib import Path

from src.data.entries import Entry, clip_images, subfolders
from src.errors import InputError, UsageError

GOPRO_LAYOUT = "train/GOPR0372_07_00/000047.png, test/GOPR0384_11_00/..., as GOPRO_Large_all; or all clips side by side"
ADOBE240_LAYOUT = "train/CLIP/FRAME.png and test/CLIP/FRAME.png, every frame of every 240 fps clip"
GOPRO_TEST_CLIPS = frozenset(
    "GOPR0384_11_00 GOPR0384_11_05 GOPR0385_11_01 GOPR0396_11_00 GOPR0410_11_00 GOPR0854_11_00 "
    "GOPR0862_11_00 GOPR0868_11_00 GOPR0869_11_00 GOPR0871_11_00 GOPR0881_11_01".split()
)


def gopro_entries(folder: Path, split: str, inputs: int = 2, multi: int = 8) -> list[Entry]:
    """Index the windows of GoPro's clips (see `windows`), from folder/train and folder/test or from one folder of all.

    Raises InputError when there are no clips, a clip holds no images, or none is long enough.
    """
    if (folder / split).is_dir():
        return windows(subfolders(folder / split), inputs, multi)
    clips = [clip for clip in subfolders(folder) if (clip.name in GOPRO_TEST_CLIPS) == (split == "test")]
    if not any(clip.name.startswith("GOPR") for clip in clips):
        raise InputError(f"{folder / split}: does not exist, nor do clips GOPR... of that split beside it")
    return windows(clips, inputs, multi)


def adobe240_entries(folder: Path, split: str, inputs: int = 2, multi: int = 8) -> list[Entry]:
    """Index the windows of Adobe240's clips in folder/train or folder/test; see `gopro_entries`."""
    return windows(subfolders(folder / split), inputs, multi)


def windows(clips: list[Path], inputs: int, multi: int) -> list[Entry]:
    """Cut clips into windows of `inputs` frames, every multi-th one; the targets lie between the two central ones.

    A window starts `multi` frames after the one before. Two inputs and multi 8 are the nine frames of IFRNet (Kong et
    al., CVPR 2022); four inputs and multi 8, 4 or 2 the 7, 3 or 1 targets of FLAVR (Kalluri et al., WACV 2023).
    """
    if inputs < 2 or inputs % 2:
        raise UsageError(f"frames between the central two need an even number of inputs; got {inputs}")
    entries, span = [], (inputs - 1) * multi + 1
    times = tuple(step / multi for step in range(1, multi))
    for clip in clips:
        files = clip_images(clip)
        for start in range(0, len(files) - span + 1, multi):
            middle = start + (inputs // 2 - 1) * multi
            frames, targets = files[start : start + span : multi], files[middle + 1 : middle + multi]
            entries.append(Entry(clip.name, files[middle].stem, frames, targets, times))
    if not entries:
        raise InputError(f"{clips[0].parent}: needs a clip of at least {span} frames; found none")
    return entries

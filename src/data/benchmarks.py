"""Benchmarks that are only measured on: UCF101, SNU-FILM, Middlebury, DAVIS, Vid4, SPMCS-30 and REDS."""

from __future__ import annotations

from pathlib import Path

from src.data.entries import Entry, clip_images, first_existing, read_list, subfolders
from src.errors import InputError
from src.video.windows import mirrored

UCF101_LAYOUT = "1/frame_00.png, frame_01_gt.png, frame_02.png, 2/..., here or in ucf101_interp_ours/"
SNU_FILM_LAYOUT = (
    "test-easy.txt, test-medium.txt, test-hard.txt, test-extreme.txt, here or in eval_modes/, with three paths a line, "
    "and their images, test/GOPRO_test/CLIP/003157.png and test/YouTube_test/..."
)
MIDDLEBURY_OTHER_LAYOUT = "other-data/Beanbags/frame10.png, frame11.png and other-gt-interp/Beanbags/frame10i11.png"
MIDDLEBURY_EVAL_LAYOUT = "eval-data/Army/frame10.png and frame11.png, without truth"
DAVIS_LAYOUT = "CLIP/00000.jpg (or .png), here or in JPEGImages/480p/"
REDS_LAYOUT = (
    "train_sharp/000/00000000.png and train_sharp_bicubic/X4/000/00000000.png for REDS4, the same with val_ for all of "
    "the validation set, here or in train/ and val/, the small ones made from the large ones if left out"
)
X4_CLIPS_LAYOUT = "GT/CLIP/FRAME.png and {kind}x4/CLIP/FRAME.png, the small ones made from the large ones if left out"
SNU_FILM_MODES = ("easy", "medium", "hard", "extreme")
REDS4 = ("000", "011", "015", "020")
WINDOW = 7


def ucf101_entries(folder: Path, split: str = "test") -> list[Entry]:
    """Index the 379 triplets of UCF101 that Liu et al. (Deep voxel flow, ICCV 2017) chose."""
    inner = folder / "ucf101_interp_ours"
    return [
        Entry("ucf101", clip.name, (clip / "frame_00.png", clip / "frame_02.png"), (clip / "frame_01_gt.png",))
        for clip in subfolders(inner if inner.is_dir() else folder)
    ]


def snu_film_entries(folder: Path, split: str = "test") -> list[Entry]:
    """Index SNU-FILM (Choi et al., CAIN, AAAI 2020): one of its four difficulties, or all of them as split "test".

    The lists' paths start with data/SNU-FILM; they are looked up by as much of their end as exists in the folder.
    Raises InputError for a missing list, or a line that does not name three images.
    """
    entries = []
    for mode in SNU_FILM_MODES if split == "test" else (split,):
        file = first_existing(folder, (f"test-{mode}.txt", f"eval_modes/test-{mode}.txt"))
        skipped = None
        for number, line in enumerate(read_list(file), 1):
            paths = [Path(each) for each in line.split()]
            if len(paths) != 3:
                raise InputError(f"{file}: needs three images a line; line {number} has {len(paths)}")
            if skipped is None:
                skipped = _parts_not_in(folder, paths[0])
            first, middle, last = (folder.joinpath(*path.parts[skipped:]) for path in paths)
            entries.append(Entry(mode, f"{middle.parent.name}/{middle.stem}", (first, last), (middle,)))
    return entries


def _parts_not_in(folder, path):
    parts = path.parts
    return next((skipped for skipped in range(len(parts) - 1) if folder.joinpath(*parts[skipped:]).exists()), 0)


def middlebury_other_entries(folder: Path, split: str = "test") -> list[Entry]:
    """Index the 12 sequences with a published middle frame (Baker et al., IJCV 2011).

    Frames 9 to 12 are the inputs, so that networks of four find them too; where 9 or 12 does not exist, 10 and 11 stand
    for them, as FLAVR's evaluation has it.
    """
    truths = subfolders(folder / "other-gt-interp")
    return [
        Entry("middlebury", each.name, _four_frames(folder / "other-data" / each.name), (each / "frame10i11.png",))
        for each in truths
    ]


def middlebury_eval_entries(folder: Path, split: str = "test") -> list[Entry]:
    """Index the sequences whose middle frame is not published; their entries have no targets."""
    return [Entry("middlebury", each.name, _four_frames(each), (), ()) for each in subfolders(folder / "eval-data")]


def _four_frames(clip):
    before, first, last, after = (clip / f"frame{number:02d}.png" for number in (9, 10, 11, 12))
    return (before if before.exists() else first), first, last, (after if after.exists() else last)


def davis_entries(folder: Path, split: str = "test") -> list[Entry]:
    """Index DAVIS (Perazzi et al., CVPR 2016) as FLAVR does: windows of seven frames, each two after the one before.

    Its first, third, fifth and seventh frame are the inputs, its fourth is the target.
    Raises InputError when no clip has seven frames.
    """
    inner = folder / "JPEGImages" / "480p"
    entries = []
    for clip in subfolders(inner if inner.is_dir() else folder):
        files = clip_images(clip)
        for start in range(0, len(files) - 6, 2):
            target = files[start + 3]
            entries.append(Entry(clip.name, target.stem, files[start : start + 7 : 2], (target,)))
    if not entries:
        raise InputError(f"{folder}: needs a clip of at least 7 frames; found none")
    return entries


def reds_entries(folder: Path, split: str = "test", borders: str = "mirrored") -> list[Entry]:
    """Index REDS (Nah et al., CVPRW 2019), x4: the four clips of its training set known as REDS4, or, as split "val",
    its validation set; see `x4_clip_entries`.
    """
    part = "val" if split == "val" else "train"
    large = first_existing(folder, (f"{part}_sharp", f"{part}/{part}_sharp"))
    clips = subfolders(large) if split == "val" else [large / name for name in REDS4]
    return _x4_entries("BI", clips, large.with_name(f"{part}_sharp_bicubic") / "X4", borders)


def x4_clip_entries(kind: str, folder: Path, split: str = "test", borders: str = "mirrored") -> list[Entry]:
    """Index every frame of every clip in folder/GT as the target of the seven small frames around it.

    The small frames are those of folder/BIx4 or BDx4, by `kind`, or are made from the large ones where that folder does
    not exist. borders: how a clip goes on at its ends, "mirrored", the end frame not repeated, or "circled", with what
    follows at the other end of the window. Raises InputError when the small frames of a clip are not named as its
    large ones.
    """
    return _x4_entries(kind, subfolders(folder / "GT"), folder / f"{kind}x4", borders)


def _x4_entries(kind, clips, small, borders):
    entries = []
    is_made = small.is_dir()
    for clip in clips:
        targets = clip_images(clip)
        frames = clip_images(small / clip.name) if is_made else targets
        missing = sorted({file.name for file in targets} ^ {file.name for file in frames})
        if missing:
            raise InputError(f"{small / clip.name}: needs the file names of {clip}; they differ in {missing[0]}")
        for index, target in enumerate(targets):
            around = tuple(frames[place] for place in BORDERS[borders](index, len(frames), WINDOW))
            degradation = "" if is_made else kind
            entries.append(Entry(clip.name, target.stem, around, (target,), scale=4, degradation=degradation))
    return entries


def mirrored_window(index: int, count: int, window: int) -> list[int]:
    """Return the `window` places around a place of a clip of `count` frames, mirrored at the ends."""
    return [mirrored(place, count) for place in range(index - window // 2, index + window // 2 + 1)]


def circled_window(index: int, count: int, window: int) -> list[int]:
    """Return the `window` places around a place; what lies beyond an end is taken from beyond the window's other end.

    Of seven around place 0 those are 6, 5, 4, 0, 1, 2, 3. A clip that is shorter goes on mirrored.
    """
    reach, last = window // 2, count - 1
    places = range(index - reach, index + reach + 1)
    if count < window:
        return mirrored_window(index, count, window)
    circled = (index + reach - place if place < 0 else index - reach - (place - last) for place in places)
    return [place if 0 <= place <= last else other for place, other in zip(places, circled)]


BORDERS = {"mirrored": mirrored_window, "circled": circled_window}

"""Samples on disk, as the published datasets lay them out, and what their index functions share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from src.errors import InputError, UsageError
from src.video.images import image_files, natural_order

LOOKED_AT = 8


@dataclass(frozen=True)
class Entry:
    """One sample of a dataset, as files.

    group: the clip or split it belongs to; name: what tells it from the others of its group. frames: the images that a
    network is given, in order of time; one of fewer inputs is given the central ones. targets: the true images, none
    where they are not published. times: where these lie, 0 at the frame before and 1 at the frame after them. flows:
    for a single target, the files of its flow towards the frame before and the frame after; empty when there are none.
    scale: how many times as high and wide as the frames the targets are. degradation: the name in src.data.degrade of
    what shrinks the frames once they are read, when they lie on disk as large as the targets.
    """

    group: str
    name: str
    frames: tuple[Path, ...]
    targets: tuple[Path, ...]
    times: tuple[float, ...] = (0.5,)
    flows: tuple[Path, ...] = ()
    scale: int = 1
    degradation: str = ""


def central(items: tuple, count: int) -> tuple:
    """Return the `count` items in the middle; raises UsageError unless as many are left out on either side."""
    left_out = len(items) - count
    if count < 1 or left_out < 0 or left_out % 2:
        raise UsageError(f"networks of {len(items)} frames, or an even number fewer, fit this dataset; got {count}")
    return items[left_out // 2 : left_out // 2 + count]


def looked_at(entries: list[Entry]) -> list[Entry]:
    """Return a few entries, the first among them, whose files tell whether there are any at all."""
    return entries[:: max(len(entries) // LOOKED_AT, 1)]


def check_sizes(entry: Entry, sizes: dict[Path, tuple[int, int]]) -> None:
    """Check the (height, width) of some of an entry's files, its first frame's first, against each other.

    Raises InputError naming the first file that does not fit.
    """
    (first, (h, w)), *_ = sizes.items()
    scale = 1 if entry.degradation else entry.scale
    for file, (height, width) in sizes.items():
        times = 1 if file in entry.frames else scale
        if (height, width) != (times * h, times * w):
            raise InputError(f"{file}: needs {times * h} x {times * w} pixels to fit {first}; got {height} x {width}")


def told_skipped(bad: dict[int, str], count: int) -> str:
    """Say how many of `count` entries could not be read, and what was wrong with the first; empty when all could."""
    if not bad:
        return ""
    return f"{len(bad)} of {count} entries could not be read and were skipped; the first: {bad[min(bad)]}"


def read_list(file: Path) -> list[str]:
    """Read the lines of a list that hold something; raises InputError when it cannot be read or holds none."""
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: is not a text file: {error}") from error
    lines = [line for line in lines if line]
    if not lines:
        raise InputError(f"{file}: needs one entry a line; got none")
    return lines


def subfolders(folder: Path) -> list[Path]:
    """List the folders in a folder in natural order; raises InputError when it cannot be read or holds none."""
    try:
        found = [each for each in folder.iterdir() if each.is_dir() and not each.name.startswith(".")]
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error.strerror}") from error
    if not found:
        raise InputError(f"{folder}: needs folders of images; found none")
    return sorted(found, key=natural_order)


def clip_images(folder: Path) -> tuple[Path, ...]:
    """List the images of a clip in natural order; raises InputError, which says what is there, when there are none."""
    files = image_files(folder)
    if not files:
        inside = sorted(each.name for each in folder.iterdir())[:4]
        raise InputError(f"{folder}: needs images; found {', '.join(inside) or 'nothing'}")
    return tuple(files)


def first_existing(folder: Path, names: tuple[str, ...]) -> Path:
    """Return the path of the first name that exists in a folder; raises InputError when none does."""
    for name in names:
        if (folder / name).exists():
            return folder / name
    raise InputError(f"{folder / names[0]}: does not exist")

"""The published datasets by name: what each is for, how it lies on disk, and how it is indexed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from src.data import benchmarks, gopro, records, vimeo
from src.data.augment import FLAVR_CHANGES, IFRNET_CHANGES, TDAN_CHANGES, Changes
from src.data.entries import Entry, looked_at
from src.data.folders import CLIPS_LAYOUT
from src.errors import InputError, UsageError

LISTED_NAMES = 6


@dataclass(frozen=True)
class Dataset:
    """A row of DATASETS.

    title: its name in full. purpose: "interpolation" or "super_resolution". layout: what its folder holds. marks: globs
    that all match in such a folder, alternatives separated by |, by which one dataset is told from another. splits:
    "train" and "test", or what the test is made of. entries: (folder, split, **options) -> list of Entry; None for
    clips, which are decoded frame by frame. options: the names of those that `entries` takes. changes: the
    augmentations it is published with.
    """

    title: str
    purpose: str
    layout: str
    marks: tuple[str, ...]
    splits: tuple[str, ...]
    entries: Callable[..., list[Entry]] | None
    options: tuple[str, ...] = ()
    changes: Changes = IFRNET_CHANGES


VIDEO, ENLARGED = "interpolation", "super_resolution"
BOTH, TEST = ("train", "test"), ("test",)


def _vimeo_x4(kind):
    layout = vimeo.X4_LAYOUT.format(kind=kind)
    index = partial(vimeo.septuplet_x4_entries, kind)
    marks = (f"{kind}x4/*/*/im4.png",)
    return Dataset(f"Vimeo90K septuplets, {kind} x4", ENLARGED, layout, marks, BOTH, index, changes=TDAN_CHANGES)


def _x4_clips(title, kind, clip):
    layout = benchmarks.X4_CLIPS_LAYOUT.format(kind=kind)
    index = partial(benchmarks.x4_clip_entries, kind)
    marks = (f"GT/{clip}/*.png", f"{kind}x4/{clip}/*.png")
    return Dataset(f"{title}, {kind} x4", ENLARGED, layout, marks, TEST, index, ("borders",), changes=TDAN_CHANGES)


DATASETS = {
    "vimeo_triplet": Dataset(
        "Vimeo90K triplets", VIDEO, vimeo.TRIPLET_LAYOUT, ("tri_*list.txt",), BOTH,
        vimeo.triplet_entries, ("flow_path",),
    ),
    "vimeo_septuplet": Dataset(
        "Vimeo90K septuplets", VIDEO, vimeo.SEPTUPLET_LAYOUT, ("sep_*list.txt",), BOTH,
        vimeo.septuplet_entries, changes=FLAVR_CHANGES,
    ),
    "vimeo_bi": _vimeo_x4("BI"),
    "vimeo_bd": _vimeo_x4("BD"),
    "gopro": Dataset(
        "GoPro (GOPRO_Large_all)", VIDEO, gopro.GOPRO_LAYOUT, ("GOPR*/*.png|*/GOPR*/*.png",), BOTH,
        gopro.gopro_entries, ("inputs", "multi"),
    ),
    "adobe240": Dataset(
        "Adobe240", VIDEO, gopro.ADOBE240_LAYOUT, ("train/*/*.png", "test/*/*.png"), BOTH,
        gopro.adobe240_entries, ("inputs", "multi"),
    ),
    "ucf101": Dataset(
        "UCF101", VIDEO, benchmarks.UCF101_LAYOUT, ("*/frame_01_gt.png|*/*/frame_01_gt.png",), TEST,
        benchmarks.ucf101_entries,
    ),
    "snu_film": Dataset(
        "SNU-FILM", VIDEO, benchmarks.SNU_FILM_LAYOUT, ("test-easy.txt|*/test-easy.txt",),
        (*TEST, *benchmarks.SNU_FILM_MODES), benchmarks.snu_film_entries,
    ),
    "middlebury_other": Dataset(
        "Middlebury other", VIDEO, benchmarks.MIDDLEBURY_OTHER_LAYOUT, ("other-data", "other-gt-interp"), TEST,
        benchmarks.middlebury_other_entries,
    ),
    "middlebury_eval": Dataset(
        "Middlebury evaluation", VIDEO, benchmarks.MIDDLEBURY_EVAL_LAYOUT, ("eval-data",), TEST,
        benchmarks.middlebury_eval_entries,
    ),
    "davis": Dataset(
        "DAVIS", VIDEO, benchmarks.DAVIS_LAYOUT, ("JPEGImages/480p/*/*.*|*/00000.jpg|*/00000.png",), TEST,
        benchmarks.davis_entries,
    ),
    "vid4_bi": _x4_clips("Vid4", "BI", "calendar"),
    "vid4_bd": _x4_clips("Vid4", "BD", "calendar"),
    "spmcs_bi": _x4_clips("SPMCS-30", "BI", "*_*"),
    "spmcs_bd": _x4_clips("SPMCS-30", "BD", "*_*"),
    "reds": Dataset(
        "REDS, bicubic x4", ENLARGED, benchmarks.REDS_LAYOUT, ("*_sharp/*/*.png|*/*_sharp/*/*.png",), ("test", "val"),
        benchmarks.reds_entries, ("borders",), changes=TDAN_CHANGES,
    ),
    "clips": Dataset("Clips", VIDEO, CLIPS_LAYOUT, (), BOTH, None),
}  # fmt: skip


def find_entries(name: str, data_path: str, split: str, **options) -> list[Entry]:
    """Index one split of a dataset; `options` that its index function does not take are left out.

    A folder that src.data.records packed gives the entries it was packed from.
    Raises UsageError for an unknown name or split, or without a path; InputError, which tells the layout expected and
    the one found, when the folder is not laid out so, down to the first entry's images.
    """
    dataset = dataset_named(name)
    if split not in dataset.splits:
        raise UsageError(f"split of {name} is one of {', '.join(dataset.splits)}; got {split!r}")
    if not data_path:
        raise UsageError(f"data_path is the folder of {name} ({dataset.layout}); got none")
    folder = Path(data_path)
    if records.is_packed(folder):
        return records.PackedFolder(folder).entries(name, split, options)
    try:
        entries = dataset.entries(folder, split, **{key: options[key] for key in dataset.options if key in options})
        _check_some(entries)
    except InputError as error:
        raise InputError(f"{error}; {told_layouts(name, folder)}") from error
    return entries


def indexed_with(name: str, options: dict) -> dict:
    """Return the options that decide which entries a dataset has, of those that its index function takes."""
    return {key: options[key] for key in dataset_named(name).options if key in options and key != "flow_path"}


def _check_some(entries):
    """Raise InputError naming the first missing file unless one of a few entries is complete."""
    files = [(*entry.frames, *entry.targets) for entry in looked_at(entries)]
    missing = [next((file for file in each if not file.is_file()), None) for each in files]
    if all(missing):
        raise InputError(f"{missing[0]}: does not exist")


def dataset_named(name: str) -> Dataset:
    """Return a row of DATASETS that is indexed; raises UsageError, with the known names, when there is none."""
    if name not in DATASETS or DATASETS[name].entries is None:
        known = ", ".join(each for each, row in DATASETS.items() if row.entries)
        raise UsageError(f"dataset is one of {known}; got {name!r}")
    return DATASETS[name]


def told_layouts(name: str, folder: Path) -> str:
    """Say in words the layout that is expected in a folder, and the one that is found."""
    return f"{DATASETS[name].title} expected in {folder}: {DATASETS[name].layout}; found: {layout_found(folder)}"


def layout_found(folder: Path) -> str:
    """Say in words which datasets a folder looks like, or else what is in it."""
    if not folder.is_dir():
        return "no such folder"
    looks_like = [row.title for row in DATASETS.values() if row.marks and _matches(folder, row.marks)]
    names = sorted(each.name + "/" * each.is_dir() for each in folder.iterdir())
    listed = ", ".join(names[:LISTED_NAMES]) + (f" and {len(names) - LISTED_NAMES} more" * (len(names) > LISTED_NAMES))
    return f"{' or '.join(looks_like) or 'no layout of a known dataset'} ({listed or 'an empty folder'})"


def _matches(folder, marks):
    return all(any(next(folder.glob(glob), None) for glob in mark.split("|")) for mark in marks)

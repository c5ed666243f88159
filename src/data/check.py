"""Walk through a dataset on disk and decode everything in it, before a long run meets the one broken file."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from src.data.datasets import DATASETS, find_entries, told_layouts
from src.data.entries import Entry, check_sizes
from src.data.flow_files import read_flow
from src.data.folders import find_clips
from src.data.records import is_packed, read_manifest
from src.errors import InputError
from src.video.images import read_image
from src.video.reader import open_source

BLOCK = 512  # entries whose files wait for a thread at a time


@dataclass(frozen=True)
class Count:
    """What a split consists of: samples, different images or frames, and different flow files."""

    samples: int
    images: int
    flows: int = 0


def check_dataset(
    name: str, data_path: str, split: str = "", flow_path: str = "", workers: int = 4
) -> dict[str, Count]:
    """Decode every file of one split of a dataset, or of all of them, and count them.

    Flow files are looked at in a split that has any. A folder that src.data.records packed has the splits, and the
    options, that it was packed with. Raises UsageError for an unknown name or split; InputError naming the first file,
    in the order of the dataset, that is missing, broken or of a size that does not fit, with the layout expected and
    the one found.
    """
    if name == "clips":
        return {"clips": _check_clips(data_path)}
    splits, options = DATASETS[name].splits if name in DATASETS else ("",), {"flow_path": flow_path}
    packed = is_packed(Path(data_path))
    if packed:
        manifest = read_manifest(Path(data_path))
        splits, options = [each for each in splits if each in manifest["splits"]] or splits, manifest["options"]
    sizes: dict[Path, tuple[int, int]] = {}
    counts = {}
    for each in [split] if split else splits:
        entries = find_entries(name, data_path, each, **options)
        try:
            counts[each] = _check_entries(each, entries, sizes, workers)
        except InputError as error:
            if packed:
                raise
            raise InputError(f"{error}; {told_layouts(name, Path(data_path))}") from error
    return counts


def _check_clips(data_path):
    clips, frames = find_clips(data_path), 0
    for clip in tqdm(clips, unit="clip", desc="check"):
        frames += sum(1 for _ in open_source(clip, needed=3).frames())
    return Count(len(clips), frames)


def _check_entries(split, entries, sizes, workers):
    with_flow = any(file.is_file() for entry in entries for file in entry.flows)
    with ThreadPoolExecutor(workers) as pool, tqdm(total=len(entries), unit="entry", desc=f"check {split}") as bar:
        for start in range(0, len(entries), BLOCK):
            block = entries[start : start + BLOCK]
            files = dict.fromkeys(file for entry in block for file in files_of(entry, with_flow) if file not in sizes)
            # map keeps the order, so that the first error is that of the first bad file
            sizes.update(zip(files, pool.map(_size, files)))
            for entry in block:
                check_sizes(entry, {file: sizes[file] for file in files_of(entry, with_flow)})
            bar.update(len(block))
    used = {file for entry in entries for file in files_of(entry, with_flow)}
    flows = {file for entry in entries for file in entry.flows} if with_flow else set()
    return Count(len(entries), len(used) - len(flows), len(flows))


def files_of(entry: Entry, with_flow: bool) -> tuple[Path, ...]:
    """Return the files of an entry in the order in which they are checked."""
    return (*entry.frames, *entry.targets, *(entry.flows if with_flow else ()))


def _size(file):
    return read_flow(file).shape[1:] if file.suffix == ".flo" else read_image(file).shape[:2]

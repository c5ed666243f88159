"""Flow pseudo-labels: what a teacher sees between the target of a triplet and its two frames, as files beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from src.data.entries import Entry
from src.data.flow_files import HEADER, MARK, write_flow
from src.errors import InputError
from src.video.images import read_image

# (target, frame), both (h, w, 3) uint8 RGB -> the flow from the target to the frame, (2, h, w) float32, in pixels
Estimator = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Labelled:
    """What became of one entry: how many of its flow files were written, or why it has none."""

    entry: Entry
    written: int
    problem: str = ""


def share_of_rank(entries: Sequence[Entry], rank: int, ranks: int) -> Sequence[Entry]:
    """Return every `ranks`-th entry from number `rank` on: together the ranks have each entry once."""
    return entries[rank::ranks]


def label_entries(entries: Iterable[Entry], estimate: Estimator) -> Iterator[Labelled]:
    """Write the flow files that entries of one target and two frames name, and tell after each entry what was done.

    A whole file of the target's size is kept; anything else under its name is replaced. An entry whose images cannot
    be read or differ in size is passed over, with the reason. A file appears under its name only when it is whole.
    """
    for entry in entries:
        try:
            yield Labelled(entry, _label(entry, estimate))
        except InputError as error:
            yield Labelled(entry, 0, str(error))


def is_whole_flow(path: Path, size: tuple[int, int]) -> bool:
    """Tell whether a .flo file of `size` (h, w) is there in its full length; its values are not looked at."""
    height, width = size
    try:
        with open(path, "rb") as file:
            header = file.read(HEADER.size)
            length = file.seek(0, 2)
    except OSError:
        return False
    return header == HEADER.pack(MARK, width, height) and length == HEADER.size + 8 * width * height


def _label(entry, estimate):
    (target_file,) = entry.targets
    target = read_image(target_file)
    size = target.shape[:2]
    written = 0
    for frame_file, flow_file in zip(entry.frames, entry.flows):
        if is_whole_flow(flow_file, size):
            continue
        frame = read_image(frame_file)
        if frame.shape[:2] != size:
            raise InputError(
                f"{frame_file}: needs the size of {target_file.name}, {size[1]}x{size[0]}; "
                f"got {frame.shape[1]}x{frame.shape[0]}"
            )
        flow = estimate(target, frame)
        if flow.shape != (2, *size) or not np.isfinite(flow).all():
            raise InputError(f"{flow_file}: the estimate is not a finite flow of {size[1]}x{size[0]}")
        flow_file.parent.mkdir(parents=True, exist_ok=True)
        write_flow(flow_file, flow)
        written += 1
    return written

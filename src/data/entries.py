"""Samples on disk, as the published datasets lay them out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """One sample of a dataset, as files.

    group: the clip or split it belongs to; name: what tells it from the others of its group. frames: the images that a
    network is given, in order of time. targets: the true images. times: where these lie, 0 at the frame before and 1 at
    the frame after them. flows: for a single target, the files of its flow towards the frame before and the frame
    after; empty when there are none.
    """

    group: str
    name: str
    frames: tuple[Path, ...]
    targets: tuple[Path, ...]
    times: tuple[float, ...] = (0.5,)
    flows: tuple[Path, ...] = ()

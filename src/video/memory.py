"""How much memory a network is going to need, and the tiles that keep it within what there is."""

from __future__ import annotations

import os
import resource

from src.video.tiles import MULTIPLE

# Peak bytes for each pixel of the frames given to a network, measured on CPU (MindSpore 2.8.0): the growth of the
# resident size between two sizes of frames, or from before the network was made.
BYTES_PER_PIXEL = {
    "ifrnet_s": 6000,
    "flavr_2x": 50000,
    "flavr_4x": 50000,
    "flavr_8x": 50000,
    "tdan_x4": 820000,
}
UNKNOWN = 20000  # for networks that were not measured
BASE = 0.7e9  # bytes of the process itself with its graph compiled
SHARE = 0.8  # of the memory that is free, which may be taken


def needed_bytes(model: str, height: int, width: int) -> float:
    """Return the bytes that predicting frames of this size takes at its peak."""
    return BASE + BYTES_PER_PIXEL.get(model, UNKNOWN) * height * width


def free_bytes() -> float:
    """Return the bytes that this process may still take: what the machine has free, and no more than its limit."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            free = next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        pass  # a system without that file: pages that caches hold are not counted as free
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return free if limit == resource.RLIM_INFINITY else min(free, limit)


def outlook(model: str, height: int, width: int, tile: int, free: float) -> str:
    """Tell in words what memory frames of this size need, what there is, and in what pieces they are predicted."""
    taken = needed_bytes(model, min(tile or height, height), min(tile or width, width))
    pieces = f"tiles of {tile} pixels" if tile and tile < max(height, width) else "whole frames"
    return (
        f"about {needed_bytes(model, height, width) / 1e9:.1f} GB for whole frames, {free / 1e9:.1f} GB free: "
        f"{pieces}, about {taken / 1e9:.1f} GB"
    )


def fitting_tile(model: str, height: int, width: int, free: float, smallest: int) -> int:
    """Return the largest side of tiles that fit into `free` bytes, but no less than `smallest`; 0 for whole frames."""
    usable = SHARE * free
    if needed_bytes(model, height, width) <= usable:
        return 0
    tile = max(height, width)
    while tile > smallest and needed_bytes(model, min(tile, height), min(tile, width)) > usable:
        tile = (tile - 1) // MULTIPLE * MULTIPLE
    return max(tile, smallest)

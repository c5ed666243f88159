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
# The share of it that shrinks with the area of the frames in which motion is estimated.
BY_FLOW_SCALE = {"ifrnet_s": 0.75}
UNKNOWN = 20000  # for networks that were not measured
BASE = 0.7e9  # bytes of the process itself with its graph compiled
SHARE = 0.8  # of the memory that is free, which may be taken


def needed_bytes(model: str, height: int, width: int, flow_scale: float = 1.0) -> float:
    """Return the bytes that predicting frames of this size takes at its peak."""
    share = 1 - BY_FLOW_SCALE.get(model, 0) * (1 - flow_scale**2)
    return BASE + share * BYTES_PER_PIXEL.get(model, UNKNOWN) * height * width


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


def outlook(model: str, height: int, width: int, tile: int, free: float, flow_scale: float = 1.0) -> str:
    """Tell in words what memory frames of this size need, what there is, and in what pieces they are predicted."""
    whole = needed_bytes(model, height, width, flow_scale)
    taken = needed_bytes(model, min(tile or height, height), min(tile or width, width), flow_scale)
    pieces = f"tiles of {tile} pixels" if tile and tile < max(height, width) else "whole frames"
    return (
        f"about {whole / 1e9:.1f} GB for whole frames, {free / 1e9:.1f} GB free: "
        f"{pieces}, about {taken / 1e9:.1f} GB"
    )


def fitting_tile(model: str, height: int, width: int, free: float, smallest: int, flow_scale: float = 1.0) -> int:
    """Return the largest side of tiles that fit into `free` bytes, but no less than `smallest`; 0 for whole frames."""
    usable = SHARE * free

    def fits(side):
        return needed_bytes(model, min(side, height), min(side, width), flow_scale) <= usable

    tile = max(height, width)
    if fits(tile):
        return 0
    while tile > smallest and not fits(tile):
        tile = (tile - 1) // MULTIPLE * MULTIPLE
    return max(tile, smallest)

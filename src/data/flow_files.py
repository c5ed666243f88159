"""Optical flow on disk in the Middlebury format: what teachers leave for distillation.

A .flo file is the float 202021.25, the width and the height as int32, then u, v of each pixel row by row as float32,
all little-endian (Baker et al., "A database and evaluation methodology for optical flow", 2011).
"""

from __future__ import annotations

import os
import struct
import threading
from pathlib import Path

import numpy as np

from src.errors import InputError
from src.video.images import read_bytes

HEADER = struct.Struct("<fii")
MARK = 202021.25
LARGEST_SIDE = 100_000  # a header beyond it is no flow, however long the file


def read_flow(path: Path | str) -> np.ndarray:
    """Read a .flo file: (2, H, W) float32, x before y, in pixels.

    Raises InputError, naming the file, when it cannot be read, is no .flo file, has another length than its header
    says, or holds a value that is not finite.
    """
    flow = decode_flow(read_bytes(Path(path) if isinstance(path, str) else path), path)
    refuse_infinite(flow, path)
    return np.ascontiguousarray(flow, np.float32)


def decode_flow(data: bytes, path: Path | str) -> np.ndarray:
    """Return the (2, H, W) flow in the bytes of a .flo file, as a view of them whose values are not looked at.

    Raises InputError as `read_flow` does, naming the file that they come from.
    """
    if len(data) < HEADER.size:
        raise InputError(f"{path}: a .flo file has at least {HEADER.size} bytes; got {len(data)}")
    mark, width, height = HEADER.unpack_from(data)
    if mark != MARK:
        raise InputError(f"{path}: a .flo file starts with the number {MARK}; got {mark}")
    if not (0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE):
        raise InputError(f"{path}: a flow measures 1 to {LARGEST_SIDE} pixels a side; got {width} x {height}")
    expected = HEADER.size + 8 * width * height
    if len(data) != expected:
        raise InputError(f"{path}: a flow of {width} x {height} takes {expected} bytes; got {len(data)}")
    return np.frombuffer(data, "<f4", offset=HEADER.size).reshape(height, width, 2).transpose(2, 0, 1)


def refuse_infinite(flow: np.ndarray, path: Path | str) -> None:
    """Raise InputError, naming the file, when a value of a flow is not finite."""
    if not np.isfinite(flow).all():
        raise InputError(f"{path}: flow needs finite values; got {np.count_nonzero(~np.isfinite(flow))} that are not")


def write_flow(path: Path | str, flow: np.ndarray) -> None:
    """Write (2, H, W) flow, x before y, in pixels, as a .flo file that appears under its name only when whole.

    Raises ValueError for another shape or values that are not finite, OSError when the disk does not take it.
    """
    flow = np.asarray(flow, np.float32)
    if flow.ndim != 3 or flow.shape[0] != 2 or not np.isfinite(flow).all():
        raise ValueError(f"a .flo file takes (2, H, W) finite values; got {flow.shape}")
    path = Path(path)
    _, height, width = flow.shape
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with open(temporary, "wb") as file:
            file.write(HEADER.pack(MARK, width, height))
            file.write(flow.transpose(1, 2, 0).astype("<f4").tobytes())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise

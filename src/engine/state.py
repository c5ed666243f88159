"""The state of a training run on disk: everything that an exact resume needs, in one file, in two generations.

The file is safetensors; its metadata holds the facts (step, recipe, scores) as JSON and a SHA-256 over facts and
tensors. All randomness of a run is drawn from its seed and the index of a sample, so the step is the random state.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from pathlib import Path

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError, safe_open

from src.errors import ResourceError, WeightsError

CURRENT, PREVIOUS = "state.safetensors", "state.previous.safetensors"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_state(folder: Path, tensors: dict[str, np.ndarray], facts: dict) -> Path:
    """Make (tensors, facts) the current state of a folder and keep the one before it; return the file.

    At every moment at least one of the two files is whole. Raises ResourceError, with the space needed and the space
    free, when the disk is full; what was there before stays.
    """
    tensors = {name: np.array(value, order="C") for name, value in tensors.items()}  # 0-d arrays keep their shape
    told = json.dumps(facts, sort_keys=True)
    content = safetensors.numpy.save(tensors, {"facts": told, "sha256": _digest(tensors, told)})
    current, previous = folder / CURRENT, folder / PREVIOUS
    temporary, kept = folder / f".{CURRENT}.unfinished", folder / f".{PREVIOUS}.unfinished"
    _write_to_disk(temporary, content)
    if current.exists():
        # a second name first, so that the current one is never without a file
        kept.unlink(missing_ok=True)
        os.link(current, kept)
        os.replace(kept, previous)
    os.replace(temporary, current)
    _sync(folder)
    return current


def read_state(path: Path) -> tuple[dict[str, np.ndarray], dict]:
    """Return the (tensors, facts) of a state file; raise WeightsError, saying what is wrong, when it is not whole."""
    try:
        with safe_open(path, "np") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, not a dict
    except (OSError, SafetensorError, ValueError, KeyError) as error:
        raise WeightsError(f"{path} is not a whole training state: {error}") from error
    told, digest = metadata.get("facts", ""), metadata.get("sha256", "")
    met = _digest(tensors, told)
    if met != digest:
        raise WeightsError(f"{path} is damaged: expected the SHA-256 {digest or 'in its metadata'}, got {met}")
    return tensors, json.loads(told)


def newest_state(folder: Path, report=print) -> tuple[dict[str, np.ndarray], dict] | None:
    """Return the newest whole state in a folder, None when it never had one; `report` hears of a damaged one.

    Raises WeightsError when there are states and none is whole.
    """
    there = [path for path in (folder / CURRENT, folder / PREVIOUS) if path.exists()]
    failures = []
    for path in there:
        try:
            state = read_state(path)
        except WeightsError as error:
            failures.append(str(error))
            continue
        if failures:
            report(f"{failures[0]}; going on from {path}, step {state[1]['step']}")
        return state
    if failures:
        raise WeightsError("; ".join(failures))
    return None


def clear_states(folder: Path) -> None:
    """Remove the states of an earlier run."""
    for name in (CURRENT, PREVIOUS):
        (folder / name).unlink(missing_ok=True)


def _digest(tensors, told) -> str:
    digest = hashlib.sha256(told.encode())
    for name in sorted(tensors):
        value = tensors[name]
        digest.update(f"{name} {value.dtype} {value.shape}".encode())
        digest.update(np.ascontiguousarray(value).data if value.size else b"")
    return digest.hexdigest()


def _write_to_disk(path: Path, content: bytes) -> None:
    try:
        with open(path, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        if error.errno in _FULL:
            free = shutil.disk_usage(path.parent).free
            raise ResourceError(f"{path.parent} has no room: {len(content)} bytes needed, {free} free") from error
        raise


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

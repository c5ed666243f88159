"""One run at a time for one result."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from src.errors import UsageError


def mark_of(name: str) -> str:
    """Return how the names of unfinished files for a result begin; a name of any length fits in it."""
    return f".mindframes-{hashlib.sha256(os.fsencode(name)).hexdigest()[:12]}"


@contextlib.contextmanager
def locked(final: Path) -> Iterator[None]:
    """Keep other runs from writing the same result; the lock of a process that died is no obstacle.

    Raises UsageError, naming the process, where another run holds it.
    """
    path = final.with_name(mark_of(final.name) + ".lock")
    descriptor = _acquire(path, final)
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(descriptor)


def _acquire(path, final):
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.exists(path) and os.fstat(descriptor).st_ino == os.stat(path).st_ino:
                return descriptor
        except BlockingIOError as error:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace") or "unknown"
            os.close(descriptor)
            raise UsageError(f"--output_path {final}: is being written by another run, process {holder}") from error
        os.close(descriptor)  # the run before let go of it between the two calls, and took the file away

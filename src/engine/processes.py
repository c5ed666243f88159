"""The processes below this one, also those that a starter left behind (Linux: prctl and /proc)."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

from src.errors import EnvironmentFault

BECOME_PARENT_OF_ORPHANS = 36  # PR_SET_CHILD_SUBREAPER of <linux/prctl.h>
SIGNAL_AT_PARENTS_END = 1  # PR_SET_PDEATHSIG
LISTINGS = 5


def adopt_orphans() -> None:
    """Make this process the parent of every descendant whose own parent ends; raise EnvironmentFault off Linux."""
    if not sys.platform.startswith("linux") or ctypes.CDLL(None).prctl(BECOME_PARENT_OF_ORPHANS, 1, 0, 0, 0):
        raise EnvironmentFault(f"distributed runs are watched through Linux' prctl and /proc; got {sys.platform}")


def end_with(parent: int) -> None:
    """Have this process killed when its parent ends, however that comes; at once if it has ended already (Linux)."""
    ctypes.CDLL(None).prctl(SIGNAL_AT_PARENTS_END, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def reap() -> dict:
    """Return {process: exit code} of the children that ended since the last time, 128 + N for signal N."""
    codes = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return codes
        if not pid:
            return codes
        code = os.waitstatus_to_exitcode(status)
        codes[pid] = code if code >= 0 else 128 - code


def descendants() -> list:
    """Return the processes below this one, by number; those that ended but were not reaped are left out."""
    # What a process starts and leaves behind after /proc was listed is missing in that list: the next one has it.
    found = _listed()
    for _ in range(LISTINGS):
        before, found = found, _listed()
        if found == before:
            break
    return found


def _listed() -> list:
    children = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                # the name in parentheses may hold anything
                state, parent = Path(entry.path, "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
            except OSError:
                continue
            children.setdefault(int(parent), []).append((int(entry.name), state))
    found, waiting = [], [os.getpid()]
    while waiting:
        for pid, state in children.get(waiting.pop(), []):
            waiting.append(pid)
            if state not in "ZX":
                found.append(pid)
    return sorted(found)


def send_signal(pids, number: int) -> None:
    """Send a signal to every process that is still there."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass

"""Signals that ask a run to end: it saves at the next step, and ends with the code of the signal."""

import signal

from src.errors import Interrupted


class StopSignals:
    """Context in which SIGTERM and SIGINT only set `met`; a second one of them interrupts at once.

    On leaving without another failure it raises Interrupted when a signal was met.
    """

    def __init__(self, told: str):
        self.told = told
        self.met = None

    def __enter__(self):
        self.before = {each: signal.signal(each, self._note) for each in (signal.SIGTERM, signal.SIGINT)}
        return self

    def _note(self, number, _):
        if self.met is not None:
            raise Interrupted(number, "interrupted at once")
        self.met = number

    def __exit__(self, kind, *_):
        for each, handler in self.before.items():
            signal.signal(each, handler)
        if kind is None and self.met is not None:
            raise Interrupted(self.met, self.told)

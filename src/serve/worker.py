"""One run of infer.py in a process of its own: memory comes back when it ends, and it can be ended at any time."""

from __future__ import annotations

import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext

from src.errors import exit_code_of, leave_on_termination, told
from src.video.progress import listen

SECONDS_BETWEEN_WORDS = 0.2
SECONDS_TO_LEAVE = 5  # from the wish that a run ends until it is killed


class Worker:
    """A run that goes on beside this process; `said` yields what it tells until it has ended.

    Those are ("made", frames done, frames in all), ("note", text) and ("failed", exit code, line).
    """

    def __init__(self, main: Callable[[list[str]], None], arguments: list[str]):
        context = SpawnContext()  # threads run here, and a fork would copy their locks
        self._ear, mouth = context.Pipe(duplex=False)
        self._process = context.Process(target=work, args=(main, arguments, mouth), daemon=True)
        resource_tracker.ensure_running()  # it lets signals through again where it has to be started
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._process.start()  # the process inherits that: Ctrl-C is for this one, which then ends the run
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            mouth.close()

    def said(self, is_unwanted: Callable[[], bool]) -> Iterator[tuple]:
        """Yield what the run tells; end it when `is_unwanted` says so. It has ended when this does."""
        told_to_leave = None
        try:
            while True:
                if self._ear.poll(SECONDS_BETWEEN_WORDS):
                    yield self._ear.recv()
                if is_unwanted() and told_to_leave is None:
                    told_to_leave = time.monotonic()
                    self._process.terminate()
                if told_to_leave is not None and time.monotonic() - told_to_leave > SECONDS_TO_LEAVE:
                    self._process.kill()  # a network that is being compiled hears nothing
        except (EOFError, ConnectionResetError):
            pass
        self._process.join()
        self._ear.close()

    @property
    def exit_code(self) -> int:
        """The exit code of a run that has ended; a signal's number with a minus if one killed it."""
        return self._process.exitcode


class Messenger:
    """Tells another process what this one hears of its run, frames not too often."""

    def __init__(self, mouth: Connection):
        self._mouth = mouth
        self._spoken = 0.0

    def made(self, done: int, total: int) -> None:
        now = time.monotonic()
        if done in (0, total) or now - self._spoken >= SECONDS_BETWEEN_WORDS:
            self._spoken = now
            self._mouth.send(("made", done, total))

    def note(self, message: str) -> None:
        self._mouth.send(("note", message))


def work(main: Callable[[list[str]], None], arguments: list[str], mouth: Connection) -> None:
    """Run `main(arguments)` as a process of its own that tells `mouth` how it goes."""
    signal.signal(signal.SIGTERM, leave_on_termination)
    listen(Messenger(mouth))
    try:
        main(arguments)
    except BrokenPipeError:  # nobody is there any more to tell
        sys.exit(128 + signal.SIGTERM)
    except Exception as error:
        code = exit_code_of(error)
        if code is None:
            traceback.print_exc()
            mouth.send(("failed", 1, f"a defect of this program, told in full in its terminal: {told(error)}"))
            sys.exit(1)
        mouth.send(("failed", code, told(error)))
        sys.exit(code)

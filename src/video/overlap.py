"""Work beside the network's: items made ahead of their use, and used behind their making, in a thread each.

Threads are enough, since decoders, encoders, NumPy and networks let go of Python's lock while they compute. All that
waits, waits at simple queues: the exception of an interrupt cannot leave them locked, as it can locks and semaphores.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from queue import SimpleQueue
from typing import Any

DEPTH = 2  # items that wait on each side of the network


class Behind:
    """Where items are handed over to a thread that uses them; `result` is what that returned, once it has ended."""

    def __init__(self, depth: int):
        self._lane = _Lane(depth)
        self._failure: BaseException | None = None
        self.result: Any = None

    def put(self, item: Any) -> None:
        """Hand over one more item as soon as there is room for it. Raises what the use of those before it raised."""
        if not self._lane.put(item):
            self.check()

    def check(self) -> None:
        """Raise what the use of the items raised, if it did."""
        if self._failure is not None:
            raise self._failure

    def end(self, failure: BaseException | None = None) -> None:
        """Let the items end here, with an exception where one is given."""
        self._lane.end(failure)

    def run(self, use: Callable[[Iterable], Any]) -> None:
        """Use the items, in the thread."""
        try:
            self.result = use(iter(self._lane))
        except _Abandoned:
            pass
        except BaseException as error:
            self._failure = error
        finally:
            self._lane.leave()


@contextlib.contextmanager
def ahead(items: Iterator, depth: int = DEPTH) -> Iterator[Iterator]:
    """Yield the items of a generator, which runs in a thread; `depth` of them wait to be taken at most.

    What the generator raises is raised unchanged, behind the items before it. When the block ends, however it ends, the
    generator is closed and its thread has ended.
    """
    lane = _Lane(depth)
    with _beside(partial(_make, items, lane)):
        try:
            yield iter(lane)
        finally:
            lane.leave()


@contextlib.contextmanager
def behind(use: Callable[[Iterable], Any], depth: int = DEPTH) -> Iterator[Behind]:
    """Yield what hands items over to `use(items)`, which runs in a thread; `depth` of them wait to be used at most.

    What `use` raises is raised unchanged by the next `put`, or when the block ends. At the end of the block all items
    are used; where it ends with an exception the items end with one too. The thread has ended with the block.
    """
    handed = Behind(depth)
    with _beside(partial(handed.run, use)):
        try:
            yield handed
        except BaseException:
            handed.end(_Abandoned())
            raise
        handed.end()
    handed.check()


class _Abandoned(Exception):
    """No more items come, and what was made of those before is of no use."""


class _Lane:
    """Passes items from one thread to another in order; `depth` of them wait at most."""

    def __init__(self, depth):
        self._waiting, self._room = SimpleQueue(), SimpleQueue()
        for _ in range(depth):
            self._room.put(None)
        self._left = False

    def put(self, item):
        """Wait for room and pass an item on; False when nobody takes items any more."""
        self._room.get()
        if not self._left:
            self._waiting.put(item)
        return not self._left

    def end(self, failure=None):
        self._waiting.put(_End(failure))

    def leave(self):
        """Take no more items, whoever waits to pass one on."""
        self._left = True
        self._room.put(None)

    def __iter__(self):
        while True:
            item = self._waiting.get()
            if isinstance(item, _End):
                break
            self._room.put(None)
            yield item
            del item  # a frame is large
        if item.failure is not None:
            raise item.failure


class _End:
    def __init__(self, failure):
        self.failure = failure


def _make(items, lane):
    try:
        with contextlib.closing(items):
            for item in items:
                if not lane.put(item):
                    return
        lane.end()
    except BaseException as error:
        lane.end(error)


@contextlib.contextmanager
def _beside(work):
    """Run `work()` in a thread beside the block, and let nothing pass before it has ended."""
    wanted, ended, over = SimpleQueue(), SimpleQueue(), threading.Event()

    def run():
        try:
            if wanted.get():
                work()
        finally:
            over.set()
            ended.put(None)

    thread = threading.Thread(target=run, daemon=True)
    try:
        thread.start()
    except BaseException:  # an interrupt: the thread may be there for all that
        wanted.put(False)
        raise
    try:
        wanted.put(True)
        yield
    finally:
        wanted.put(False)  # an interrupt may have come before the other
        _wait(over, ended)
        thread.join()


def _wait(over, ended):
    """Wait for the end of a thread; an interruption is raised when it has ended, and not before.

    `Thread.join` takes threads for dead after an interruption (Python's issue 90882), so it comes after this.
    """
    interruption = None
    while not over.is_set():
        try:
            ended.get()
        except BaseException as error:
            interruption = error
    if interruption is not None:
        raise interruption

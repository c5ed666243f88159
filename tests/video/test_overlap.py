"""Work in threads beside the network: in order, bounded, and gone with what it was made for."""

import os
import signal
import threading
import time

import pytest

from src.video.overlap import ahead, behind


class Odd(BaseException):
    """A failure of no common kind."""


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = threading.active_count()
    yield
    assert threading.active_count() <= before


@pytest.fixture
def interrupt():
    """Return what interrupts the main thread; not by SIGINT, for which MindSpore brings a handler of its own."""

    def interrupted(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, interrupted)
    yield lambda: os.kill(os.getpid(), signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, before)


def counting(log, upto=100):
    try:
        for number in range(upto):
            log.append(number)
            yield number
    finally:
        log.append("closed")


def test_items_come_in_order_and_from_another_thread():
    threads, log = set(), []

    def use(items):
        threads.add(threading.get_ident())
        return list(items)

    with ahead(threads.add(threading.get_ident()) or each for each in counting(log)) as items, behind(use) as used:
        for item in items:
            used.put(item)
    assert used.result == list(range(100)) and log[-1] == "closed"
    assert len(threads) == 2 and threading.get_ident() not in threads


def test_no_more_than_asked_for_is_made_before_its_turn():
    log = []
    with ahead(counting(log), depth=3) as items:
        for number in items:
            assert len(log) <= number + 1 + 3 + 1  # those before, itself, three that wait and one in the making
            if number == 20:
                break
    assert log[-1] == "closed" and len(log) <= 20 + 1 + 3 + 1 + 1


def test_no_more_than_asked_for_waits_to_be_used():
    allowed, used_up, handed = threading.Semaphore(0), [], []

    def use(items):
        for item in items:
            allowed.acquire()
            used_up.append(item)

    with behind(use, depth=2) as used:

        def give():
            for number in range(10):
                used.put(number)
                handed.append(number)

        giving = threading.Thread(target=give)
        giving.start()
        while len(handed) < 3:
            time.sleep(0.001)
        giving.join(0.05)
        assert handed == [0, 1, 2] and used_up == [], "one in use and two that wait"
        for _ in range(10):
            allowed.release()
        giving.join()
    assert used_up == list(range(10))


@pytest.mark.parametrize("failure", [ValueError("x"), KeyboardInterrupt(), MemoryError(), Odd()])
def test_what_making_raises_comes_unchanged_behind_the_items_before_it(failure):
    def make():
        yield 1
        yield 2
        raise failure

    seen = []
    with pytest.raises(type(failure)) as caught, ahead(make()) as items:
        for item in items:
            seen.append(item)
    assert caught.value is failure and seen == [1, 2]


@pytest.mark.parametrize("at", [0, 3, 9])
@pytest.mark.parametrize("failure", [OSError(28, "full"), MemoryError(), Odd()])
def test_what_using_raises_comes_unchanged_wherever_it_happens(at, failure):
    def use(items):
        for item in items:
            if item == at:
                raise failure

    with pytest.raises(type(failure)) as caught, behind(use) as used:
        for number in range(10):
            used.put(number)
    assert caught.value is failure


def test_a_failure_when_all_is_used_comes_too():
    def use(items):
        list(items)
        raise Odd

    with pytest.raises(Odd), behind(use) as used:
        used.put(1)


def test_a_failure_between_them_ends_both_and_is_the_one_that_is_told():
    log, seen = [], []

    def use(items):
        try:
            for item in items:
                seen.append(item)
        finally:
            seen.append("ended")
        seen.append("all used")

    failure = Odd()
    with pytest.raises(Odd) as caught, ahead(counting(log)) as items, behind(use) as used:
        for item in items:
            used.put(item)
            if item == 5:
                raise failure
    assert caught.value is failure and log[-1] == "closed"
    assert seen == [0, 1, 2, 3, 4, 5, "ended"], "what was begun is not finished as if it were whole"


@pytest.mark.parametrize("times", [1, 3])
def test_an_interruption_waits_for_what_is_being_used_and_then_comes(interrupt, times):
    finished = []

    def use(items):
        for _ in items:
            for _ in range(times):
                interrupt()
                time.sleep(0.05)
            finished.append(True)

    with pytest.raises(KeyboardInterrupt), behind(use) as used:
        used.put(1)
    assert finished == [True]


def test_an_interruption_ends_the_wait_for_an_item(interrupt):
    asked, stop = threading.Event(), threading.Event()

    def slow():
        asked.wait()
        time.sleep(0.1)  # until the main thread waits
        interrupt()
        stop.wait()
        yield 1

    with pytest.raises(KeyboardInterrupt), ahead(slow()) as items:
        try:
            asked.set()
            next(items)
        finally:
            stop.set()


def test_an_interruption_ends_the_wait_for_room(interrupt):
    stop = threading.Event()

    def use(items):
        next(items)
        time.sleep(0.1)  # until the main thread waits
        interrupt()
        stop.wait()

    with pytest.raises(KeyboardInterrupt), behind(use, depth=1) as used:
        try:
            for number in range(3):
                used.put(number)
        finally:
            stop.set()


def test_an_interruption_while_a_thread_starts_leaves_none(monkeypatch):
    start, log = threading.Thread.start, []

    def interrupted(thread):
        start(thread)
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt), ahead(counting(log)):
        pass
    for thread in threading.enumerate():
        if thread.daemon and thread is not threading.current_thread():
            thread.join(0.2)
    assert log == []

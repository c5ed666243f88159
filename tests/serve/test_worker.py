"""Runs that end as they should not."""

import os
import signal
import time

import pytest

from src.errors import InputError
from src.serve import worker
from src.serve.task import Task
from src.video.progress import note, shown


def talks(arguments):
    note("left out")
    list(shown(iter(range(3)), 3))
    raise InputError(f"{arguments[0]}: is bad")


def stubborn(arguments):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    note("ready")
    time.sleep(600)


def killed(arguments):
    os.kill(os.getpid(), signal.SIGKILL)


def defect(arguments):
    raise ValueError("two\nlines")


def said(main, is_unwanted=lambda: False):
    run = worker.Worker(main, ["x"])
    return list(run.said(is_unwanted)), run.exit_code


def test_notes_frames_and_the_failure_are_heard():
    words, code = said(talks)
    assert words[0] == ("note", "left out") and words[1] == ("made", 0, 3) and ("made", 3, 3) in words
    assert words[-1] == ("failed", 3, "x: is bad") and code == 3


def test_a_defect_is_one_line_and_its_traceback_goes_to_the_terminal(capfd):
    words, code = said(defect)
    assert words == [("failed", 1, "a defect of this program, told in full in its terminal: two lines")] and code == 1
    assert "ValueError: two" in capfd.readouterr().err


def test_a_run_that_hears_no_termination_is_killed(monkeypatch):
    monkeypatch.setattr(worker, "SECONDS_TO_LEAVE", 0.1)
    heard = []
    run = worker.Worker(stubborn, ["x"])
    for word in run.said(lambda: bool(heard)):
        heard.append(word)
    assert heard == [("note", "ready")] and run.exit_code == -signal.SIGKILL


@pytest.fixture
def task(tmp_path):
    made = Task("clip.mp4", {"model": "ifrnet_s"}, "", [], tmp_path)
    made.source.touch()
    return made


def test_a_run_that_was_killed_from_outside_says_that_memory_may_have_run_out(task):
    words, code = said(killed)
    assert words == []
    task.end(code)
    assert task.state == "failed" and task.error["code"] == 6 and "signal 9; memory may" in task.error["message"]
    assert not task.folder.exists()


def test_a_result_that_lacks_something_is_kept_with_its_line(task):
    task.result.touch()
    task.hear(("failed", 7, f"{task.result}: its frames drift by 1.000 s"))
    task.end(7)
    assert task.state == "done" and task.folder.exists()
    assert task.error == {"code": 7, "message": "clip-x2.mp4: its frames drift by 1.000 s"}

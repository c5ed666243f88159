"""One run at a time for one result; a process that died does not hold anything up."""

import os
import signal
import subprocess
import sys

import pytest

from src.errors import UsageError
from src.video.lock import locked, mark_of
from src.video.publish import publish
from tests.runs import ROOT

HOLDER = (
    "import sys, time\n"
    "from src.video.publish import publish\n"
    "with publish(sys.argv[1]):\n"
    "    print('held', flush=True)\n"
    "    time.sleep(60)\n"
)


def holder(path):
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_run_is_refused_with_the_number_of_the_first(tmp_path):
    with publish(str(tmp_path / "out.mp4")):
        with pytest.raises(UsageError, match=f"another run, process {os.getpid()}"):
            with publish(str(tmp_path / "out.mp4")):
                pass
        with publish(str(tmp_path / "other.mp4")):
            pass
    assert sorted(os.listdir(tmp_path)) == ["other.mp4", "out.mp4"]


def test_what_a_killed_run_left_is_removed_and_its_lock_is_taken_over(tmp_path):
    path = tmp_path / "out.mp4"
    process = holder(path)
    with pytest.raises(UsageError, match=f"process {process.pid}"):
        with publish(str(path)):
            pass
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)
    process.stdout.close()
    assert len(os.listdir(tmp_path)) == 2
    with publish(str(path)):
        assert len(os.listdir(tmp_path)) == 2
    assert os.listdir(tmp_path) == ["out.mp4"]


def test_a_result_set_aside_by_a_killed_run_is_not_removed(tmp_path):
    kept = tmp_path / f"{mark_of('out')}-0123-old"
    kept.mkdir()
    with publish(str(tmp_path / "out")):
        pass
    assert kept.is_dir()


def test_a_name_of_any_length_has_a_lock(tmp_path):
    with locked(tmp_path / ("x" * 255)):
        assert len(os.listdir(tmp_path)) == 1
    assert os.listdir(tmp_path) == []

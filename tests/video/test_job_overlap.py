"""A run whose decoder and encoder have threads of their own: same result, same failures, nothing left behind."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import types

import pytest

from src.errors import InputError
from src.video import encoder, job, reader, writer
from tests.data.moving_clip import moving_frames
from tests.runs import ROOT, exit_code, names, report_of, run
from tests.video.clips import Average, write_clip

PARTS = ("--resume", "--part_frames", "3")


@pytest.fixture
def moving(tmp_path):
    frames = moving_frames(9, (3, 1), seed=1) + moving_frames(4, (-2, 4), seed=2)
    return write_clip(tmp_path / "in.mp4", frames, sounds=[440])


@contextlib.contextmanager
def at_once(use):
    """Stands for `behind`: items are used in the same thread, when all of them are there."""
    kept = types.SimpleNamespace(items=[])
    kept.put = kept.items.append
    yield kept
    kept.result = use(kept.items)


def bytes_of(result):
    if result.is_file():
        return result.read_bytes()
    return [(name, (result / name).read_bytes()) for name in names(result)]


@pytest.mark.parametrize("name", ["out.mp4", "out"])
@pytest.mark.parametrize("flags", [(), ("--fps", "60"), ("--duplicates", "drop"), PARTS])
def test_the_result_is_that_of_one_thread_bit_for_bit(moving, tmp_path, loaded, monkeypatch, name, flags):
    result = run(moving, tmp_path / name, *flags)
    monkeypatch.setattr(job, "ahead", contextlib.nullcontext)
    monkeypatch.setattr(job, "behind", at_once)
    alone = run(moving, tmp_path / "alone" / name, *flags)
    assert bytes_of(result) == bytes_of(alone)
    told, expected = report_of(result), report_of(alone)
    for key in ("frames", "rate", "seconds", "streams", "cuts", "repeats", "predicted", "unfit", "broken"):
        assert told[key] == expected[key]


def fails_at(count, failure, function):
    calls = []

    def fails(*given):
        calls.append(given)
        if len(calls) == count:
            raise failure
        return function(*given)

    return fails


BESIDE = [
    (reader.ToRgb, "__call__"),
    (encoder.FromRgb, "__call__"),
    (encoder.PictureEncoder, "encode"),
]


@pytest.mark.parametrize("flags", [(), PARTS])
@pytest.mark.parametrize(("kind", "name"), BESIDE)
@pytest.mark.parametrize(("failure", "code"), [(MemoryError(), 6), (OSError(28, "full"), 6), (InputError("x"), 3)])
def test_failures_beside_the_network_end_the_run_as_others_do(
    moving, tmp_path, loaded, monkeypatch, capsys, flags, kind, name, failure, code
):
    before = threading.active_count()
    monkeypatch.setattr(kind, name, fails_at(5, failure, getattr(kind, name)))
    assert exit_code([moving, "--output_path", tmp_path / "out.mkv", *flags]) == code
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: ")
    assert [each for each in names(tmp_path) if each != "out.mkv.parts"] == ["in.mp4"]
    assert threading.active_count() == before


def test_images_that_the_disk_does_not_take_end_the_run_as_others_do(moving, tmp_path, loaded, monkeypatch):
    monkeypatch.setattr(writer, "encode_png", fails_at(4, OSError(28, "full"), writer.encode_png))
    assert exit_code([moving, "--output_path", tmp_path / "out"]) == 6
    assert names(tmp_path) == ["in.mp4"]


def test_a_defect_beside_the_network_is_told_as_one(moving, tmp_path, loaded, monkeypatch):
    failure = ZeroDivisionError("defect")
    monkeypatch.setattr(encoder.FromRgb, "__call__", fails_at(3, failure, encoder.FromRgb.__call__))
    with pytest.raises(ZeroDivisionError) as caught:
        run(moving, tmp_path / "out.mp4")
    assert caught.value is failure and names(tmp_path) == ["in.mp4"]


TERMINATED = """
import runpy, sys, time, types
from src.video import encoder, reader
from tests.video.clips import Average
place = sys.argv.pop(1)
def waiting(kind, name):
    function, calls = getattr(kind, name), []
    def waits(*given):
        calls.append(given)
        if len(calls) == 5:
            print('waiting', flush=True)
            for _ in range(100): time.sleep(0.01)
        return function(*given)
    setattr(kind, name, waits)
waiting(*{'reader': (reader.ToRgb, '__call__'), 'network': (Average, '__call__'),
          'encoder': (encoder.PictureEncoder, 'encode')}[place])
module = types.ModuleType('src.runtime.choice')  # in place of all that loads MindSpore
module.video_predictor = lambda *_: Average()
sys.modules[module.__name__] = module
runpy.run_path('infer.py', run_name='__main__')
"""


@pytest.mark.parametrize("place", ["reader", "network", "encoder"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_wherever_the_threads_are_leaves_nothing(moving, tmp_path, place, number, code):
    folder = tmp_path / "work"
    arguments = [sys.executable, "-c", TERMINATED, place, str(moving), "--output_path", str(folder / "out.mp4")]
    process = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "waiting\n"
    os.kill(process.pid, number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == code and "Traceback" not in said
    assert names(tmp_path) == ["in.mp4"]


def test_frames_are_made_ready_before_the_network_wants_them(moving, tmp_path, loaded, monkeypatch):
    threads = set()
    convert = job.Placed.network.func

    def noted(self):
        threads.add(threading.current_thread())
        return convert(self)

    monkeypatch.setattr(job.Placed.network, "func", noted)
    predicting, predict = [], Average.__call__

    def predicts(*given):
        predicting.append(threading.current_thread())
        return predict(*given)

    monkeypatch.setattr(Average, "__call__", predicts)
    run(moving, tmp_path / "out.mp4")
    assert threading.main_thread() not in threads and set(predicting) == {threading.main_thread()}

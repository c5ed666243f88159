"""A run that was cut off goes on: to the same frames, with no more than one part made twice."""

import hashlib
import signal
import subprocess
import sys

import numpy as np
import pytest

from tests.data.moving_clip import moving_frames
from tests.runs import ROOT, exit_code, names, report_of, run
from tests.video.clips import (
    Average,
    decoded,
    flat_frames,
    gray_levels,
    levels_of,
    packets_of,
    picture,
    write_clip,
)


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


def checksums(path):
    return [hashlib.md5(planes.tobytes()).hexdigest() for planes, _ in decoded(path, "yuv420p")]


PARTS = ("--resume", "--part_frames", "4")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("flags", [("--multi", "2"), ("--fps", "60"), ("--slow", "2", "--slow_audio", "stretch")])
def test_a_run_that_was_cut_off_goes_on_to_the_same_frames(tmp_path, loaded, monkeypatch, share, flags):
    frames = moving_frames(11, (3, 1), seed=1) + moving_frames(10, (-2, 4), seed=2)
    path = write_clip(tmp_path / "in.mp4", frames, sounds=[440])
    whole = run(path, tmp_path / "whole.mp4", *PARTS, *flags)
    result = tmp_path / "out.mp4"
    predict, calls = Average.__call__, []

    def dies(self, frames, times):
        calls.append(times)
        if len(calls) > share * report_of(whole)["predicted"] / len(times):
            raise Killed
        return predict(self, frames, times)

    monkeypatch.setattr(Average, "__call__", dies)
    with pytest.raises(Killed):
        run(path, result, *PARTS, *flags)
    assert not result.exists() and names(tmp_path) == ["in.mp4", "out.mp4.parts", "whole.mp4", "whole.mp4.report.json"]
    again = []
    monkeypatch.setattr(Average, "__call__", lambda self, *given: again.append(given) or predict(self, *given))
    run(path, result, *PARTS, *flags)
    assert checksums(result) == checksums(whole) and packets_of(result, "audio") == packets_of(whole, "audio")
    assert [time for _, time in decoded(result)] == [time for _, time in decoded(whole)]
    told, expected = report_of(result), report_of(whole)
    for key in ("frames", "rate", "seconds", "streams", "cuts", "repeats", "predicted", "unfit", "broken"):
        assert told[key] == expected[key]
    assert len(calls) + len(again) <= 19 + 1 + 4, "no more than one part is made twice"
    assert "out.mp4.parts" not in names(tmp_path)


def test_parts_joined_are_the_frames_of_one_go(clip, tmp_path, loaded):
    whole = run(clip, tmp_path / "whole.mkv")
    parts = run(clip, tmp_path / "parts.mkv", "--resume", "--part_frames", "2")
    np.testing.assert_allclose(levels_of(parts), levels_of(whole), atol=1)
    assert [time for _, time in decoded(parts)] == [time for _, time in decoded(whole)]
    assert packets_of(parts, "audio") == packets_of(whole, "audio")


def test_a_folder_that_was_cut_off_goes_on_bit_for_bit(images, tmp_path, loaded, monkeypatch):
    whole = run(images, tmp_path / "whole")
    predict = Average.__call__
    calls = []

    def dies(self, frames, times):
        calls.append(times)
        if len(calls) == 3:
            raise Killed
        return predict(self, frames, times)

    monkeypatch.setattr(Average, "__call__", dies)
    with pytest.raises(Killed):
        run(images, tmp_path / "out", "--resume", "--part_frames", "1")
    result = run(images, tmp_path / "out", "--resume", "--part_frames", "1")
    assert len(calls) == 4 and names(result) == names(whole)
    assert all((result / name).read_bytes() == (whole / name).read_bytes() for name in names(whole))


def test_a_folder_named_with_a_slash_is_resumed_and_replaced(images, tmp_path, loaded, monkeypatch):
    result = f"{tmp_path / 'out'}/"
    with monkeypatch.context() as patched:
        patched.setattr(Average, "__call__", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        assert exit_code([images, "--output_path", result, "--resume"]) == 130
    assert names(tmp_path) == ["frames", "out.parts"]
    run(images, result, "--resume")
    run(images, result, "--resume", "--overwrite")
    assert names(tmp_path) == ["frames", "out", "out.report.json"]
    assert names(tmp_path / "out") == [f"{index:08d}.png" for index in range(7)]


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "webm"])
@pytest.mark.parametrize("size", ["1", "5", "6"])
def test_parts_of_any_length_join(clip, tmp_path, loaded, suffix, size):
    result = run(clip, tmp_path / f"out.{suffix}", "--resume", "--part_frames", size)
    np.testing.assert_allclose(levels_of(result), np.arange(11) * 15 + 40, atol=2.5)
    assert report_of(result)["broken"] == []


def test_parts_of_another_run_are_refused_by_the_name_of_what_differs(clip, tmp_path, loaded, monkeypatch, capsys):
    monkeypatch.setattr(Average, "__call__", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    result, weights = tmp_path / "out.mp4", tmp_path / "weights.ckpt"
    assert exit_code([clip, "--output_path", result, "--resume"]) == 130
    other = write_clip(tmp_path / "other.mp4", flat_frames(gray_levels(6, step=31)))
    weights.write_bytes(b"weights")
    loaded.clear()
    for arguments, field in (
        ([clip, "--multi", "4"], "multi"),
        ([other], "input"),
        ([clip, "--ckpt_path", weights], "weights"),
        ([clip, "--cuts", "off"], "cuts"),
    ):
        assert exit_code([*arguments, "--output_path", result, "--resume"]) == 2
        assert f"begun with {field} " in capsys.readouterr().err
    assert loaded == [] and "out.mp4.parts" in names(tmp_path)


def test_a_run_that_is_killed_by_the_system_is_resumed(tmp_path):
    path = write_clip(tmp_path / "in.mp4", moving_frames(12, (3, 1), seed=1), sounds=[440])
    code = (
        "import os, signal, sys, types\n"
        "from tests.video.clips import Average\n"
        "class Dying(Average):\n"
        "    left = int(sys.argv.pop(1))\n"
        "    def __call__(self, *given):\n"
        "        self.left -= 1\n"
        "        return super().__call__(*given) if self.left else os.kill(os.getpid(), signal.SIGKILL)\n"
        "module = types.ModuleType('src.runtime.mindspore_graph')\n"
        "module.load_predictor = lambda *_: Dying()\n"
        "sys.modules[module.__name__] = module\n"
        "import infer\n"
        "infer.main(sys.argv[1:])\n"
    )

    def start(left, output):
        arguments = [sys.executable, "-c", code, str(left), str(path), "--output_path", str(output), *PARTS]
        return subprocess.run(arguments, cwd=ROOT, capture_output=True).returncode

    assert start(-1, tmp_path / "whole.mp4") == 0
    assert [start(6, tmp_path / "out.mp4"), start(6, tmp_path / "out.mp4")] == [-signal.SIGKILL, -signal.SIGKILL]
    assert start(6, tmp_path / "out.mp4") == 0
    assert checksums(tmp_path / "out.mp4") == checksums(tmp_path / "whole.mp4")
    assert [name for name in names(tmp_path) if name.startswith(".")] == []


REAL = """
import os, signal, sys
left, log = int(sys.argv.pop(1)), sys.argv.pop(1)
from src.runtime.mindspore_graph import GraphPredictor
run = GraphPredictor.run

def run_or_die(self, arrays):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    with open(log, "a") as file:
        print("predicted", file=file)
    return run(self, arrays)

GraphPredictor.run = run_or_die
import infer
from src.errors import run_command
run_command(infer.main)
"""


@pytest.mark.parametrize("shares", [(0.5,), pytest.param((0.1, 0.5, 0.9), marks=pytest.mark.slow)])
def test_the_shipped_network_goes_on_to_the_same_frames_wherever_it_is_killed(tmp_path, shares):
    part, pairs = 2, 10
    path = write_clip(tmp_path / "in.mp4", [picture(48, 32, index) for index in range(pairs + 1)], sounds=[440])
    result, log = tmp_path / "out.mp4", tmp_path / "log"

    def start(left, *flags, output=result):
        command = [sys.executable, "-c", REAL, str(left), str(log), str(path), "--output_path", str(output)]
        ended = subprocess.run(
            [*command, "--resume", "--part_frames", str(part), *flags], cwd=ROOT, capture_output=True
        )
        return ended.returncode, ended.stderr.decode()

    assert start(-1, output=tmp_path / "whole.mp4")[0] == 0
    assert len(log.read_text().split()) == pairs
    made = []
    for share in shares:
        kept = len(list((tmp_path / "out.mp4.parts").glob("*.json"))) - 1 if made else 0
        log.unlink()
        assert start(round(share * pairs) - kept * part + 1)[0] == -signal.SIGKILL
        assert not result.exists()
        made.append(len(log.read_text().split()))
    code, said = start(-1, "--multi", "4")
    assert code == 2 and "begun with multi None; got 4" in said
    log.unlink()
    assert start(-1)[0] == 0
    made.append(len(log.read_text().split()))
    assert pairs < sum(made) <= pairs + len(shares) * part, "no more than a part is made again for each end"
    assert checksums(result) == checksums(tmp_path / "whole.mp4")
    assert packets_of(result, "audio") == packets_of(tmp_path / "whole.mp4", "audio")
    assert [name for name in names(tmp_path) if name.startswith(".") or name.endswith(".parts")] == []

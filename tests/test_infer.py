"""infer.py from its command line to its result, with a network that averages in place of MindSpore."""

import os
import signal
import subprocess
import sys
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

import infer
from src.errors import InputError, ResourceError, UsageError
from src.video.reader import open_source
from tests.runs import ROOT, exit_code, names, run
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

REAL_CLIP = ROOT.parent / "shared" / "data" / "clips" / "realshort.mp4"


@pytest.mark.parametrize("multi", [2, 4])
def test_video_to_video_keeps_order_content_rate_and_sound(clip, tmp_path, loaded, capsys, multi):
    result = run(clip, tmp_path / "out.mp4", "--multi", str(multi))
    expected = np.interp(np.arange(5 * multi + 1) / multi, range(6), gray_levels(6, step=30))
    np.testing.assert_allclose(levels_of(result), expected, atol=2.5)
    assert [moment for _, moment in decoded(result)] == [Fraction(index, 25 * multi) for index in range(5 * multi + 1)]
    with av.open(str(result)) as container:
        assert container.streams.video[0].average_rate == 25 * multi
        assert container.streams.video[0].codec_context.pix_fmt == "yuv420p"
    assert packets_of(result, "audio") == packets_of(clip, "audio") != []
    assert loaded == [("ifrnet_s", "", "CPU", 0)]
    said = capsys.readouterr()
    assert f"{result}: {5 * multi + 1} frames of 48x32, {25 * multi} fps" in said.out
    assert f"{5 * multi + 1}/{5 * multi + 1} frames" in said.err
    assert names(tmp_path) == ["in.mp4", "out.mp4", "out.mp4.report.json"]


@pytest.mark.parametrize("rate", [Fraction(30000, 1001), Fraction(45000, 1499)])
def test_fractional_rates_double_exactly(tmp_path, loaded, rate):
    path = write_clip(tmp_path / "in.mp4", flat_frames(gray_levels(5)), rate)
    assert open_source(str(run(path, tmp_path / "out.mov"))).rate == 2 * rate


def test_folder_to_folder_keeps_the_sources_bit_for_bit(images, tmp_path, loaded):
    result = run(images, tmp_path / "out", "--multi", "3")
    assert names(result) == [f"{index:08d}.png" for index in range(10)]
    made = [cv2.cvtColor(cv2.imread(str(result / name)), cv2.COLOR_BGR2RGB) for name in names(result)]
    for index in range(4):
        np.testing.assert_array_equal(made[3 * index], picture(33, 21, 8 + index))
    blend = np.rint((2 * picture(33, 21, 8).astype(float) + picture(33, 21, 9)) / 3)
    assert np.abs(made[1] - blend).max() <= 1


def test_folder_to_video_and_video_to_folder(images, clip, tmp_path, loaded, capsys):
    video = open_source(str(run(images, tmp_path / "out.mkv")))
    assert (video.rate, video.width, video.height) == (50, 33, 21)
    frames = list(video.frames())
    assert len(frames) == 7
    assert max(np.abs(frames[2 * i].astype(float) - picture(33, 21, 8 + i)).mean() for i in range(4)) < 4
    result = run(clip, tmp_path / "stills")
    assert names(result) == [f"{index:08d}.png" for index in range(11)]
    assert "holds no sound" in capsys.readouterr().err


def test_two_frames_are_enough(tmp_path, loaded):
    path = write_clip(tmp_path / "in.mp4", flat_frames([50, 150]))
    np.testing.assert_allclose(levels_of(run(path, tmp_path / "out.webm", "--cuts", "off")), [50, 100, 150], atol=2)


@pytest.mark.parametrize("name", ["a b", 'it\'s "it"', "-x", "%03d", "a:b", "$(x);", "é\n"])
def test_names_are_only_names(tmp_path, loaded, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    write_clip(f"{name}.mp4", flat_frames(gray_levels(3)), sounds=[440])
    infer.main([f"--output_path={name}-out.mp4", "--", f"{name}.mp4"])
    assert names(tmp_path) == sorted([f"{name}.mp4", f"{name}-out.mp4", f"{name}-out.mp4.report.json"])
    assert len(decoded(f"{name}-out.mp4")) == 5


def test_output_in_a_folder_that_is_not_there_yet(clip, tmp_path, loaded):
    assert len(decoded(run(clip, tmp_path / "new" / "folder" / "out.mp4"))) == 11


def test_overwrite_replaces_only_when_asked(clip, tmp_path, loaded):
    output = tmp_path / "out.mp4"
    output.write_text("mine")
    with pytest.raises(UsageError, match="--overwrite"):
        run(clip, output)
    assert output.read_text() == "mine" and loaded == []
    assert len(decoded(run(clip, output, "--overwrite"))) == 11


def _text(folder):
    (folder / "x.mp4").write_text("hello\n" * 99)
    return folder / "x.mp4"


def _one_frame(folder):
    return write_clip(folder / "one.mp4", flat_frames([50]))


def _truncated(folder):
    path = write_clip(folder / "whole.mp4", [picture(64, 48, index) for index in range(30)])
    path.write_bytes(path.read_bytes()[:-900])
    return path


def _mixed_sizes(folder):
    for index, width in enumerate((8, 9)):
        cv2.imwrite(str(folder / f"{index}.png"), picture(width, 6))
    return folder


def _empty_folder(folder):
    (folder / "empty").mkdir()
    return folder / "empty"


def _pipe(folder):
    os.mkfifo(folder / "pipe.mp4")
    return folder / "pipe.mp4"


BAD_INPUTS = [_text, _one_frame, _truncated, _mixed_sizes, _empty_folder, _pipe, lambda folder: folder / "absent.mp4"]


@pytest.mark.parametrize("make", BAD_INPUTS)
def test_bad_input_ends_with_3_and_one_line_before_the_network_is_loaded(tmp_path, loaded, capsys, make):
    source = tmp_path / "source"
    source.mkdir()
    code = exit_code([make(source), "--output_path", tmp_path / "results" / "out.mp4"])
    said = capsys.readouterr().err
    assert code == 3 and said.startswith("error: ") and said.count("\n") == 1
    assert names(tmp_path) == ["source"] and loaded == []


def test_wrong_usage_ends_with_2_before_anything_is_read(clip, tmp_path, loaded, capsys):
    (tmp_path / "file").touch()
    for arguments in (
        [clip, "--output_path", clip, "--overwrite"],
        [clip, "--output_path", tmp_path / "file" / "out.mp4"],
        [clip, "--output_path", tmp_path / "out.gif"],
        [clip, "--output_path", tmp_path / "out.mp4", "--multi", "1"],
        [clip],
    ):
        assert exit_code(arguments) == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert names(tmp_path) == ["file", "in.mp4"] and loaded == []


@pytest.mark.parametrize("output", ["out.mp4", "out", "new/out.mkv"])
@pytest.mark.parametrize(
    ("failure", "code"), [(KeyboardInterrupt(), 130), (MemoryError(), 6), (InputError("x"), 3), (ResourceError("x"), 6)]
)
def test_a_failure_in_the_middle_leaves_nothing(clip, tmp_path, loaded, monkeypatch, output, failure, code):
    calls = []

    def fails(self, frames, times):
        calls.append(times)
        if len(calls) == 3:
            raise failure
        return frames[:1]

    monkeypatch.setattr(Average, "__call__", fails)
    assert exit_code([clip, "--output_path", tmp_path / output]) == code
    assert len(calls) == 3 and names(tmp_path) == ["in.mp4"]


def test_damage_in_the_middle_leaves_nothing(images, tmp_path, loaded):
    whole = (images / "f10.png").read_bytes()
    (images / "f10.png").write_bytes(whole[:200])
    assert exit_code([images, "--output_path", tmp_path / "out"]) == 3
    assert names(tmp_path) == ["frames"]


def test_memory_does_not_grow_with_length(tmp_path, loaded):
    """Ten times as many frames raise the peak by less than what a dozen of them take."""
    peaks = []
    for count in (20, 200):
        path = write_clip(tmp_path / f"{count}.mp4", [picture(320, 240)] * count, codec="mpeg4")
        code = (
            "import sys, types, resource\n"
            "from tests.video.clips import Average\n"
            "module = types.ModuleType('src.runtime.mindspore_graph')\n"
            "module.load_predictor = lambda *_: Average()\n"
            "sys.modules[module.__name__] = module\n"
            "import infer\n"
            "infer.main(sys.argv[1:])\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
        )
        arguments = [sys.executable, "-c", code, str(path), "--output_path", str(tmp_path / f"out{count}")]
        done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=True)
        peaks.append(int(done.stdout.split()[-1]) * 1024)
    assert peaks[1] - peaks[0] < 12 * (320 * 240 * 3) * 4


def test_help_answers_without_mindspore():
    code = (
        "import runpy, sys\n"
        "sys.argv = ['infer.py', '--help']\n"
        "try: runpy.run_path('infer.py', run_name='__main__')\n"
        "except SystemExit: print('mindspore' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "--output_path" in done.stdout and done.stdout.endswith("False\n")


def test_termination_removes_the_unfinished_result(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    path = write_clip(tmp_path / "in.mp4", flat_frames(gray_levels(6)))
    code = (
        "import runpy, sys, time, types\n"
        "def wait(*_): print('waiting', flush=True); time.sleep(60)\n"
        "module = types.ModuleType('src.runtime.mindspore_graph')\n"
        "module.load_predictor = wait\n"
        "sys.modules[module.__name__] = module\n"
        "runpy.run_path('infer.py', run_name='__main__')\n"
    )
    arguments = [sys.executable, "-c", code, str(path), "--output_path", str(folder / "out.mp4")]
    process = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "waiting\n"
    assert len(names(folder)) == 2, "the unfinished result and its lock"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 143 and names(folder) == []


@pytest.mark.skipif(not REAL_CLIP.exists(), reason="the real clips are not here")
def test_real_clip_of_odd_rate_keeps_its_sound(tmp_path, loaded):
    result = run(REAL_CLIP, tmp_path / "out.mp4")
    times = [moment for _, moment in decoded(result)]
    assert times == [index * Fraction(1499, 90000) for index in range(71)]
    assert packets_of(result, "audio") == packets_of(REAL_CLIP, "audio")
    sources, made = decoded(REAL_CLIP, "yuv420p"), decoded(result, "yuv420p")
    for index, (planes, _) in enumerate(sources):
        # the clip has luma beyond the nominal white of 235, which shows as white and is white in RGB
        error = ((np.minimum(planes, 235).astype(float) - np.minimum(made[2 * index][0], 235)) ** 2).mean()
        assert 10 * np.log10(255**2 / error) >= 40

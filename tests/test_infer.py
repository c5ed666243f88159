"""infer.py from its command line to its result, with a network that averages in place of MindSpore."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import types
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

import infer
from src.errors import InputError, ResourceError, UsageError, run_command
from src.video.reader import open_source
from src.video.writer import VideoSink
from tests.data.moving_clip import moving_frames
from tests.video.clips import (
    Average,
    decoded,
    flat_frames,
    gray_levels,
    levels_of,
    packets_of,
    picture,
    write_at,
    write_clip,
)

ROOT = Path(infer.__file__).parent
REAL_CLIP = ROOT.parent / "shared" / "data" / "clips" / "realshort.mp4"


@pytest.fixture
def loaded(monkeypatch):
    """Put the averaging network in the place of the MindSpore runtime; the list tells how it was asked for."""
    calls = []

    def load_predictor(*arguments):
        calls.append(arguments)
        return Average()

    module = types.ModuleType("src.runtime.mindspore_graph")
    module.load_predictor = load_predictor
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return calls


@pytest.fixture
def clip(tmp_path):
    return write_clip(tmp_path / "in.mp4", flat_frames(gray_levels(6, step=30)), sounds=[440])


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    for index in range(8, 12):  # 9 before 10
        cv2.imwrite(str(folder / f"f{index}.png"), cv2.cvtColor(picture(33, 21, index), cv2.COLOR_RGB2BGR))
    return folder


def run(source, output, *flags):
    infer.main([str(source), "--output_path", str(output), *flags])
    return output


def names(folder):
    return sorted(path.name for path in Path(folder).iterdir())


def exit_code(arguments):
    with pytest.raises(SystemExit) as caught:
        run_command(infer.main, [str(argument) for argument in arguments])
    return caught.value.code


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


@pytest.mark.parametrize("name", ["a b", "it's \"it\"", "-x", "%03d", "a:b", "$(x);", "é\n"])
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


def report_of(result):
    return json.loads(Path(f"{result}.report.json").read_text())


@pytest.fixture
def weights_of_the_middle(monkeypatch):
    monkeypatch.setattr(Average, "timestep", "fixed")


def test_24_frames_a_second_become_60(tmp_path, loaded):
    path = write_clip(tmp_path / "in.mp4", flat_frames(gray_levels(24, 20, 8)), 24, sounds=[440])
    result = run(path, tmp_path / "out.mp4", "--fps", "60")
    assert [time for _, time in decoded(result)] == [Fraction(index, 60) for index in range(60)]
    expected = np.interp(np.arange(60) / 60, np.arange(24) / 24, gray_levels(24, 20, 8))
    np.testing.assert_allclose(levels_of(result), expected, atol=2.5)
    assert packets_of(result, "audio") == packets_of(path, "audio")
    told = report_of(result)
    assert told["frames"] == {"announced": 24, "in": 24, "expected": 60, "out": 60, "found": 60}
    assert told["rate"] == {"in": "24", "out": "60"} and told["broken"] == []


@pytest.mark.parametrize("fps", ["60000/1001", "59.94"])
def test_rates_of_television_are_exact(clip, tmp_path, loaded, fps):
    result = run(clip, tmp_path / "out.mp4", "--fps", fps)
    assert open_source(str(result)).rate == Fraction(fps)
    assert len(decoded(result)) == -(-6 * Fraction(fps) // 25)


def test_variable_frame_rate_keeps_its_times_and_its_duration(tmp_path, loaded):
    moments = (0, 40, 80, 400, 440, 480, 900)
    path = write_at(tmp_path / "in.mp4", flat_frames(gray_levels(7)), moments)
    result = run(path, tmp_path / "out.mp4")
    times = [float(time) for _, time in decoded(result)]
    np.testing.assert_allclose(times, np.interp(np.arange(13) / 2, range(7), moments) / 1000, atol=1e-4)
    assert report_of(result)["rate"]["out"] == "variable" and report_of(result)["broken"] == []
    constant = run(path, tmp_path / "constant.mkv", "--fps", "50")
    times = [float(time) for _, time in decoded(constant)]
    np.testing.assert_allclose(times, np.arange(len(times)) / 50, atol=1e-3)
    seen = np.interp(times, np.array(moments) / 1000, gray_levels(7))
    np.testing.assert_allclose(levels_of(constant), seen, atol=2.5)
    assert abs(len(times) / 50 - float(open_source(str(path)).end)) <= 1 / 50


def test_pictures_that_begin_late_stay_with_their_sound(tmp_path, loaded):
    path = write_clip(tmp_path / "in.mp4", flat_frames(gray_levels(4)), start=Fraction(333, 1000), sounds=[440])
    for flags in (("--multi", "3"), ("--fps", "60"), ("--slow", "2", "--slow_audio", "stretch")):
        result = run(path, tmp_path / "out.mp4", "--overwrite", *flags)
        slow = 2 if "--slow" in flags else 1
        assert abs(decoded(result)[0][1] - slow * decoded(path)[0][1]) <= Fraction(1, 1000)


def test_slow_motion_plays_at_the_rate_of_the_source(clip, tmp_path, loaded):
    result = run(clip, tmp_path / "out.mp4", "--slow", "4")
    assert [time for _, time in decoded(result)] == [Fraction(index, 25) for index in range(21)]
    np.testing.assert_allclose(levels_of(result), np.arange(21) * 7.5 + 40, atol=2.5)
    assert packets_of(result, "audio") == [] and "slow motion drops" in report_of(result)["streams"]["left_out"][0]
    stretched = run(clip, tmp_path / "sound.mp4", "--slow", "4", "--slow_audio", "stretch")
    (sound,) = packets_of(stretched, "audio")
    (before,) = packets_of(clip, "audio")
    assert abs(sound[-1][0] - 4 * before[-1][0]) < 0.15


def test_times_that_the_weights_do_not_know_are_refused(clip, tmp_path, loaded, weights_of_the_middle, capsys):
    for flags, asked in ((["--fps", "60"], "n/12"), (["--multi", "3"], "n/3"), (["--slow", "5"], "n/5")):
        assert exit_code([clip, "--output_path", tmp_path / "out.mp4", *flags]) == 2
        assert asked in capsys.readouterr().err and names(tmp_path) == ["in.mp4"]


def test_weights_of_the_middle_make_every_power_of_two(clip, tmp_path, loaded, weights_of_the_middle):
    result = run(clip, tmp_path / "out.mp4", "--fps", "100")
    assert len(decoded(result)) == 24
    np.testing.assert_allclose(levels_of(result)[:21], np.arange(21) * 7.5 + 40, atol=2.5)


def two_scenes(folder):
    frames = moving_frames(6, (3, 1), seed=1) + moving_frames(6, (-2, 4), seed=2)
    return frames, write_clip(folder / "in.mp4", frames, sounds=[440])


def test_nothing_is_invented_across_a_cut(tmp_path, loaded):
    frames, path = two_scenes(tmp_path)
    result = run(path, tmp_path / "out.mkv", "--multi", "4")
    made = list(open_source(str(result)).frames())
    assert len(made) == 45
    for index, source in zip(range(20, 25), (5, 5, 5, 6, 6)):
        assert np.abs(made[index].astype(int) - frames[source]).mean() < 5
    assert (report_of(result)["cuts"], report_of(result)["repeats"]) == ([0.24], 3)
    blended = list(open_source(str(run(path, tmp_path / "off.mkv", "--multi", "4", "--cuts", "off"))).frames())
    assert np.abs(blended[22].astype(int) - frames[5]).mean() > 10


def test_repeated_frames_make_room_for_new_ones(tmp_path, loaded):
    path = write_clip(tmp_path / "in.mp4", flat_frames([40, 40, 80, 80, 120, 120, 160]))
    result = run(path, tmp_path / "out.mp4", "--duplicates", "drop")
    assert [time for _, time in decoded(result)] == [Fraction(index, 50) for index in range(13)]
    np.testing.assert_allclose(levels_of(result), np.arange(13) * 10 + 40, atol=2.5)


def test_the_report_tells_what_was_done_and_by_which_weights(clip, tmp_path, loaded):
    weights = tmp_path / "weights.ckpt"
    weights.write_bytes(b"weights")
    told = report_of(run(clip, tmp_path / "out.mp4", "--ckpt_path", str(weights)))
    assert told["weights"] == {"file": "weights.ckpt", "sha256": hashlib.sha256(b"weights").hexdigest()}
    assert told["streams"] == {"kept": ["aac audio stream 1"], "left_out": []}
    assert told["seconds"] == {"in": 0.24, "out": 0.2, "drift": 0.0}
    assert (told["predicted"], told["repeats"], told["unfit"], told["cuts"]) == (5, 0, 0, [])
    assert told["options"]["multi"] == 0 and set(told["times"]) == {"loading", "working"}


def test_predictions_that_are_no_pictures_are_replaced_and_told(clip, tmp_path, loaded, monkeypatch, capsys):
    monkeypatch.setattr(Average, "__call__", lambda self, frames, times: frames[:1] * np.nan)
    result = run(clip, tmp_path / "out.mp4")
    levels = gray_levels(6, step=30)
    np.testing.assert_allclose(levels_of(result), np.repeat(levels, 2)[:11], atol=2.5)
    assert report_of(result)["unfit"] == 5
    assert exit_code([clip, "--output_path", tmp_path / "strict.mp4", "--strict"]) == 7
    assert "5 predictions are no pictures" in capsys.readouterr().err
    assert len(decoded(tmp_path / "strict.mp4")) == 11 and report_of(tmp_path / "strict.mp4")["broken"]


def test_a_frame_that_is_lost_on_the_way_ends_with_7(clip, tmp_path, loaded, monkeypatch, capsys):
    write = VideoSink.write

    def loses_the_third(self, frame, time=None):
        self.seen = getattr(self, "seen", 0) + 1
        if self.seen != 3:
            write(self, frame, time)

    monkeypatch.setattr(VideoSink, "write", loses_the_third)
    assert exit_code([clip, "--output_path", tmp_path / "out.mp4"]) == 7
    assert "needs 11 frames; 11 were made, 10 are in it" in capsys.readouterr().err
    assert report_of(tmp_path / "out.mp4")["frames"]["found"] == 10


class Larger:
    """Enlarges the middle of five frames by repeating pixels."""

    inputs, outputs, scale, timestep = 5, 1, 4, "fixed"

    def __call__(self, frames, times):
        return frames[2:3].repeat(4, axis=2).repeat(4, axis=3)


@pytest.mark.parametrize("count", [1, 2, 7])
def test_super_resolution_gives_as_many_frames_four_times_as_large(tmp_path, loaded, monkeypatch, count):
    monkeypatch.setattr(sys.modules["src.runtime.mindspore_graph"], "load_predictor", lambda *_: Larger())
    path = write_clip(tmp_path / "in.mp4", [picture(32, 24, index) for index in range(count)], sounds=[440])
    result = run(path, tmp_path / "out.mp4", "--model", "tdan_x4")
    source = open_source(str(result), needed=1)
    assert (source.width, source.height, source.rate) == (128, 96, 25)
    made = list(source.frames())
    assert len(made) == count
    for index, frame in enumerate(made):
        assert np.abs(frame[2::4, 2::4].astype(int) - picture(32, 24, index)).mean() < 5
    assert packets_of(result, "audio") == packets_of(path, "audio") and report_of(result)["broken"] == []


def test_flags_that_do_not_fit_together_end_with_2(clip, tmp_path, loaded, capsys):
    for flags, told in (
        (["--multi", "2", "--fps", "60"], "exclude each other"),
        (["--fps", "0"], "above 0"),
        (["--fps", "fast"], "number or a fraction"),
        (["--slow_audio", "stretch"], "goes with slow"),
        (["--model", "tdan_x4", "--fps", "60"], "got tdan_x4"),
    ):
        assert exit_code([clip, "--output_path", tmp_path / "out.mp4", *flags]) == 2
        assert told in capsys.readouterr().err
    assert loaded == []


def test_large_frames_are_predicted_in_tiles_that_do_not_show(tmp_path, loaded):
    path = write_clip(tmp_path / "in.mp4", [picture(320, 208, index) for index in range(3)])
    whole, tiled = run(path, tmp_path / "whole"), run(path, tmp_path / "tiled", "--tile", "192")
    for name in names(whole):
        assert np.abs(cv2.imread(str(whole / name)).astype(int) - cv2.imread(str(tiled / name))).max() <= 1
    assert report_of(tiled)["tiles"] == {"side": 192, "shrunk": 0} and report_of(whole)["tiles"]["side"] == 0


def test_a_limit_of_memory_leads_to_tiles(tmp_path, loaded, monkeypatch):
    monkeypatch.setattr("infer.free_bytes", lambda: 1.0)
    path = write_clip(tmp_path / "in.mp4", [picture(320, 208, index) for index in range(3)])
    assert report_of(run(path, tmp_path / "out.mp4"))["tiles"]["side"] == 192


def test_dry_run_tells_frames_and_memory_and_writes_nothing(clip, tmp_path, loaded, capsys):
    run(clip, tmp_path / "new" / "out.mp4", "--multi", "4", "--dry_run")
    said = capsys.readouterr().out
    assert said.startswith("21 frames; about ") and "whole frames, about" in said
    assert names(tmp_path) == ["in.mp4"] and loaded == []


@pytest.mark.parametrize("tile", ["100", "200", "large"])
def test_sides_of_tiles_are_checked(clip, tmp_path, loaded, capsys, tile):
    assert exit_code([clip, "--output_path", tmp_path / "out.mp4", "--tile", tile]) == 2
    assert "multiple of 32 from 192 on" in capsys.readouterr().err


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

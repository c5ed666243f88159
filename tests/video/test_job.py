"""What infer.py makes of rates, cuts, sound and memory, and what its report tells of it."""

import hashlib
import re
import sys
from fractions import Fraction

import cv2
import numpy as np
import pytest

from src.video.reader import open_source
from src.video.writer import VideoSink
from tests.data.moving_clip import moving_frames
from tests.runs import exit_code, names, report_of, run
from tests.video.clips import (
    Average,
    Larger,
    decoded,
    flat_frames,
    gray_levels,
    levels_of,
    packets_of,
    picture,
    write_at,
    write_clip,
)


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
    assert told["options"]["multi"] is None and set(told["times"]) == {"loading", "working"}


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


def test_dry_run_tells_frames_memory_and_speed_and_writes_nothing(clip, tmp_path, loaded, capsys):
    run(clip, tmp_path / "new" / "out.mp4", "--multi", "4", "--dry_run")
    memory, speed = capsys.readouterr().out.splitlines()
    assert memory.startswith("21 frames; about ") and "whole frames, about" in memory
    assert re.fullmatch(r"about \S+ frames a second, \d\d:\d\d in all", speed)
    assert names(tmp_path) == ["in.mp4"]


@pytest.mark.parametrize("tile", ["100", "200", "large"])
def test_sides_of_tiles_are_checked(clip, tmp_path, loaded, capsys, tile):
    assert exit_code([clip, "--output_path", tmp_path / "out.mp4", "--tile", tile]) == 2
    assert "multiple of 32 from 192 on" in capsys.readouterr().err

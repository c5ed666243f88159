"""Videos beside the result: as many frames, at the same times, and none of them when something goes wrong."""

import sys
from fractions import Fraction

import cv2
import numpy as np
import pytest

from src.video.companions import LARGEST
from src.video.publish import publish
from src.video.reader import open_source
from tests.data.moving_clip import moving_frames
from tests.runs import exit_code, names, report_of, run
from tests.video.clips import (
    Average,
    Larger,
    decoded,
    flat_frames,
    gray_levels,
    packets_of,
    picture,
    write_at,
    write_clip,
)

BOTH = ("--compare", "side", "--heatmap")


def frames_of(path):
    return list(open_source(str(path), needed=1).frames())


def times_of(path):
    return [time for _, time in decoded(path)]


@pytest.mark.parametrize("flags", ["", "--multi 3", "--fps 60", "--slow 4", "--preview 0.04s+0.12s"])
@pytest.mark.parametrize("form", ["side", "slider"])
def test_as_many_frames_at_the_same_times_in_the_same_container(clip, tmp_path, loaded, form, flags):
    result = run(clip, tmp_path / "film.mkv", "--compare", form, "--heatmap", *flags.split())
    compared, mapped = tmp_path / "film.compare.mkv", tmp_path / "film.heatmap.mkv"
    assert names(tmp_path) == ["film.compare.mkv", "film.heatmap.mkv", "film.mkv", "film.mkv.report.json", "in.mp4"]
    count = len(decoded(result))
    for shown in (compared, mapped):
        apart = [abs(one - other) for one, other in zip(times_of(shown), times_of(result))]
        assert max(apart) - min(apart) <= Fraction(11, 10000)
    assert open_source(str(compared)).rate == open_source(str(mapped)).rate == open_source(str(result)).rate
    told = {kind: {"file": f"film.{kind}.mkv", "frames": count} for kind in ("compare", "heatmap")}
    assert report_of(result)["beside"] == told
    assert packets_of(result, "audio") or "--slow" in flags
    assert not packets_of(compared, "audio") and report_of(result)["broken"] == []


def test_the_source_is_held_on_the_left_and_the_result_is_on_the_right(clip, tmp_path, loaded):
    run(clip, tmp_path / "out.mp4", "--multi", "3", "--compare", "side")
    frames = frames_of(tmp_path / "out.compare.mp4")
    middle = [(frame[-16, 120, 0], frame[-16, 362, 0]) for frame in frames]
    sources = gray_levels(6, step=30)
    expected = [(sources[step // 3], sources[0] + 10 * step) for step in range(16)]
    np.testing.assert_allclose(middle, expected, atol=3)


def test_own_times_of_a_variable_rate_are_those_of_the_result(tmp_path, loaded):
    path = write_at(tmp_path / "in.mp4", flat_frames(gray_levels(5)), (0, 40, 80, 400, 440))
    result = run(path, tmp_path / "out.mp4", "--compare", "slider")
    assert times_of(tmp_path / "out.compare.mp4") == times_of(result)
    run(path, tmp_path / "constant.mp4", "--fps", "30", *BOTH)
    assert times_of(tmp_path / "constant.heatmap.mp4") == times_of(tmp_path / "constant.mp4")


def test_the_heat_map_is_dark_where_nothing_was_invented(tmp_path, loaded, monkeypatch):
    """Sources, an average, and frames repeated beside a cut are what takes no network; only one corner is not."""
    frames = moving_frames(3, (3, 1), seed=1) + moving_frames(3, (-2, 4), seed=2)
    path = write_clip(tmp_path / "in.mp4", frames)
    blend = Average.__call__

    def with_a_bright_corner(self, given, times):
        made = blend(self, given, times)
        made[:, :, :24, :24] = 1 - np.round(made[:, :, :24, :24])
        return made

    monkeypatch.setattr(Average, "__call__", with_a_bright_corner)
    run(path, tmp_path / "out.mp4", "--heatmap")
    left = (480 - 96) // 2
    shown = [frame[:72, left : left + 96].astype(int) for frame in frames_of(tmp_path / "out.heatmap.mp4")]
    corner = [frame[4:20, 4:20].max() > 100 for frame in shown]
    assert corner == [index % 2 == 1 and index != 5 for index in range(11)]
    assert all(frame[32:, 32:].max() < 40 for frame in shown)


@pytest.mark.parametrize("flags", [("--model", "tdan_x4"), ("--upscale", "tdan_x4", "--upscale_ckpt", "w")])
def test_super_resolution_is_compared_with_bicubic_enlargement(tmp_path, loaded, monkeypatch, flags):
    networks = {"tdan_x4": Larger(), "ifrnet_s": Average()}
    runtime = sys.modules["src.runtime.mindspore_graph"]
    monkeypatch.setattr(runtime, "load_predictor", lambda name, *_, **__: networks[name])
    path = write_clip(tmp_path / "in.mp4", [picture(80, 60, index) for index in range(4)])
    result = run(path, tmp_path / "out.mp4", *BOTH, *flags, "--tile", "off")
    frames = frames_of(result)
    compared, mapped = frames_of(tmp_path / "out.compare.mp4"), frames_of(tmp_path / "out.heatmap.mp4")
    assert len(frames) == len(compared) == len(mapped) == (4 if "--model" in flags else 7)
    each = len(frames) // 3
    for index in range(4):
        enlarged = cv2.resize(picture(80, 60, index), (320, 240), interpolation=cv2.INTER_CUBIC)
        shown = compared[index * each][-240:, :320]
        assert np.abs(shown.astype(int) - enlarged).mean() < 4
    assert compared[0].shape[1] == 644 and mapped[0].shape[1] == 480


@pytest.mark.parametrize("output", ["out", "out.mp4"])
def test_what_cannot_be_beside_a_result_is_refused(clip, tmp_path, loaded, capsys, output):
    flags = ["--resume"] if output == "out.mp4" else []
    for asked in (["--compare", "side"], ["--heatmap"], ["--compare", "slider", "--heatmap"]):
        assert exit_code([clip, "--output_path", tmp_path / output, *asked, *flags]) == 2
        assert asked[0][2:] in capsys.readouterr().err
    assert exit_code([clip, "--output_path", tmp_path / "out.mp4", "--compare", "both"]) == 2
    assert names(tmp_path) == ["in.mp4"] and loaded == []


def test_what_stands_there_is_replaced_only_when_asked(clip, tmp_path, loaded, capsys):
    (tmp_path / "out.heatmap.mp4").write_text("mine")
    assert exit_code([clip, "--output_path", tmp_path / "out.mp4", *BOTH]) == 2
    assert "out.heatmap.mp4: exists" in capsys.readouterr().err
    assert (tmp_path / "out.heatmap.mp4").read_text() == "mine" and names(tmp_path) == ["in.mp4", "out.heatmap.mp4"]
    run(clip, tmp_path / "out.mp4", *BOTH, "--overwrite")
    assert len(decoded(tmp_path / "out.heatmap.mp4")) == 11
    assert exit_code([tmp_path / "out.heatmap.mp4", "--output_path", tmp_path / "out.mp4", *BOTH, "--overwrite"]) == 2
    assert "is the input" in capsys.readouterr().err


def test_another_run_may_not_write_what_stands_beside(clip, tmp_path, loaded, capsys):
    with publish(str(tmp_path / "out.heatmap.mp4")):
        assert exit_code([clip, "--output_path", tmp_path / "out.mp4", *BOTH]) == 2
    assert "another run" in capsys.readouterr().err and loaded == []
    assert names(tmp_path) == ["in.mp4", "out.heatmap.mp4"]


def test_a_name_that_leaves_no_room_is_refused_before_any_work(clip, tmp_path, loaded, capsys):
    assert exit_code([clip, "--output_path", tmp_path / f"{'n' * 250}.mp4", "--heatmap"]) == 2
    assert "255 bytes at most" in capsys.readouterr().err and loaded == []


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), MemoryError(), OSError(28, "No space left on device")])
def test_a_failure_in_the_middle_leaves_nothing(clip, tmp_path, loaded, monkeypatch, failure):
    calls = []

    def fails(self, frames, times):
        calls.append(times)
        if len(calls) == 3:
            raise failure
        return frames[:1]

    monkeypatch.setattr(Average, "__call__", fails)
    assert exit_code([clip, "--output_path", tmp_path / "out.mp4", *BOTH]) in (130, 6)
    assert len(calls) == 3 and names(tmp_path) == ["in.mp4"]


def test_a_frame_that_a_companion_lacks_is_told_with_7(clip, tmp_path, loaded, monkeypatch, capsys):
    monkeypatch.setattr("src.video.report._read_again", lambda path: (10 if "mp4" not in path else 11, 0.2))
    run(clip, tmp_path / "whole.mp4", *BOTH)
    seen = iter([(11, 0.2), (11, 0.2), (10, 0.2)])
    monkeypatch.setattr("src.video.report._read_again", lambda path: next(seen))
    assert exit_code([clip, "--output_path", tmp_path / "out.mp4", *BOTH]) == 7
    assert "heatmap needs 11 frames; 10 are in it" in capsys.readouterr().err


def test_pictures_too_large_for_players_are_shrunk(tmp_path, loaded):
    path = write_clip(tmp_path / "in.mp4", [np.full((16, 10000, 3), level, np.uint8) for level in (40, 90)])
    result = run(path, tmp_path / "out.mp4", "--cuts", "off", *BOTH)
    for kind in ("compare", "heatmap"):
        shown = open_source(str(result.with_name(f"out.{kind}.mp4")))
        assert (shown.width, shown.count) == (LARGEST[0], 3) and shown.height >= 16

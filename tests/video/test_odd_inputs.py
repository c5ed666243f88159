"""Inputs that are right, but odd: infer.py makes of them what it makes of all others."""

import os
import subprocess
import sys
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from src.video.reader import open_source
from tests.runs import ROOT, exit_code, names, report_of, run
from tests.video.clips import Average, Larger, decoded, flat_frames, gray_levels, packets_of, picture, sine, write_clip
from tests.video.test_streams import with_companions

SIZES = [(1, 1), (7, 5), (33, 17), (127, 129)]


def stills(folder, frames):
    folder.mkdir()
    for index, frame in enumerate(frames):
        cv2.imwrite(str(folder / f"{index}.png"), frame[..., ::-1])
    return folder


@pytest.mark.parametrize("output", ["out.mp4", "out.webm", "out"])
@pytest.mark.parametrize("size", SIZES)
def test_odd_sizes_are_kept_to_the_pixel(tmp_path, loaded, monkeypatch, size, output):
    path = stills(tmp_path / "in", [picture(*size, index) for index in range(3)])
    shown = open_source(str(run(path, tmp_path / output, "--cuts", "off")))
    assert (shown.width, shown.height, shown.count) == (*size, 5)
    monkeypatch.setattr(sys.modules["src.runtime.mindspore_graph"], "load_predictor", lambda *_: Larger())
    larger = open_source(str(run(path, tmp_path / f"large-{output}", "--model", "tdan_x4")))
    assert (larger.width, larger.height, larger.count) == (4 * size[0], 4 * size[1], 3)


@pytest.mark.slow
def test_the_shipped_network_takes_odd_sizes_too(tmp_path):
    """Its padding leaves the sources as they are, and its new frame shows what lies between them."""
    for size in SIZES:
        path = stills(tmp_path / f"{size[0]}", [picture(*size, index) for index in range(2)])
        result = run(path, tmp_path / f"out{size[0]}", "--cuts", "off")
        made = [cv2.imread(str(result / name))[..., ::-1].astype(int) for name in names(result)]
        assert len(made) == 3
        for index in (0, 2):
            np.testing.assert_array_equal(made[index], picture(*size, index // 2))
        assert np.abs(made[1] - (made[0] + made[2]) / 2).mean() < 4


def test_a_picture_ten_thousand_wide_and_sixteen_high(tmp_path, loaded):
    path = stills(tmp_path / "in", [picture(10000, 16, index) for index in range(3)])
    whole, tiled = run(path, tmp_path / "whole"), run(path, tmp_path / "tiled", "--tile", "192")
    assert report_of(tiled)["tiles"]["side"] == 192
    for name in names(whole):
        one, other = cv2.imread(str(whole / name)), cv2.imread(str(tiled / name))
        assert one.shape == (16, 10000, 3) and np.abs(one.astype(int) - other).max() <= 1


def test_memory_for_8k_is_told_before_anything_is_done(tmp_path, loaded, capsys, monkeypatch):
    monkeypatch.setattr("infer.free_bytes", lambda: 16e9)
    path = stills(tmp_path / "in", [np.zeros((4320, 7680, 3), np.uint8)] * 2)
    run(path, tmp_path / "out.mp4", "--dry_run")
    said = capsys.readouterr().out
    assert said.startswith("3 frames; about 199.8 GB for whole frames, 16.0 GB free: tiles of ") and "12.6 GB" in said
    assert names(tmp_path) == ["in"]


def test_memory_stays_while_a_long_film_goes_by(tmp_path):
    """Less than a mebibyte more for a thousand frames, once the first hundreds are done."""
    path = write_clip(tmp_path / "in.mp4", flat_frames([100, 101] * 700), codec="mpeg4", sounds=[440])
    code = (
        "import sys, types\n"
        "from tests.video.clips import Average\n"
        "taken = []\n"
        "class Telling(Average):\n"
        "    def __call__(self, *given):\n"
        "        taken.append(int(open('/proc/self/statm').read().split()[1]) * 4096)\n"
        "        return super().__call__(*given)\n"
        "module = types.ModuleType('src.runtime.mindspore_graph')\n"
        "module.load_predictor = lambda *_: Telling()\n"
        "sys.modules[module.__name__] = module\n"
        "import infer\n"
        "infer.main(sys.argv[1:])\n"
        "print(len(taken), taken[-1] - taken[399])\n"
    )
    arguments = [sys.executable, "-c", code, str(path), "--output_path", str(tmp_path / "out.mp4")]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=True)
    count, growth = map(int, done.stdout.split()[-2:])
    assert count == 1399 and growth < 2**20


def with_data(folder):
    """A clip with two tones and a track of data that no player knows: a third tone under a foreign name."""
    path = write_clip(folder / "data.mp4", flat_frames(gray_levels(6)), sounds=[440, 880, 220])
    content = bytearray(path.read_bytes())
    for known, foreign in ((b"soun", b"meta"), (b"mp4a", b"gpmd")):
        place = content.rindex(known)
        content[place : place + 4] = foreign
    path.write_bytes(content)
    return path


@pytest.mark.skipif(not hasattr(av.container.OutputContainer, "set_chapters"), reason="PyAV is too old for chapters")
@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_all_streams_are_there_afterwards(tmp_path, loaded, suffix):
    path = with_companions(tmp_path, suffix)
    result = run(path, tmp_path / f"out.{suffix}")
    with av.open(str(path)) as before, av.open(str(result)) as after:
        for kind in ("video", "audio", "subtitles", "attachments"):
            codecs = [[stream.name for stream in getattr(file.streams, kind)] for file in (before, after)]
            assert codecs[0] == codecs[1], kind
        assert len(after.streams.audio) == 2 and len(before.chapters()) == len(after.chapters()) == 2
    assert report_of(result)["streams"]["left_out"] == [] and report_of(result)["broken"] == []
    assert packets_of(result, "audio") == packets_of(path, "audio")


def test_what_the_container_forbids_is_listed(tmp_path, loaded, capsys):
    path = write_clip(tmp_path / "in.mkv", flat_frames(gray_levels(4)), sounds=[440])
    told = report_of(run(path, tmp_path / "out.webm"))["streams"]
    assert told == {"kept": [], "left_out": ["aac audio stream 1: cannot hold"]}
    assert "cannot hold the aac audio stream 1; it is left out" in capsys.readouterr().err


def test_no_sound_is_no_loss(tmp_path, loaded, capsys):
    path = write_clip(tmp_path / "in.mp4", flat_frames(gray_levels(4)))
    told = report_of(run(path, tmp_path / "out.mp4"))["streams"]
    assert told == {"kept": [], "left_out": []} and "left out" not in capsys.readouterr().err


def test_a_track_of_data_is_told_and_the_rest_is_there(tmp_path, loaded):
    path = with_data(tmp_path)
    told = report_of(run(path, tmp_path / "out.mp4"))
    assert [reason for reason in told["streams"]["left_out"] if "data stream" in reason]
    assert len(told["streams"]["kept"]) == 2 and told["broken"] == []


def test_pictures_before_the_beginning_of_the_clock(tmp_path, loaded):
    """Negative timestamps: times rise, and pictures stay with their sound."""
    path = write_clip(tmp_path / "in.ts", flat_frames(gray_levels(8, step=20)), start=Fraction(-2, 25), sounds=[440])
    source = open_source(str(path))
    result = run(path, tmp_path / "out.mkv")
    times = [time for _, time in decoded(result)]
    assert all(one < other for one, other in zip(times, times[1:])) and len(times) == 2 * source.count - 1
    before = packets_of(path, "audio")[0][5][0] - float(decoded(path)[0][1])
    after = packets_of(result, "audio")[0][5][0] - float(times[0])
    assert abs(after - before) <= 0.0011


def test_interlaced_frames_are_taken_as_they_are_with_a_note(tmp_path, loaded, capsys):
    path = tmp_path / "in.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"x264-params": "tff=1"})
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for level in gray_levels(4):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(flat_frames([level], 64, 64)[0], format="rgb24")))
        container.mux(stream.encode(None))
    result = run(path, tmp_path / "out.mp4")
    assert "is interlaced" in capsys.readouterr().err and len(decoded(result)) == 7


def test_a_video_is_known_by_its_content_not_by_its_suffix(tmp_path, loaded):
    path = write_clip(tmp_path / "in.mp4", flat_frames(gray_levels(3)))
    for name in ("in.txt", "in", "in.avi"):
        path = path.rename(tmp_path / name)
        assert len(decoded(run(path, tmp_path / f"{name}.mkv"))) == 5
    assert exit_code([path.rename(tmp_path / "in.png"), "--output_path", tmp_path / "out.mp4"]) == 3


def test_a_name_as_long_as_the_file_system_allows(tmp_path, loaded, capsys):
    name = "n" * 250
    path = write_clip(tmp_path / f"{name}.mp4", flat_frames(gray_levels(3)))
    result = run(path, tmp_path / "out" / f"{name}.mkv")
    assert len(decoded(result)) == 5 and os.listdir(tmp_path / "out") == [f"{name}.mkv"]
    assert "the report cannot be written" in capsys.readouterr().err


def test_numbers_may_be_missing_in_a_folder(tmp_path, loaded):
    folder = tmp_path / "in"
    folder.mkdir()
    for number in (2, 10, 7, 100):
        cv2.imwrite(str(folder / f"frame{number}.png"), np.full((6, 8, 3), number, np.uint8))
    (folder / ".hidden.png").write_bytes(b"no image")
    result = run(folder, tmp_path / "out", "--cuts", "off")
    assert [int(cv2.imread(str(result / name))[0, 0, 0]) for name in names(result)[::2]] == [2, 7, 10, 100]


def test_the_limit_of_the_process_counts_as_the_memory_there_is(tmp_path, loaded, monkeypatch, capsys):
    monkeypatch.setattr("src.video.memory.resource.getrlimit", lambda _: (4 * 10**9, 4 * 10**9))
    path = stills(tmp_path / "in", [np.zeros((2160, 3840, 3), np.uint8)] * 2)
    run(path, tmp_path / "out.mp4", "--dry_run")
    assert "4.0 GB free: tiles of " in capsys.readouterr().out


def test_memory_that_runs_out_costs_no_frame(tmp_path, loaded, monkeypatch):
    predict = Average.__call__

    def limited(self, frames, times):
        if frames.shape[3] > self.largest:
            raise MemoryError("cannot allocate")
        return predict(self, frames, times)

    monkeypatch.setattr(Average, "__call__", limited)
    monkeypatch.setattr(Average, "largest", 200, raising=False)
    path = write_clip(tmp_path / "in.mp4", [picture(416, 208, index) for index in range(4)])
    result = run(path, tmp_path / "out.mp4", "--tile", "off")
    told = report_of(result)
    assert len(decoded(result)) == 7 and told["tiles"]["shrunk"] >= 1 and told["broken"] == []
    monkeypatch.setattr(Average, "largest", 100)
    assert exit_code([path, "--output_path", tmp_path / "none.mp4"]) == 6
    assert names(tmp_path) == ["in.mp4", "out.mp4", "out.mp4.report.json"]


def test_three_tracks_of_sound_of_different_lengths(tmp_path, loaded):
    path = tmp_path / "in.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
        tracks = [container.add_stream("aac", rate=48000, layout="mono") for _ in range(3)]
        for level in gray_levels(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(flat_frames([level])[0], format="rgb24")))
        container.mux(stream.encode(None))
        for index, track in enumerate(tracks):
            container.mux(sine(track, 440 * (index + 1), 0.2 + index))
    result = run(path, tmp_path / "out.mkv")
    assert packets_of(result, "audio") == packets_of(path, "audio") and len(packets_of(path, "audio")) == 3

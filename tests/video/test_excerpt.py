"""A part of a source in place of the whole: its frames, its times, and what is heard of it."""

from fractions import Fraction

import av
import numpy as np
import pytest

from src.errors import UsageError
from src.video.excerpt import Excerpt, parse_preview
from src.video.media import Period
from src.video.reader import open_source
from tests.runs import exit_code, names, report_of, run
from tests.video.clips import decoded, flat_frames, gray_levels, levels_of, packets_of, write_at, write_clip
from tests.video.test_streams import with_companions, with_subtitles


@pytest.mark.parametrize(
    ("text", "period"),
    [("5s", (0, 5)), ("5", (0, 5)), ("12s+5s", (12, 17)), ("1:30+5s", (90, 95)), ("1:00:00.5+0.5", (3600.5, 3601))],
)
def test_begin_and_length_as_people_write_them(text, period):
    assert parse_preview(text) == tuple(Fraction(side) for side in period)


@pytest.mark.parametrize("text", ["0s", "3s+0s", "five", "5s+", "+5s", "-1s", "5m", "1+2+3", "nan"])
def test_anything_else_is_refused(text):
    with pytest.raises(UsageError, match="preview"):
        parse_preview(text)


def levels(source):
    return [round(float(frame.mean())) for frame in source.frames()]


@pytest.mark.parametrize(
    ("first", "until", "places"),
    [(0, "0.2", range(5)), ("0.08", "0.2", range(2, 5)), ("0.07", "0.21", range(2, 6)), ("0.3", "9", range(8, 10))],
)
def test_frames_shown_within_the_period_and_no_others(tmp_path, first, until, places):
    path = write_clip(tmp_path / "in.mp4", flat_frames(gray_levels(10, step=20)))
    excerpt = Excerpt(open_source(str(path)), Period(Fraction(first), Fraction(until)))
    np.testing.assert_allclose(levels(excerpt), [40 + 20 * place for place in places], atol=2)
    assert [time for time, _ in excerpt.timed_frames()] == [Fraction(index, 25) for index in range(len(places))]
    assert excerpt.count == len(places) and excerpt.start == 0
    assert excerpt.end == min(Fraction(until), Fraction(2, 5)) - Fraction(places[0], 25)


def test_frames_of_their_own_times_and_of_a_folder(tmp_path, images):
    moments = (0, 40, 80, 400, 440, 480, 900)
    path = write_at(tmp_path / "in.mp4", flat_frames(gray_levels(7)), moments)
    excerpt = Excerpt(open_source(str(path)), Period(Fraction("0.06"), Fraction("0.48")))
    assert [time for time, _ in excerpt.timed_frames()] == [0, Fraction(320, 1000), Fraction(360, 1000)]
    assert (excerpt.count, excerpt.end) == (3, Fraction(4, 10))
    stills = Excerpt(open_source(str(images)), Period(Fraction("0.04"), Fraction(1)))
    whole = list(open_source(str(images)).frames())
    assert stills.count == 3
    assert all(np.array_equal(one, other) for one, other in zip(stills.frames(), whole[1:]))


def test_a_picture_that_begins_late_does_so_in_the_excerpt(tmp_path):
    path = write_clip(tmp_path / "in.mp4", flat_frames(gray_levels(6)), start=Fraction(1, 2), sounds=[440])
    excerpt = Excerpt(open_source(str(path)), Period(Fraction(1, 5), Fraction(3, 5)))
    assert abs(excerpt.start - Fraction(3, 10)) <= Fraction(1, 1000) and excerpt.period.first == Fraction(1, 5)
    assert excerpt.count == 3


@pytest.mark.parametrize(("flags", "count"), [(("--multi", "3"), 22), (("--fps", "60"), 20), (("--slow", "2"), 15)])
def test_the_result_has_the_frames_of_the_stretch_by_the_same_rule(tmp_path, loaded, flags, count):
    path = write_clip(tmp_path / "in.mp4", flat_frames(gray_levels(20, 20, 10)), sounds=[440])
    result = run(path, tmp_path / "out.mp4", "--preview", "0.2s+0.32s", *flags)
    assert len(decoded(result)) == count
    told = report_of(result)
    assert told["frames"] == {"announced": 8, "in": 8, "expected": count, "out": count, "found": count}
    assert told["preview"] == [0.2, 0.52] and told["broken"] == []
    assert abs(levels_of(result)[0] - 70) < 2.5 and decoded(result)[0][1] == 0


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_sound_is_that_of_the_same_stretch_packet_by_packet(tmp_path, loaded, suffix):
    path = write_clip(tmp_path / "in.mp4", flat_frames([100] * 50), sounds=[440, 880])
    result = run(path, tmp_path / f"out.{suffix}", "--preview", "0.8s+0.6s")
    before, found = packets_of(path, "audio"), packets_of(result, "audio")
    assert len(found) == 2
    for track, copied in zip(before, found):
        heard = [(time, data) for time, data in track if 0.8 <= time < 1.4]
        assert [data for _, data in copied] == [data for _, data in heard] and len(heard) > 25
        np.testing.assert_allclose([time + 0.8 for time, _ in copied], [time for time, _ in heard], atol=0.0011)


def test_sound_from_the_beginning_keeps_the_lead_in_of_its_encoder(tmp_path, loaded):
    path = write_clip(tmp_path / "in.mp4", flat_frames([100] * 50), sounds=[440])
    result = run(path, tmp_path / "out.mp4", "--preview", "1s")
    (before,), (found,) = packets_of(path, "audio"), packets_of(result, "audio")
    assert before[0][0] < 0 and found == before[: len(found)] and abs(found[-1][0] - 1) < 0.03


def test_stretched_sound_begins_with_the_stretch(tmp_path, loaded):
    path = write_clip(tmp_path / "in.mp4", flat_frames([100] * 50), sounds=[440])
    flags = ("--slow", "2", "--slow_audio", "stretch")
    (sound,) = packets_of(run(path, tmp_path / "out.mp4", "--preview", "0.5s+1s", *flags), "audio")
    assert abs(sound[0][0]) < 0.05 and abs(sound[-1][0] - 2) < 0.1


def test_subtitles_that_reach_into_the_stretch_are_cut_to_it(tmp_path, loaded):
    path = with_subtitles(write_clip(tmp_path / "clip.mp4", flat_frames(gray_levels(10, step=10))), tmp_path / "in.mkv")
    result = run(path, tmp_path / "out.mkv", "--preview", "0.2s+0.16s")
    with av.open(str(result)) as container:
        lines = [(packet.pts, packet.duration, bytes(packet)) for packet in container.demux(subtitles=0) if packet.size]
    assert lines == [(0, 100, b"hello"), (120, 40, b"world")]


@pytest.mark.skipif(not hasattr(av.container.OutputContainer, "set_chapters"), reason="PyAV is too old for chapters")
def test_chapters_and_cover_of_the_stretch(tmp_path, loaded):
    result = run(with_companions(tmp_path, "mp4"), tmp_path / "out.mp4", "--preview", "0.12s+0.16s")
    with av.open(str(result)) as container:
        begins = {each["metadata"]["title"]: each["start"] * each["time_base"] for each in container.chapters()}
        assert begins == {"one": 0, "two": Fraction(2, 25)}
        assert len(container.streams.video) == 2
    later = run(with_companions(tmp_path, "mp4"), tmp_path / "later.mp4", "--preview", "0.24s+0.1s")
    with av.open(str(later)) as container:
        assert [each["metadata"]["title"] for each in container.chapters()] == ["two"]


def test_a_stretch_without_frames_ends_with_2_and_tells_how_long_the_source_is(clip, tmp_path, loaded, capsys):
    for preview in ("9s+1s", "0.2s+5s", "0.01s", "soon"):
        assert exit_code([clip, "--output_path", tmp_path / "out.mp4", "--preview", preview]) == 2
        assert "preview" in capsys.readouterr().err
    assert names(tmp_path) == ["in.mp4"] and loaded == []


def test_a_preview_is_resumed_as_one_and_foretold(clip, tmp_path, loaded, capsys):
    run(clip, tmp_path / "out.mp4", "--preview", "0.04s+0.12s", "--dry_run")
    assert capsys.readouterr().out.startswith("5 frames; ")
    result = run(clip, tmp_path / "out.mp4", "--preview", "0.04s+0.12s", "--resume", "--part_frames", "2")
    np.testing.assert_allclose(levels_of(result), np.arange(5) * 15 + 70, atol=2.5)

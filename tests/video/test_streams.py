from fractions import Fraction

import av
import numpy as np
import pytest

from tests.video.clips import decoded, flat_frames, gray_levels, packets_of, write_clip
from tests.video.test_writer import copy


def with_subtitles(clip, path):
    """Remux a clip with a text stream of two lines beside it."""
    text = path.with_suffix(".srt")
    text.write_text("1\n00:00:00,100 --> 00:00:00,300\nhello\n\n2\n00:00:00,320 --> 00:00:00,400\nworld\n")
    with av.open(str(clip)) as pictures, av.open(str(text)) as lines, av.open(str(path), "w") as target:
        streams = {stream: target.add_stream_from_template(stream) for stream in (*pictures.streams, *lines.streams)}
        for packet in (*pictures.demux(), *lines.demux()):
            if packet.size:
                packet.stream = streams[packet.stream]
                target.mux(packet)
    return path


@pytest.mark.parametrize(("before", "after"), [("mp4", "mp4"), ("mp4", "mkv"), ("mkv", "mov"), ("mkv", "mkv")])
def test_every_sound_packet_is_the_same_at_the_same_time(tmp_path, before, after):
    path = write_clip(tmp_path / f"in.{before}", flat_frames(gray_levels(10, step=10)), sounds=[440, 880])
    result = copy(path, tmp_path / f"out.{after}", rate=Fraction(50))
    expected, found = packets_of(path, "audio"), packets_of(result, "audio")
    assert len(expected) == len(found) == 2
    shift = found[0][0][0] - expected[0][0][0]
    assert abs(shift) <= 0.022, "only the encoder delay that a container cannot express may move all streams"
    for one, other in zip(expected, found):
        assert [data for _, data in one] == [data for _, data in other]
        np.testing.assert_allclose([time + shift for time, _ in one], [time for time, _ in other], atol=0.0011)
    assert abs(float(decoded(result)[0][1]) - shift) <= 0.0011, "picture and sound stay together"


def test_sound_beyond_the_last_picture_is_kept(tmp_path):
    path = write_clip(tmp_path / "in.mp4", flat_frames(gray_levels(4)), sounds=[440], sound_start=1)
    result = copy(path, tmp_path / "out.mp4", rate=Fraction(50))
    (expected,), (found,) = packets_of(path, "audio"), packets_of(result, "audio")
    assert [data for _, data in expected] == [data for _, data in found]
    assert abs(found[-1][0] - expected[-1][0]) <= 0.0011


def test_subtitles_go_along(tmp_path):
    path = with_subtitles(write_clip(tmp_path / "clip.mp4", flat_frames(gray_levels(10, step=10))), tmp_path / "in.mkv")
    result = copy(path, tmp_path / "out.mkv", rate=Fraction(50))
    assert packets_of(result, "subtitle") == packets_of(path, "subtitle") == [[(0.1, b"hello"), (0.32, b"world")]]


def test_a_stream_that_the_container_refuses_is_left_out_with_a_note(tmp_path, capsys):
    clip = write_clip(tmp_path / "clip.mp4", flat_frames(gray_levels(4)), sounds=[440])
    path = with_subtitles(clip, tmp_path / "in.mkv")
    result = copy(path, tmp_path / "out.mp4")
    assert "cannot hold the srt subtitle stream 2; it is left out" in capsys.readouterr().err.replace("subrip", "srt")
    assert packets_of(result, "audio") and not packets_of(result, "subtitle")
    result = copy(path, tmp_path / "out.webm")
    said = capsys.readouterr().err
    assert "cannot hold the aac audio stream 1" in said and said.count("left out") == 2
    assert len(decoded(result)) == 4 and not packets_of(result, "audio")


def test_language_of_a_stream_is_kept(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", flat_frames(gray_levels(4)), sounds=[440])
    path = tmp_path / "in.mkv"
    with av.open(str(clip)) as source, av.open(str(path), "w") as target:
        streams = {stream: target.add_stream_from_template(stream) for stream in source.streams}
        streams[source.streams.audio[0]].metadata["language"] = "deu"
        for packet in source.demux():
            if packet.size:
                packet.stream = streams[packet.stream]
                target.mux(packet)
    with av.open(str(copy(path, tmp_path / "out.mp4"))) as container:
        assert container.streams.audio[0].language == "deu"


def test_sound_is_written_between_the_pictures_not_after_them(tmp_path):
    path = write_clip(tmp_path / "in.mp4", flat_frames([100] * 200), rate=50, sounds=[440])
    with av.open(str(copy(path, tmp_path / "out.mkv"))) as container:
        kinds = [packet.stream.type for packet in container.demux() if packet.size]
    first_sound, last_picture = kinds.index("audio"), len(kinds) - kinds[::-1].index("video")
    assert first_sound < 10 and kinds[:last_picture].count("audio") > 150

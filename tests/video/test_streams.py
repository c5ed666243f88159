from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from src.errors import EnvironmentFault
from src.video.media import is_cover
from src.video.reader import open_source
from src.video.stretch import tempos
from src.video.writer import Pace, open_sink
from tests.video.clips import decoded, flat_frames, gray_levels, packets_of, picture, write_clip
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


def with_repeated_times(clip, path):
    """Remux a clip so that some packets of each sound have the time of the one before."""
    with av.open(str(clip)) as source, av.open(str(path), "w") as target:
        streams = {stream: target.add_stream_from_template(stream) for stream in source.streams}
        times = {stream: [] for stream in source.streams}
        for packet in source.demux():
            if packet.size:
                known = times[packet.stream]
                if packet.stream.type == "audio" and len(known) in (3, 4, 5, 9):
                    packet.pts = packet.dts = known[-1]
                known.append(packet.pts)
                packet.stream = streams[packet.stream]
                target.mux(packet)
    return path


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
def test_sound_packets_of_one_time_are_all_there(tmp_path, suffix):
    clip = write_clip(tmp_path / "clip.mp4", flat_frames(gray_levels(10, step=10)), sounds=[440, 880])
    path = with_repeated_times(clip, tmp_path / "in.mkv")
    tracks = packets_of(path, "audio"), packets_of(copy(path, tmp_path / f"out.{suffix}"), "audio")
    for expected, found in zip(*tracks):
        assert [data for _, data in expected] == [data for _, data in found]
        before, after = [time for time, _ in expected], [time for time, _ in found]
        assert len(set(before)) < len(before), "the source repeats times"
        assert suffix == "mkv" or all(one < other for one, other in zip(after, after[1:]))
        np.testing.assert_allclose(np.array(after) - after[0], np.array(before) - before[0], atol=0.0011)


def test_what_the_container_refuses_of_other_streams_is_told(tmp_path):
    class Refusing:
        format = av.ContainerFormat("mp4", "w")

        def start_encoding(self):
            raise av.error.FFmpegError(22, "Invalid argument")

    source = open_source(str(write_clip(tmp_path / "in.mp4", flat_frames(gray_levels(4)), sounds=[440])))
    with open_sink(str(tmp_path / "out.mp4"), source, Pace(source.rate)) as sink:
        output, sink.copy._output = sink.copy._output, Refusing()
        with pytest.raises(EnvironmentFault, match="the mp4 file cannot be written: .*Invalid argument"):
            sink.copy.advance(None)
        sink.copy._output = output


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


def with_companions(folder, suffix):
    """A clip with two tones, chapters, a title, a cover and, in Matroska, subtitles and a font."""
    clip = write_clip(folder / "clip.mp4", flat_frames(gray_levels(10, step=10)), sounds=[440, 880])
    if suffix == "mkv":
        clip = with_subtitles(clip, folder / "lines.mkv")
    path = folder / f"in.{suffix}"
    cover = cv2.imencode(".png", picture(16, 16))[1].tobytes()
    with av.open(str(clip)) as source, av.open(str(path), "w") as target:
        target.metadata["title"] = "a film"
        ends = {"id": 1, "time_base": Fraction(1, 1000)}
        target.set_chapters(
            [
                {**ends, "start": 0, "end": 200, "metadata": {"title": "one"}},
                {**ends, "id": 2, "start": 200, "end": 400, "metadata": {"title": "two"}},
            ]
        )
        streams = {stream.index: target.add_stream_from_template(stream) for stream in source.streams}
        if suffix == "mkv":
            target.add_attachment("font.ttf", "font/ttf", b"glyphs")
            target.add_attachment("cover.png", "image/png", cover)
        else:
            art = target.add_stream("png", rate=1)
            art.width, art.height, art.pix_fmt = 16, 16, "rgb24"
            art.disposition = av.stream.Disposition.attached_pic
            packet = av.Packet(cover)
            packet.stream, packet.pts, packet.dts, packet.time_base = art, 0, 0, Fraction(1, 1000)
            target.mux(packet)
        for packet in source.demux():
            if packet.size:
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    return path


def inventory(path):
    with av.open(str(path)) as container:
        kinds = sorted(stream.type for stream in container.streams)
        chapters = [
            (chapter["start"] * Fraction(chapter["time_base"]), chapter["end"] * Fraction(chapter["time_base"]))
            for chapter in container.chapters()
        ]
        titles = [chapter["metadata"]["title"] for chapter in container.chapters()]
        return kinds, chapters, titles, container.metadata.get("title")


@pytest.mark.skipif(not hasattr(av.container.OutputContainer, "set_chapters"), reason="PyAV is too old for chapters")
@pytest.mark.parametrize(("before", "after"), [("mkv", "mkv"), ("mp4", "mp4"), ("mp4", "mkv")])
def test_nothing_that_the_container_holds_is_lost(tmp_path, before, after):
    path = with_companions(tmp_path, before)
    kinds, chapters, titles, title = inventory(path)
    found = inventory(copy(path, tmp_path / f"out.{after}", rate=Fraction(50)))
    assert chapters == [(0, Fraction(1, 5)), (Fraction(1, 5), Fraction(2, 5))]
    assert (titles, title) == (["one", "two"], "a film")
    assert found[1:] == (chapters, titles, title)
    assert found[0] == (kinds if after != "mkv" else [kind for kind in kinds if kind != "data"])
    with av.open(str(tmp_path / f"out.{after}")) as container:
        covers = [stream for stream in container.streams.video if is_cover(stream)]
        assert len(covers) == 1


@pytest.mark.skipif(not hasattr(av.container.OutputContainer, "set_chapters"), reason="PyAV is too old for chapters")
def test_what_quicktime_cannot_hold_is_told(tmp_path, capsys):
    result = copy(with_companions(tmp_path, "mp4"), tmp_path / "out.mov")
    assert inventory(result)[0].count("video") == 1 and len(inventory(result)[1]) == 2
    assert capsys.readouterr().err.count("cannot hold the png cover stream 4") == 1


def slowed(path, result, slow, stretch=False):
    source = open_source(str(path))
    with open_sink(str(result), source, Pace(source.rate, slow, stretch)) as sink:
        for frame in source.frames():
            for _ in range(slow):
                sink.write(frame)
        copied = sink.copy
    return copied


def test_slow_motion_drops_sound_and_moves_subtitles_with_the_picture(tmp_path, capsys):
    path = with_subtitles(
        write_clip(tmp_path / "clip.mp4", flat_frames(gray_levels(10, step=10)), sounds=[440]), tmp_path / "in.mkv"
    )
    copied = slowed(path, tmp_path / "out.mkv", 3)
    assert not packets_of(tmp_path / "out.mkv", "audio")
    (lines,) = packets_of(tmp_path / "out.mkv", "subtitle")
    first = float(decoded(tmp_path / "out.mkv")[0][1])
    np.testing.assert_allclose([time - first for time, _ in lines], [0.3, 0.96], atol=0.002)
    assert "slow motion drops the aac audio stream 1" in capsys.readouterr().err
    assert len(copied.kept) == len(copied.left_out) == 1


@pytest.mark.parametrize(("slow", "suffix"), [(2, "mp4"), (3, "mkv"), (4, "webm")])
def test_stretched_sound_lasts_as_long_as_the_picture_at_its_pitch(tmp_path, slow, suffix):
    path = write_clip(tmp_path / "in.mp4", flat_frames([100] * 50), sounds=[440])
    result = tmp_path / f"out.{suffix}"
    copied = slowed(path, result, slow, stretch=True)
    assert copied.kept == ["aac audio stream 1"]
    with av.open(str(result)) as container:
        blocks = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
        rate = container.streams.audio[0].rate
    sound = np.concatenate(blocks)
    assert abs(len(sound) / rate - 2 * slow) < 0.1
    middle = sound[len(sound) // 4 :][: len(sound) // 2]
    middle = middle * np.hanning(len(middle))
    pitch = np.abs(np.fft.rfft(middle)).argmax() * rate / len(middle)
    assert abs(pitch - 440) < 8


def with_surround(path, codec, layout, pitches):
    """A clip with 2.048 s of German commentary, another tone on each of its channels."""
    with av.open(str(path), "w") as target:
        pictures = target.add_stream("libx264", rate=25)
        pictures.width, pictures.height, pictures.pix_fmt = 48, 32, "yuv420p"
        sound = target.add_stream(codec, rate=48000, layout=layout)
        sound.disposition = av.stream.Disposition.comment.value
        sound.metadata.update(language="deu", title="Commentary")
        for frame in flat_frames([100] * 50):
            target.mux(pictures.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        target.mux(pictures.encode(None))
        for block in range(64):
            angle = 2 * np.pi * np.arange(block * 1536, (block + 1) * 1536) / 48000
            samples = 0.1 * np.sin(np.outer(pitches, angle)).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
            frame.sample_rate, frame.time_base, frame.pts = 48000, Fraction(1, 48000), block * 1536
            target.mux(sound.encode(frame))
        target.mux(sound.encode(None))
    return path


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "webm"])
def test_stretched_sound_keeps_its_channels_its_language_and_its_purpose(tmp_path, capsys, suffix):
    pitches = np.array([440, 550, 660, 80, 770, 880])  # the fourth is of low frequencies, which atempo hardly keeps
    path = with_surround(tmp_path / "in.mkv", "ac3", "5.1", pitches)
    copied = slowed(path, tmp_path / f"out.{suffix}", 2, stretch=True)
    assert copied.kept == ["ac3 audio stream 1"] and copied.left_out == []
    assert "mixed" not in capsys.readouterr().err
    with av.open(str(tmp_path / f"out.{suffix}")) as container:
        (track,) = container.streams.audio
        assert track.language == "deu"
        assert suffix == "webm" or track.disposition & av.stream.Disposition.comment
        assert suffix == "mp4" or track.metadata["title"] == "Commentary"
        sound = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    assert track.codec_context.layout.name == "5.1" and abs(sound.shape[1] / 48000 - 4.096) < 0.1
    middle = sound[:, 48000:144000] * np.hanning(96000)
    np.testing.assert_allclose(np.abs(np.fft.rfft(middle)).argmax(axis=1) / 2, pitches, atol=20)


def test_channels_that_the_encoder_does_not_take_are_mixed_with_a_word(tmp_path, capsys):
    path = with_surround(tmp_path / "in.mkv", "aac", "4.0", np.array([440, 550, 660, 770]))
    copied = slowed(path, tmp_path / "out.webm", 2, stretch=True)
    assert copied.kept == ["aac audio stream 1, mixed to stereo"] and copied.left_out == []
    assert "the aac audio stream 1 is mixed to stereo; the encoder does not take its 4.0" in capsys.readouterr().err
    with av.open(str(tmp_path / "out.webm")) as container:
        assert container.streams.audio[0].codec_context.layout.name == "stereo"


def test_tempos_stay_in_the_range_of_the_filter():
    for slow in (2, 3, 4, 7, 100):
        assert np.isclose(np.prod(tempos(slow)), 1 / slow) and min(tempos(slow)) >= 0.5 - 1e-9

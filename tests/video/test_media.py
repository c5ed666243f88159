"""Every file that is no sound video is refused with one line that names it, before anything is decoded at length."""

import os
import stat
import time

import av
import pytest

from src.errors import InputError
from src.video.reader import open_source
from tests.video.clips import flat_frames, gray_levels, picture, sine, write_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    frames = [picture(96, 64, shift=3 * index) for index in range(60)]
    return write_clip(tmp_path_factory.mktemp("media") / "clip.mp4", frames, sounds=[440])


def remuxed(clip, path, container_format, **options):
    with av.open(str(clip)) as source, av.open(str(path), "w", format=container_format, options=options) as target:
        streams = {stream.index: target.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.size:
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    return path


def refusal(path):
    started = time.monotonic()
    with pytest.raises(InputError) as caught:
        open_source(str(path))
    assert time.monotonic() - started < 5
    message = str(caught.value)
    assert str(path) in message and "\n" not in message
    return message


def test_missing_file(tmp_path):
    assert "No such file" in refusal(tmp_path / "absent.mp4")


@pytest.mark.parametrize("content", ["hello\n" * 100, "1\n00:00:01,000 --> 00:00:02,000\na subtitle\n"])
def test_text_named_mp4(tmp_path, content):
    path = tmp_path / "text.mp4"
    path.write_text(content)
    assert "not a video" in refusal(path)


@pytest.mark.parametrize("content", ["#EXTM3U\n#EXTINF:9,\nclip.ts\n", "ffconcat version 1.0\nfile clip.mp4\n"])
def test_playlists_are_not_followed(clip, tmp_path, content):
    os.link(clip, tmp_path / "clip.mp4")
    remuxed(clip, tmp_path / "clip.ts", "mpegts")
    path = tmp_path / "list.m3u8"
    path.write_text(content)
    assert "not a video" in refusal(path)


def test_empty_file(tmp_path):
    path = tmp_path / "empty.mp4"
    path.touch()
    assert "empty file" in refusal(path)


def test_pipe_and_device_are_not_opened(tmp_path):
    path = tmp_path / "pipe.mp4"
    os.mkfifo(path)
    assert "regular file" in refusal(path)
    assert stat.S_ISCHR(os.stat("/dev/zero").st_mode) and "regular file" in refusal("/dev/zero")


def test_addresses_are_not_fetched():
    assert "No such file" in refusal("http://127.0.0.1:9/clip.mp4")


def test_sound_alone(tmp_path):
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        track = container.add_stream("aac", rate=48000, layout="mono")
        container.mux(sine(track, 440, 1))
    assert "needs a video stream; found audio only" in refusal(path)


def test_one_frame(tmp_path):
    path = write_clip(tmp_path / "one.mp4", flat_frames(gray_levels(1)))
    assert "needs at least 2 frames, found 1" in refusal(path)


def test_no_frame(tmp_path):
    path = tmp_path / "none.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
        container.start_encoding()
    refusal(path)


def test_one_image(tmp_path):
    path = tmp_path / "frame.png"
    path.write_bytes(b"\x89PNG")
    assert "got one image" in refusal(path)


@pytest.mark.parametrize(
    ("name", "container_format", "options"),
    [("a.mp4", "mp4", {}), ("a.mp4", "mp4", {"movflags": "faststart"}), ("a.mkv", "matroska", {})],
)
def test_truncated_file(clip, tmp_path, name, container_format, options):
    whole = remuxed(clip, tmp_path / name, container_format, **options)
    assert open_source(str(whole)).count == 60
    part = tmp_path / f"part-{name}"
    part.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    refusal(part)


@pytest.mark.parametrize(("name", "container_format"), [("a.mp4", "mp4"), ("a.mkv", "matroska"), ("a.ts", "mpegts")])
def test_bytes_zeroed_in_the_middle_never_pass_with_fewer_frames(clip, tmp_path, name, container_format):
    path = remuxed(clip, tmp_path / name, container_format)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + len(content) // 8] = bytes(len(content) // 8)
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged|decoded|truncated"):
        for _ in open_source(str(path)).frames():
            pass

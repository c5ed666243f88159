"""Frames from a number on are those of a decoding from the first, whatever the order they are stored in."""

from fractions import Fraction

import av
import numpy as np
import pytest

from src.video.reader import open_source
from src.video.seek import key_frame_before
from tests.data.moving_clip import moving_frames
from tests.video.clips import picture, write_at, write_clip

SHORT = "bframes=2:b-adapt=0:scenecut=0:keyint=7"


def encoded(path, codec, **options):
    """Write 23 frames; what is stored behind a key frame may be shown before it, where groups of pictures are open."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 96, 72, "yuv420p"
        if codec == "mpeg2video":
            stream.codec_context.max_b_frames = 2
            stream.gop_size = 7
        for pixels in moving_frames(23, (3, 1), seed=1):
            for packet in stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")):
                container.mux(packet)
        container.mux(stream.encode(None))
    return path


def same_from_every_number(source):
    whole = list(source.timed_frames())
    for first in range(len(whole) + 1):
        part = list(source.timed_frames(first))
        assert [time for time, _ in part] == [time for time, _ in whole[first:]]
        assert all(np.array_equal(frame, same) for (_, frame), (_, same) in zip(part, whole[first:]))


CLIPS = {
    "closed.mp4": ("libx264", {"x264-params": SHORT}),
    "open.mp4": ("libx264", {"x264-params": f"{SHORT}:open-gop=1"}),
    "open.mkv": ("libx264", {"x264-params": f"{SHORT}:open-gop=1"}),
    "refresh.mp4": ("libx264", {"x264-params": f"{SHORT}:intra-refresh=1"}),
    "open2.mkv": ("mpeg2video", {}),
    "vp9.webm": ("libvpx-vp9", {"g": "7", "deadline": "realtime"}),
}


@pytest.mark.parametrize("name", CLIPS)
def test_frames_from_a_number_on_are_the_same(tmp_path, name):
    codec, options = CLIPS[name]
    source = open_source(str(encoded(tmp_path / name, codec, **options)))
    same_from_every_number(source)


@pytest.mark.parametrize("name", ["closed.mp4", "open.mp4", "open.mkv", "vp9.webm"])
def test_decoding_begins_at_the_key_frame_before(tmp_path, name):
    codec, options = CLIPS[name]
    source = open_source(str(encoded(tmp_path / name, codec, **options)))
    landings = [key_frame_before(source, number) for number in range(23)]
    found = [landing.number if landing else 0 for landing in landings]
    assert found == sorted(found) and all(low <= number for number, low in enumerate(found))
    assert found[22] >= 14 and len(set(found)) >= 3


def test_a_clip_that_begins_late_keeps_its_times(tmp_path):
    frames = [picture(48, 32, index) for index in range(12)]
    source = open_source(str(write_clip(tmp_path / "late.mp4", frames, start=Fraction(333, 1000), sounds=[440])))
    same_from_every_number(source)


def test_a_variable_rate_is_decoded_from_the_beginning(tmp_path):
    frames = [picture(48, 32, index) for index in range(7)]
    source = open_source(str(write_at(tmp_path / "in.mp4", frames, (0, 40, 80, 400, 440, 480, 900))))
    assert not source.seekable
    same_from_every_number(source)


def test_a_folder_begins_with_any_image(images):
    same_from_every_number(open_source(str(images)))

from fractions import Fraction

import av
import numpy as np
import pytest

from src.errors import InputError
from src.video.color import ColorTags
from src.video.reader import open_source
from tests.runs import run
from tests.video.clips import decoded, flat_frames, gray_levels, levels_of, picture, write_at, write_clip

RATES = [Fraction(25), Fraction(24000, 1001), Fraction(30000, 1001), Fraction(45000, 1499), Fraction(60)]


def levels(frames):
    return [float(frame.mean()) for frame in frames]


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize("rate", RATES)
def test_rate_is_the_exact_fraction(tmp_path, rate, suffix):
    source = open_source(str(write_clip(tmp_path / f"clip.{suffix}", flat_frames(gray_levels(8)), rate)))
    if suffix == "mp4" or rate in (25, 60, Fraction(30000, 1001), Fraction(24000, 1001)):
        assert source.rate == rate
    assert abs(source.rate / rate - 1) < 1e-4
    assert source.count == 8 and source.start == 0


def test_frames_come_in_presentation_order_in_spite_of_b_frames(tmp_path):
    path = write_clip(tmp_path / "clip.mp4", flat_frames(gray_levels(10)))
    with av.open(str(path)) as container:
        times = [packet.pts for packet in container.demux(video=0) if packet.size]
    assert times != sorted(times), "the clip has no B-frames"
    np.testing.assert_allclose(levels(open_source(str(path)).frames()), gray_levels(10), atol=1.5)


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (33, 17), (127, 129)])
def test_any_size_is_read_as_it_is(tmp_path, size):
    path = write_clip(tmp_path / "clip.mkv", [picture(*size), picture(*size, 5)], codec="ffv1", pixel_format="yuv444p")
    source = open_source(str(path))
    assert (source.width, source.height) == size
    assert [frame.shape for frame in source.frames()] == [(size[1], size[0], 3)] * 2


def test_frames_may_be_read_again_from_the_start(tmp_path):
    source = open_source(str(write_clip(tmp_path / "clip.mp4", flat_frames(gray_levels(4)))))
    assert levels(source.frames()) == levels(source.frames())


def test_tags_aspect_and_colours_of_the_file(tmp_path):
    pixels = picture(64, 48)
    tags = {"colorspace": 9, "color_range": 2, "color_primaries": 9, "color_trc": 14}
    path = write_clip(tmp_path / "clip.mp4", [pixels] * 2, pixel_format="yuv444p", tags=tags, aspect=Fraction(4, 3))
    source = open_source(str(path))
    assert source.tags == ColorTags(9, 2, 9, 14)
    assert source.aspect == Fraction(4, 3)


def test_delay_of_the_first_frame_counts_from_the_start_of_the_file(tmp_path):
    late = write_clip(tmp_path / "late.mkv", flat_frames(gray_levels(4)), start=2, sound_start=2, sounds=[440])
    assert abs(open_source(str(late)).start) <= Fraction(1024, 48000), "all streams begin late, not the picture alone"
    late = write_clip(tmp_path / "late.mp4", flat_frames(gray_levels(4)), start=Fraction(3, 10), sounds=[440])
    assert open_source(str(late)).start == Fraction(3, 10)


@pytest.mark.parametrize(("matrix", "turns"), [((0, 1, -1, 0), -1), ((-1, 0, 0, -1), 2), ((0, -1, 1, 0), 1)])
def test_turned_pictures_of_a_phone_come_upright(tmp_path, matrix, turns):
    pixels = np.full((32, 48, 3), 60, np.uint8)
    pixels[:8, :8] = 220
    path = write_clip(tmp_path / "turned.mp4", [pixels] * 3, aspect=Fraction(4, 3))
    set_display_matrix(path, matrix)
    source = open_source(str(path))
    expected = np.rot90(pixels, turns)
    assert (source.height, source.width) == expected.shape[:2]
    assert source.aspect == (Fraction(4, 3) if turns == 2 else Fraction(3, 4))
    for frame in source.frames():
        assert np.abs(frame.astype(int) - expected).mean() < 2


def test_a_turned_video_gives_an_upright_result_of_the_same_shape(tmp_path, loaded):
    pixels = np.full((32, 48, 3), 60, np.uint8)
    pixels[:8, :8] = 220
    path = write_clip(tmp_path / "turned.mp4", [pixels] * 3, aspect=Fraction(4, 3))
    set_display_matrix(path, (0, 1, -1, 0))
    result = run(path, tmp_path / "out.mp4")
    with av.open(str(result)) as container:
        stream = container.streams.video[0]
        frames = [(frame.rotation, frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]
        shape = (stream.width, stream.height, stream.sample_aspect_ratio)
    assert shape == (32, 48, Fraction(3, 4))
    for turned, shown in frames:
        assert turned == 0 and shown[2:6, 26:30].min() > 200 and shown[12:].max() < 80 and shown[:, :20].max() < 80


def test_interlaced_video_is_said_to_be_taken_as_it_is(tmp_path, loaded, capsys):
    path = tmp_path / "fields.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"x264-params": "tff=1:interlaced=1"})
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for index, pixels in enumerate([picture(64, 64)] * 3 + [None]):
            frame = None if pixels is None else av.VideoFrame.from_ndarray(pixels, format="rgb24")
            if frame is not None:
                frame.pts = index
            container.mux(stream.encode(frame))
    result = run(path, tmp_path / "out.mp4")
    assert capsys.readouterr().err.count("is interlaced; its frames are taken as they are") == 1
    assert len(decoded(result)) == 5


def set_display_matrix(path, matrix):
    """Write (a, b, c, d) into the track header: x' = a x + c y, y' = b x + d y, with y downwards (ISO 14496-12)."""
    content = bytearray(path.read_bytes())
    start = content.index(b"tkhd") + 4 + 40
    fixed = [value * 65536 for value in matrix]
    cells = [fixed[0], fixed[1], 0, fixed[2], fixed[3], 0, 0, 0, 1 << 30]
    content[start : start + 36] = b"".join(cell.to_bytes(4, "big", signed=True) for cell in cells)
    path.write_bytes(content)


def test_what_is_lost_is_said(tmp_path, capsys):
    path = write_clip(tmp_path / "deep.mkv", [picture(32, 32)] * 2, codec="ffv1", pixel_format="yuva444p10le")
    frames = list(open_source(str(path)).frames())
    said = capsys.readouterr().err
    assert "alpha channel is dropped" in said and "yuva444p10le is reduced to 8 bits" in said
    assert np.abs(frames[0].astype(int) - picture(32, 32)).max() <= 4
    frames = list(open_source(str(path), depth="auto").frames())
    said = capsys.readouterr().err
    assert "alpha channel is dropped" in said and "reduced" not in said
    assert frames[0].dtype == np.uint16 and np.abs(frames[0] / 257 - picture(32, 32)).max() <= 4


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize("milliseconds", [(0, 40, 80, 400, 440, 480, 900), (0, 40, 80, 122, 160), (7, 500, 503, 2000)])
def test_variable_rate_is_said_and_its_times_are_told(tmp_path, capsys, milliseconds, suffix):
    path = write_at(tmp_path / f"vfr.{suffix}", flat_frames(gray_levels(len(milliseconds))), milliseconds)
    source = open_source(str(path))
    assert not source.constant and capsys.readouterr().err.count("variable frame rate") == 1
    times = [time - source.start for time, _ in source.timed_frames()]
    assert times == [Fraction(moment - milliseconds[0], 1000) for moment in milliseconds]
    assert source.count == len(times) and source.end - source.start >= times[-1]


def test_times_that_a_clock_rounds_are_a_constant_rate(tmp_path):
    for rate in (Fraction(24000, 1001), Fraction(60000, 1001), Fraction(144)):
        path = write_clip(tmp_path / "clip.mkv", flat_frames([100] * 50), rate)
        source = open_source(str(path))
        assert source.constant and abs(source.rate / rate - 1) < 1e-4
        assert [time for time, _ in source.timed_frames()] == [index / source.rate for index in range(50)]


def test_constant_rate_is_not_called_variable(tmp_path, capsys):
    path = write_clip(tmp_path / "clip.mkv", flat_frames(gray_levels(9, step=10)), Fraction(30000, 1001))
    assert len(list(open_source(str(path)).frames())) == 9
    assert capsys.readouterr().err == ""


def test_size_that_changes_inside_the_stream_names_both(tmp_path):
    small = write_clip(tmp_path / "small.h264", flat_frames(gray_levels(3), 48, 32))
    large = write_clip(tmp_path / "large.h264", flat_frames(gray_levels(3), 64, 32))
    both = tmp_path / "both.h264"
    both.write_bytes(small.read_bytes() + large.read_bytes())
    with pytest.raises(InputError, match="48x32.*64x32"):
        list(open_source(str(both)).frames())


def test_raw_stream_without_times_is_read(tmp_path):
    path = write_clip(tmp_path / "clip.h264", flat_frames(gray_levels(5)))
    source = open_source(str(path))
    assert len(list(source.frames())) == 5 and source.rate == 25


NAMES = ["a b.mp4", "it's \"it\".mp4", "-x.mp4", "%03d.mp4", "a:b.mp4", "$(x);.mp4", "é\n.mp4", "x" * 246 + ".mp4"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_only_a_name(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    write_clip(name, flat_frames(gray_levels(3)))
    np.testing.assert_allclose(levels(open_source(name).frames()), levels_of(name), atol=20)
    assert len(decoded(name)) == 3


FAR = [
    ("mp4", "libx264", {"x264-params": "keyint=40:open-gop=1:bframes=3"}),
    ("mkv", "libx264", {"x264-params": "keyint=250"}),
    ("ts", "libx264", {"x264-params": "keyint=25:bframes=2"}),
    ("webm", "libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "g": "60"}),
    ("mpg", "mpeg2video", {"g": "12", "bf": "2"}),
    ("avi", "mpeg4", {"g": "50"}),
    ("h264", "libx264", {"x264-params": "keyint=50"}),
]


@pytest.mark.parametrize(("suffix", "codec", "options"), FAR, ids=[f"{suffix}-{codec}" for suffix, codec, _ in FAR])
def test_a_later_part_is_the_same_whatever_comes_before_it(tmp_path, suffix, codec, options):
    path = tmp_path / f"long.{suffix}"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
        for index in range(400):
            pixels = np.roll(np.add.outer(np.arange(32) * 3, np.arange(48) * 4), 3 * index, 1)[..., None]
            frame = av.VideoFrame.from_ndarray(np.repeat(pixels, 3, 2).astype(np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    source = open_source(str(path))
    whole = list(source.timed_frames())
    assert len(whole) == 400
    for first in (325, 360):
        later = list(source.timed_frames(first))
        assert [time for time, _ in later] == [time for time, _ in whole[first:]]
        assert all(np.array_equal(one, other) for (_, one), (_, other) in zip(later, whole[first:]))

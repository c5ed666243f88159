from fractions import Fraction

import av
import numpy as np
import pytest

from src.video.images import ImageFolder
from src.video.reader import open_source
from src.video.writer import Pace, open_sink
from tests.video.clips import decoded, flat_frames, gray_levels, levels_of, picture, write_clip

TAGS = {"colorspace": 1, "color_range": 1, "color_primaries": 1, "color_trc": 1}


def copy(source_path, path, rate=None):
    """Write the frames of a source as they are."""
    source = open_source(str(source_path))
    with open_sink(str(path), source, Pace(rate or source.rate)) as sink:
        for frame in source.frames():
            sink.write(frame)
    return path


def psnr(first, second):
    return 10 * np.log10(255**2 / ((first.astype(float) - second) ** 2).mean())


@pytest.mark.parametrize(
    ("pixel_format", "tags"),
    [
        ("yuv420p", {}),
        ("yuv420p", TAGS),
        ("yuv420p", {**TAGS, "colorspace": 6, "color_range": 2}),
        ("yuv444p", {**TAGS, "colorspace": 9, "color_primaries": 9, "color_trc": 16}),
    ],
)
def test_an_identity_run_keeps_colours_and_tags(tmp_path, pixel_format, tags):
    frames = [picture(96, 64, shift) for shift in range(4)]
    path = write_clip(tmp_path / "in.mp4", frames, pixel_format=pixel_format, tags=tags)
    result = copy(path, tmp_path / "out.mp4")
    for (before, _), (after, _) in zip(decoded(path, pixel_format), decoded(result, pixel_format)):
        assert psnr(before, after) >= 40
        assert abs(before.astype(float).mean() - after.mean()) < 0.5
    with av.open(str(result)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.pix_fmt.replace("yuvj", "yuv") == pixel_format
        for name in TAGS:
            assert getattr(stream.codec_context, name) == tags.get(name, 0 if name == "color_range" else 2)


@pytest.mark.parametrize("suffix", ["mp4", "m4v", "mov", "mkv", "webm"])
@pytest.mark.parametrize("size", [(1, 1), (7, 5), (33, 17), (48, 32)])
def test_every_container_keeps_the_exact_size_and_the_colours(tmp_path, size, suffix):
    pixels = np.full((size[1], size[0], 3), (200, 90, 40), np.uint8)
    path = write_clip(tmp_path / "in.mkv", [pixels] * 3, codec="ffv1", pixel_format="bgr0")
    result = copy(path, tmp_path / f"out.{suffix}")
    frames = list(open_source(str(result)).frames())
    assert len(frames) == 3
    assert all(frame.shape == pixels.shape for frame in frames)
    assert np.abs(frames[1].astype(int) - pixels).max() <= 6


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "webm"])
def test_order_and_times_of_the_frames(tmp_path, suffix):
    source = ImageFolder(path="", files=(), width=48, height=32)
    rate = Fraction(60000, 1001)
    with open_sink(str(tmp_path / f"out.{suffix}"), source, Pace(rate)) as sink:
        for pixels in flat_frames(gray_levels(10)):
            sink.write(pixels)
    result = tmp_path / f"out.{suffix}"
    np.testing.assert_allclose(levels_of(result), gray_levels(10), atol=2)
    times = [time for _, time in decoded(result)]
    tolerance = 0 if suffix == "mp4" else Fraction(1, 1000)  # Matroska counts milliseconds
    assert all(abs(time - index / rate) <= tolerance for index, time in enumerate(times))
    with av.open(str(result)) as container:
        assert suffix != "mp4" or container.streams.video[0].average_rate == rate
        assert container.streams.video[0].codec_context.colorspace == 6, "frames from RGB carry the tag of their matrix"


def test_pixel_aspect_is_kept(tmp_path):
    path = write_clip(tmp_path / "in.mp4", flat_frames(gray_levels(2)), aspect=Fraction(128, 117))
    with av.open(str(copy(path, tmp_path / "out.mkv"))) as container:
        assert container.streams.video[0].sample_aspect_ratio == Fraction(128, 117)


def test_delay_of_the_picture_is_kept(tmp_path):
    path = write_clip(tmp_path / "in.mp4", flat_frames(gray_levels(4)), start=Fraction(333, 1000), sounds=[440])
    times = [time for _, time in decoded(copy(path, tmp_path / "out.mp4", rate=Fraction(50)))]
    assert abs(times[0] - Fraction(333, 1000)) <= Fraction(1, 1000)
    assert [later - earlier for earlier, later in zip(times, times[1:])] == [Fraction(1, 50)] * 3


def test_a_failure_inside_is_the_one_that_is_told(tmp_path):
    source = ImageFolder(path="", files=(), width=48, height=32)
    with pytest.raises(ZeroDivisionError):
        with open_sink(str(tmp_path / "out.mp4"), source, Pace(Fraction(25))) as sink:
            sink.write(picture(48, 32))
            raise ZeroDivisionError


def test_a_disk_that_fills_up_is_an_os_error(tmp_path):
    source = ImageFolder(path="", files=(), width=64, height=48)
    random = np.random.default_rng(0)
    (tmp_path / "out.mp4").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        with open_sink(str(tmp_path / "out.mp4"), source, Pace(Fraction(25))) as sink:
            for _ in range(80):
                sink.write(random.integers(0, 256, (48, 64, 3)).astype(np.uint8))


def test_image_folder_gets_numbered_files(tmp_path, capsys):
    path = write_clip(tmp_path / "in.mp4", flat_frames(gray_levels(3)), sounds=[440])
    (tmp_path / "out").mkdir()
    copy(path, tmp_path / "out")
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [f"{index:08d}.png" for index in range(3)]
    assert "holds no sound" in capsys.readouterr().err

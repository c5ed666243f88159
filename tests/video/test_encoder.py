"""Every codec makes what can be read again; an encoder that is missing or fails ends the run with what would go."""

import errno
import hashlib
from fractions import Fraction

import av
import numpy as np
import pytest

from src.errors import EnvironmentFault
from src.video import codecs
from src.video.codecs import CODECS, CONTAINERS, Codec, Coding, Encoder
from src.video.encoder import PictureEncoder, check_encoder
from src.video.images import ImageFolder
from src.video.publish import VIDEO_FORMATS
from src.video.reader import open_source
from src.video.writer import Pace, encoded_pieces, open_sink
from tests.runs import exit_code, names, run
from tests.video.clips import Average, decoded, levels_of, picture, write_clip
from tests.video.deep_clips import psnr

SUFFIXES = {name: suffix for suffix, name in VIDEO_FORMATS.items()}
PAIRS = [(container, codec) for container, known in CONTAINERS.items() for codec in known]
PACE = Pace(Fraction(25))


def folder_of(depth, size=(144, 128)):
    return ImageFolder(path="", files=(), width=size[0], height=size[1], depth=depth)


def frames_of(depth, count=6, size=(144, 128)):
    frames = [picture(*size, shift) for shift in range(count)]
    return [frame.astype(np.uint16) * 257 for frame in frames] if depth == 16 else frames


def write(path, depth, coding, frames):
    with open_sink(str(path), folder_of(depth, frames[0].shape[1::-1]), PACE, 1, coding) as sink:
        for frame in frames:
            sink.write(frame)
    return path


def skip_without(codec):
    if not any(encoder.bits() for encoder in CODECS[codec].encoders):
        pytest.skip(f"this build has no {codec}")


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize(("container", "codec"), PAIRS)
def test_every_codec_in_every_container_shows_the_frames_in_order(tmp_path, container, codec, depth):
    skip_without(codec)
    frames = frames_of(depth)
    path = write(tmp_path / f"out{SUFFIXES[container]}", depth, Coding(codec), frames)
    found = list(open_source(str(path), depth="10" if depth == 16 else "8").frames())
    assert len(found) == 6
    for before, after in zip(frames, found):
        assert psnr(before, after, 255 if depth == 8 else 65535) > 33
    assert [time for _, time in decoded(path)] == pytest.approx([index / 25 for index in range(6)], abs=1e-3)


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (33, 17), (65, 66), (128, 128)])
@pytest.mark.parametrize("codec", CODECS)
def test_every_size_that_a_codec_takes_is_kept(tmp_path, codec, size):
    skip_without(codec)
    suffix = next(SUFFIXES[container] for container in CONTAINERS if codec in CONTAINERS[container])
    encoder = next(encoder for encoder in CODECS[codec].encoders if encoder.bits())
    if not encoder.takes(size):
        pytest.skip(f"{encoder.name} does not take it")
    path = write(tmp_path / f"out{suffix}", 8, Coding(codec), frames_of(8, 3, size))
    found = list(open_source(str(path)).frames())
    assert [frame.shape for frame in found] == [(size[1], size[0], 3)] * 3


@pytest.mark.parametrize("codec", CODECS)
def test_parts_that_are_made_twice_are_equal_and_join(tmp_path, codec):
    """Bit for bit: what is resumed is what would have been made in one go."""
    skip_without(codec)
    depth = 16 if 10 in CODECS[codec].bits else 8
    frames, source = frames_of(depth, 9), folder_of(depth)
    container = next(container for container in CONTAINERS if codec in CONTAINERS[container])
    path = tmp_path / f"out{SUFFIXES[container]}"
    times = [Fraction(index, 25) for index in range(9)]
    first, second = (
        [encoded_pieces(str(path), source, PACE, 1, frames[start : start + 3], Coding(codec)) for start in (0, 3, 6)]
        for _ in range(2)
    )
    assert first == second
    with open_sink(str(path), source, PACE, 1, Coding(codec)) as sink:
        for index, pieces in enumerate(first):
            sink.join(times[3 * index : 3 * index + 3], pieces)
    found = list(open_source(str(path), depth="10" if depth == 16 else "8").frames())
    assert len(found) == 9
    assert all(psnr(*pair, np.iinfo(frames[0].dtype).max) > 33 for pair in zip(frames, found))


@pytest.mark.parametrize("codec", ["h264", "h265", "vp9", "av1", "prores", "mpeg4"])
def test_a_smaller_number_of_quality_is_a_better_picture(tmp_path, codec):
    skip_without(codec)
    container = next(container for container in CONTAINERS if codec in CONTAINERS[container])
    best, worst = CODECS[codec].qualities
    sizes, errors = [], []
    grain = np.random.default_rng(0).normal(0, 12, (128, 144, 3))
    frames = [np.clip(frame + grain, 0, 255).astype(np.uint8) for frame in frames_of(8, 3)]
    for number in (max(best, 2), (best + worst) // 2, worst):
        path = write(tmp_path / f"{number}{SUFFIXES[container]}", 8, Coding(codec, str(number)), frames)
        sizes.append(path.stat().st_size)
        errors.append(np.abs(next(iter(open_source(str(path)).frames())).astype(float) - frames[0]).mean())
    assert sizes == sorted(sizes, reverse=True) and sizes[0] > 1.2 * sizes[-1]
    assert errors == sorted(errors)


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_h265_is_named_as_every_player_knows_it(tmp_path, suffix):
    """With hev1, which FFmpeg writes unless told, those of Apple show nothing."""
    skip_without("h265")
    path = write(tmp_path / f"out{suffix}", 8, Coding("h265"), frames_of(8, 3))
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.codec_tag == "hvc1"


@pytest.mark.parametrize("depth", [8, 16])
def test_ffv1_keeps_every_level(tmp_path, depth):
    top = 256 if depth == 8 else 65536
    random = np.random.default_rng(0).integers(0, top, (3, 21, 33, 3))
    frames = list(random.astype(np.uint8 if depth == 8 else np.uint16))
    path = write(tmp_path / "out.mkv", depth, Coding("ffv1"), frames)
    found = list(open_source(str(path), depth="auto").frames())
    np.testing.assert_array_equal(found, frames)


def test_missing_encoder_is_replaced_with_one_note(clip, tmp_path, loaded, monkeypatch, capsys):
    monkeypatch.setitem(codecs.CODECS, "h264", Codec((Encoder("libmissing"),), (0, 51)))
    result = run(clip, tmp_path / "out.mp4", "--resume", "--part_frames", "2")
    assert capsys.readouterr().err.count("the encoder libmissing is missing; mpeg4 is used") == 1
    np.testing.assert_allclose(levels_of(result), np.arange(11) * 15 + 40, atol=2.5)
    with av.open(str(result)) as container:
        assert container.streams.video[0].codec_context.name == "mpeg4"


def test_mpeg4_holds_a_rate_beyond_its_own_limit_on_the_time_base(tmp_path):
    rate = Fraction(45000, 1499)
    path = write_clip(tmp_path / "in.mp4", [picture(33, 21)] * 3, rate=rate, pixel_format="yuv444p")
    source = open_source(str(path))
    with open_sink(str(tmp_path / "out.mp4"), source, Pace(rate), 1, Coding("mpeg4")) as sink:
        for frame in source.frames():
            sink.write(frame)
    assert open_source(str(tmp_path / "out.mp4")).rate == rate


def test_no_encoder_ends_with_5_before_the_network_is_loaded(clip, tmp_path, loaded, monkeypatch, capsys):
    monkeypatch.setitem(codecs.CODECS, "h265", Codec((Encoder("libmissing"),), (0, 51)))
    assert exit_code([clip, "--output_path", tmp_path / "new" / "out.mp4", "--codec", "h265"]) == 5
    said = capsys.readouterr().err
    assert said.startswith("error: needs one of the encoders libmissing for mp4") and said.count("\n") == 1
    assert "--codec h264" in said and loaded == [] and names(tmp_path) == ["in.mp4"]


def test_wrong_codings_end_with_2_and_one_line_before_anything_is_read(clip, tmp_path, loaded, capsys):
    for output, flags in (
        ("out.webm", ["--codec", "h264"]),
        ("out.mp4", ["--quality", "99"]),
        ("out", ["--codec", "vp9"]),
        ("out.mp4", ["--codec", "h265"]),  # the clip is too small for it
        ("out.mov", ["--codec", "prores", "--depth", "8"]),
        ("out.mp4", ["--depth", "12"]),
        ("out.mp4", ["--codec", "h266"]),
    ):
        assert exit_code([clip, "--output_path", tmp_path / output, *flags]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert loaded == [] and names(tmp_path) == ["in.mp4"]


class FailingStream:
    """A stream whose encoder dies after some frames, as libavcodec tells it."""

    def __init__(self, stream, frames):
        self._stream, self._left = stream, frames

    def __getattr__(self, name):
        return getattr(self._stream, name)

    def encode(self, frame):
        self._left -= 1
        if self._left < 0:
            raise av.error.ExternalError(-542398533, "Generic error in an external library", "avcodec_send_frame()")
        return self._stream.encode(frame)


@pytest.mark.parametrize("flags", [(), ("--resume", "--part_frames", "2")])
def test_an_encoder_that_dies_in_the_middle_ends_with_5_and_no_result(
    clip, tmp_path, loaded, monkeypatch, capsys, flags
):
    prepare = PictureEncoder.__init__

    def prepared(self, *arguments):
        prepare(self, *arguments)
        self.stream = FailingStream(self.stream, 3)

    monkeypatch.setattr(PictureEncoder, "__init__", prepared)
    assert exit_code([clip, "--output_path", tmp_path / "out.mp4", *flags]) == 5
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("error: the encoder libx264 failed at frame")
    assert "external library" in said and "; --codec " in said and said.endswith("would go")
    assert not (tmp_path / "out.mp4").exists()
    assert [name for name in names(tmp_path) if name not in ("in.mp4", "out.mp4.parts")] == []


def test_a_file_that_cannot_be_written_ends_with_5_and_no_result(clip, tmp_path, loaded, monkeypatch, capsys):
    open_file = av.open

    class Failing:
        """A container whose storage goes away."""

        def __init__(self, container):
            self._container = container

        def __getattr__(self, name):
            return getattr(self._container, name)

        def mux(self, packets):
            raise av.error.OSError(errno.EIO, "Input/output error", "av_interleaved_write_frame()")

    def opened(file, mode="r", **options):
        container = open_file(file, mode, **options)
        return Failing(container) if mode == "w" and isinstance(file, str) else container

    monkeypatch.setattr("src.video.writer.av.open", opened)
    assert exit_code([clip, "--output_path", tmp_path / "out.mp4"]) == 5
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("error: the mp4 file cannot be written: ") and "Input/output error" in said
    assert names(tmp_path) == ["in.mp4"]


def test_parts_of_another_encoder_are_not_joined(clip, tmp_path, loaded, monkeypatch, capsys):
    predict = Average.__call__
    monkeypatch.setattr(Average, "__call__", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    assert exit_code([clip, "--output_path", tmp_path / "out.mp4", "--resume"]) == 130
    monkeypatch.setattr(Average, "__call__", predict)
    monkeypatch.setitem(codecs.CODECS, "h264", Codec((Encoder("libmissing"),), (0, 51)))
    assert exit_code([clip, "--output_path", tmp_path / "out.mp4", "--resume"]) == 2
    assert "begun with encoder 'libx264 of 8 bits" in capsys.readouterr().err


def test_settings_that_the_encoder_itself_refuses_are_told(tmp_path, monkeypatch):
    broken = Codec((Encoder("libx264", {"profile": "none such"}),), (0, 51))
    monkeypatch.setitem(codecs.CODECS, "h264", broken)
    with pytest.raises(EnvironmentFault, match="the encoder libx264 failed at frame 1: .*; --codec"):
        write(tmp_path / "out.mp4", 8, Coding("h264"), frames_of(8, 2))


def test_frames_deeper_than_the_encoder_are_said_to_be_reduced(tmp_path, monkeypatch, capsys):
    check_encoder("out.mp4", folder_of(16), Coding(), 1)
    assert "rgb48le is reduced to the 10 bits of libx264" in capsys.readouterr().err
    check_encoder("out.mkv", folder_of(16), Coding("ffv1"), 1)
    check_encoder("out", folder_of(16), Coding(), 1)
    assert capsys.readouterr().err == ""
    monkeypatch.setitem(codecs.CODECS, "h264", Codec((Encoder("libmissing"),), (0, 51)))
    check_encoder("out.mp4", folder_of(16), Coding(), 1)
    assert "reduced to the 8 bits of mpeg4" in capsys.readouterr().err
    path = write(tmp_path / "out.mp4", 16, Coding(), frames_of(16))
    assert all(psnr(*pair, 65535) > 33 for pair in zip(frames_of(16), open_source(str(path), depth="10").frames()))


def test_the_packets_of_a_run_do_not_depend_on_chance(tmp_path):
    sums = [
        hashlib.md5(write(tmp_path / f"{number}.mp4", 16, Coding(), frames_of(16)).read_bytes()).hexdigest()
        for number in range(2)
    ]
    assert sums[0] == sums[1]

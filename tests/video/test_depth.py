"""What infer.py keeps of the depth and the colours of its source, measured by their definitions."""

import struct
import sys
from dataclasses import replace

import av
import cv2
import numpy as np
import pytest

from src.video.codecs import CODECS
from src.video.color import ColorTags, FromRgb, ToRgb
from src.video.images import write_image
from tests.runs import exit_code, names, report_of, run
from tests.video.clips import Average
from tests.video.deep_clips import frame_of, planes, psnr, read, rgb_of, scene, write, yuv_of

PQ = ColorTags(9, 1, 9, 16)
HLG_FULL = ColorTags(9, 2, 9, 18)
BT709 = ColorTags(1, 1, 1, 1)
FULL = ColorTags(6, 2, 2, 2)
COUNT = 3


def clip_of(path, pixel_format, tags=None, codec="ffv1", size=(96, 64)):
    tags = tags or ColorTags()
    matrix = tags.matrix if tags.matrix != 2 else 6
    frames = [frame_of(scene(*size, shift), pixel_format, matrix, tags.range == 2) for shift in range(COUNT)]
    return write(path, frames, tags, codec=codec)


CASES = {
    "10 bits": ("yuv420p10le", None, "libx264"),
    "HDR10": ("yuv420p10le", PQ, "libx264"),
    "HLG of full range": ("yuv420p10le", HLG_FULL, "libx264"),
    "BT.709": ("yuv420p", BT709, "libx264"),
    "full range": ("yuv420p", FULL, "libx264"),
    "grey": ("gray", None, "ffv1"),
    "grey of 16 bits": ("gray16le", None, "ffv1"),
    "RGB": ("bgr0", None, "ffv1"),
    "RGB of 12 bits": ("gbrp12le", None, "ffv1"),
    "alpha": ("yuva444p", None, "ffv1"),
    "alpha and 10 bits": ("yuva444p10le", PQ, "ffv1"),
    "4:2:2 of 10 bits": ("yuv422p10le", BT709, "ffv1"),
    "4:4:4 of 12 bits": ("yuv444p12le", PQ, "ffv1"),
}


@pytest.mark.parametrize("case", CASES)
def test_depth_colours_and_tags_of_the_sources_frames(tmp_path, loaded, case):
    """At least 45 dB, in the bits of the result, from what their definition says that the source's frames show."""
    pixel_format, tags, codec = CASES[case]
    path = clip_of(tmp_path / "in.mkv", pixel_format, tags, codec)
    frames, written, told = read(run(path, tmp_path / "out.mp4"))
    written = written.replace("yuvj", "yuv")
    deep = av.VideoFormat(pixel_format).components[0].bits > 8
    assert written.startswith("yuv444p" if "444" in pixel_format else "yuv420p") and written.endswith("10le") is deep
    expected = tags or (ColorTags(6, 1) if pixel_format in ("bgr0", "gbrp12le") else ColorTags())
    assert told == expected
    bits, full = 10 if deep else 8, expected.range == 2
    matrix = expected.matrix if expected.matrix != 2 else 6
    for index in range(COUNT):
        shown = scene(96, 64, index)
        if pixel_format.startswith("gray"):
            shown = shown[..., :1].repeat(3, axis=2)
        wanted = yuv_of(shown, matrix, full, bits)
        luma, *chroma = frames[2 * index]
        assert psnr(luma, wanted[..., 0], 2**bits - 1) >= 45
        for plane, level in zip(chroma, (wanted[..., 1], wanted[..., 2])):
            rows, columns = 64 // plane.shape[0], 96 // plane.shape[1]
            halved = level.reshape(64 // rows, rows, 96 // columns, columns).mean(axis=(1, 3))
            assert psnr(plane, halved, 2**bits - 1) >= 45


def test_every_one_of_ten_bits_arrives(tmp_path, loaded):
    """A ramp of single levels, which 8 bits would make steps of four: without loss where the codec has none."""
    ramp = np.linspace(200, 700, 501).round()[None].repeat(16, axis=0)[:, :500]
    grey = np.stack([(ramp - 64) / 876] * 3, axis=-1)
    path = write(tmp_path / "in.mkv", [frame_of(grey, "yuv420p10le", 9) for _ in range(2)], PQ)
    (first, *_), written, told = read(run(path, tmp_path / "out.mkv", "--codec", "ffv1"))
    assert written == "gbrp16le" and (told.primaries, told.transfer) == (9, 16)
    rgb = np.stack([first[2], first[0], first[1]], axis=-1) / 65535
    np.testing.assert_array_equal(np.rint(yuv_of(rgb, 9, False, 10))[..., 0], ramp)
    (first, *_), written, _ = read(run(path, tmp_path / "out.mp4", "--quality", "1"))
    assert written == "yuv420p10le" and np.abs(first[0] - ramp).mean() < 0.5
    assert len(np.unique(first[0])) > 400


@pytest.mark.parametrize("tags", [PQ, HLG_FULL, BT709, FULL])
@pytest.mark.parametrize("pixel_format", ["yuv444p10le", "yuv444p12le", "yuv444p16le", "yuv444p"])
def test_planes_become_rgb_of_16_bits_and_come_back_to_the_level(pixel_format, tags):
    frame = frame_of(scene(33, 21), pixel_format, tags.matrix, tags.range == 2)
    levels = np.stack([np.asarray(plane)[:, :33] for plane in planes(frame)], axis=-1)
    rgb = ToRgb(pixel_format, tags, 21, 16)(frame)
    bits = frame.format.components[0].bits
    wanted = rgb_of(levels.astype(float), tags.matrix, tags.range == 2, bits) * 65535
    assert rgb.dtype == np.uint16 and np.abs(rgb - wanted).max() <= 1
    back = FromRgb(pixel_format, tags, 21)(rgb)
    again = np.stack([np.asarray(plane)[:, :33] for plane in planes(back)], axis=-1)
    # 12 and 16 bits of limited range in 16 of RGB: a level of RGB is as much as one of theirs
    assert np.abs(again.astype(int) - levels).max() <= (1 if bits == 16 else 0)


@pytest.mark.parametrize("levels", [0, 1023])
def test_black_and_white_of_limited_range_are_the_ends_of_rgb(levels):
    frame = frame_of(np.full((4, 6, 3), levels / 1023), "yuv420p10le", 9)
    rgb = ToRgb("yuv420p10le", PQ, 4, 16)(frame)
    assert np.unique(rgb).tolist() == [0 if levels == 0 else 65535]


def test_deep_rgb_and_packed_formats_are_taken_as_they_are():
    pixels = np.random.default_rng(0).integers(0, 65536, (12, 16, 3)).astype(np.uint16)
    for pixel_format in ("rgb48le", "rgb48be", "gbrp16le", "rgba64le"):
        frame = FromRgb("gbrp16le", BT709, 12)(pixels).reformat(format=pixel_format)
        np.testing.assert_array_equal(ToRgb(pixel_format, BT709, 12, 16)(frame), pixels)
    frame = frame_of(scene(32, 16), "yuv420p10le", 9)
    packed = frame.reformat(format="p010le")
    np.testing.assert_array_equal(
        ToRgb("p010le", PQ, 16, 16)(packed), ToRgb("yuv420p10le", PQ, 16, 16)(frame_of(scene(32, 16), "yuv420p10le", 9))
    )


def test_what_is_kept_and_what_is_lost_is_said(tmp_path, loaded, capsys):
    path = clip_of(tmp_path / "in.mkv", "yuva444p10le", PQ)
    run(path, tmp_path / "out.mp4")
    said = capsys.readouterr().err
    assert "alpha channel is dropped" in said and "reduced" not in said
    assert "is HDR (PQ); its tags and its levels of 10 bits are kept" in said
    result = run(path, tmp_path / "shallow.mp4", "--depth", "8")
    said = capsys.readouterr().err
    assert "yuva444p10le is reduced to 8 bits" in said and "its tags are kept, its levels are reduced" in said
    assert read(result)[1:] == ("yuv444p", PQ)


SCREEN = (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329, 0.005, 1000)
MASTERED = "qp=1:cll=987,321:mastering-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"


def mastering_of(path):
    with av.open(str(path)) as container:
        told = next(container.decode(video=0)).side_data
        screen = struct.unpack("20i", bytes(told.get("MASTERING_DISPLAY_METADATA"))[:80])
        return np.divide(screen[::2], screen[1::2]), struct.unpack("2I", bytes(told.get("CONTENT_LIGHT_LEVEL"))[:8])


@pytest.mark.parametrize("codec", ["h264", "h265", "av1"])
def test_what_hdr10_tells_of_its_mastering_is_kept(tmp_path, loaded, codec):
    if not any(encoder.mastering and encoder.bits() for encoder in CODECS[codec].encoders):
        pytest.skip(f"this build has no {codec} that takes it")
    frames = [frame_of(scene(144, 128, shift), "yuv420p10le", 9) for shift in range(COUNT)]
    path = write(tmp_path / "in.mp4", frames, PQ, codec="libx264", settings=MASTERED)
    for flags in ((), ("--resume", "--part_frames", "1")):
        screen, light = mastering_of(run(path, tmp_path / "out.mp4", "--codec", codec, "--overwrite", *flags))
        np.testing.assert_allclose(screen, SCREEN, atol=1e-4)
        assert light == (987, 321)


def test_mastering_that_the_encoder_does_not_take_is_said_to_be_left_out(tmp_path, loaded, capsys):
    frames = [frame_of(scene(96, 64, shift), "yuv420p10le", 9) for shift in range(COUNT)]
    path = write(tmp_path / "in.mp4", frames, PQ, codec="libx264", settings=MASTERED)
    run(path, tmp_path / "out.mkv", "--codec", "ffv1")
    assert "ffv1 does not take what is told of its mastering; it is left out" in capsys.readouterr().err


def test_a_shallow_source_is_deepened_on_request(tmp_path, loaded):
    path = clip_of(tmp_path / "in.mkv", "yuv420p", BT709)
    frames, written, told = read(run(path, tmp_path / "out.mp4", "--depth", "10"))
    assert (written, told) == ("yuv420p10le", BT709)
    assert psnr(frames[0][0], yuv_of(scene(96, 64), 1, False, 10)[..., 0], 1023) >= 45


def deep_folder(folder, count=COUNT, size=(96, 64)):
    folder.mkdir()
    pictures = [np.rint(scene(*size, shift) * 65535).astype(np.uint16) for shift in range(count)]
    for index, pixels in enumerate(pictures):
        write_image(folder / f"{index}.png", pixels)
    return pictures


def png(path):
    return cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), cv2.COLOR_BGR2RGB)


def test_images_of_16_bits_stay_what_they_are(tmp_path, loaded, capsys):
    pictures = deep_folder(tmp_path / "in")
    result = run(tmp_path / "in", tmp_path / "out")
    made = [png(result / name) for name in names(result)]
    assert {frame.dtype for frame in made} == {np.dtype(np.uint16)} and len(made) == 5
    for index, pixels in enumerate(pictures):
        np.testing.assert_array_equal(made[2 * index], pixels)
    blend = (pictures[0].astype(float) + pictures[1]) / 2
    assert np.abs(made[1] - blend).max() <= 1 and "reduced" not in capsys.readouterr().err
    made = run(tmp_path / "in", tmp_path / "shallow", "--depth", "8")
    np.testing.assert_array_equal(png(made / names(made)[0]), np.rint(pictures[0] / 257).astype(np.uint8))
    assert "16 bits of 3 of 3 images are reduced to 8" in capsys.readouterr().err


def test_images_of_16_bits_become_video_of_10_and_back(tmp_path, loaded, capsys):
    deep_folder(tmp_path / "in")
    video = run(tmp_path / "in", tmp_path / "out.mp4")
    assert "rgb48le is reduced to the 10 bits of libx264" in capsys.readouterr().err
    frames, written, _ = read(video)
    assert written == "yuv420p10le"
    assert psnr(frames[0][0], yuv_of(scene(96, 64), 6, False, 10)[..., 0], 1023) >= 45
    stills = run(video, tmp_path / "stills", "--cuts", "off")
    made = png(stills / names(stills)[0])
    assert made.dtype == np.uint16 and psnr(made, scene(96, 64) * 65535, 65535) >= 40


def test_images_of_both_depths_are_read_in_the_larger(tmp_path, loaded):
    pictures = deep_folder(tmp_path / "in")
    shallow = np.rint(pictures[1] / 257).astype(np.uint8)
    write_image(tmp_path / "in" / "1.png", shallow)
    result = run(tmp_path / "in", tmp_path / "out")
    np.testing.assert_array_equal(png(result / "00000002.png"), shallow.astype(np.uint16) * 257)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_every_kind_of_image_of_16_bits_is_noticed(tmp_path, loaded, suffix):
    grey = np.rint(scene(8, 6)[..., 0] * 65535).astype(np.uint16)
    for index, pixels in enumerate((grey, np.dstack([grey] * 3), np.dstack([grey] * 4))):
        folder = tmp_path / str(index)
        folder.mkdir()
        for name in "ab":
            assert cv2.imwrite(str(folder / f"{name}{suffix}"), pixels)
        result = run(folder, tmp_path / f"out{index}")
        np.testing.assert_array_equal(png(result / "00000000.png"), np.dstack([grey] * 3))


def test_deep_video_in_webm(tmp_path, loaded):
    path = clip_of(tmp_path / "in.mkv", "yuv420p10le", PQ, "libx264")
    frames, written, told = read(run(path, tmp_path / "out.webm"))
    assert written == "yuv420p10le" and told == PQ
    wanted = yuv_of(scene(96, 64), 9, False, 10)[..., 0]
    assert psnr(frames[0][0], wanted, 1023) >= 40


@pytest.mark.parametrize("codec", ["h264", "ffv1"])
def test_deep_video_in_parts_is_that_of_one_that_was_cut_off(tmp_path, loaded, monkeypatch, codec):
    path = clip_of(tmp_path / "in.mkv", "yuv420p10le", PQ)
    flags = ("--codec", codec, "--resume", "--part_frames", "1")
    whole = run(path, tmp_path / "whole.mkv", *flags)
    predict, calls = Average.__call__, []

    def dies(self, *given):
        calls.append(given)
        return predict(self, *given) if len(calls) != 2 else (_ for _ in ()).throw(KeyboardInterrupt())

    monkeypatch.setattr(Average, "__call__", dies)
    assert exit_code([path, "--output_path", tmp_path / "out.mkv", *flags]) == 130
    again = run(path, tmp_path / "out.mkv", *flags)
    assert len(calls) == 3
    for before, after in zip(read(whole)[0], read(again)[0]):
        assert all(np.array_equal(*pair) for pair in zip(before, after))


def test_depth_codec_and_quality_belong_to_what_parts_are_told_by(tmp_path, loaded, monkeypatch, capsys):
    path = clip_of(tmp_path / "in.mkv", "yuv420p10le", PQ)
    monkeypatch.setattr(Average, "__call__", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    result = tmp_path / "out.mkv"
    assert exit_code([path, "--output_path", result, "--resume"]) == 130
    for flags, field in ((["--depth", "8"], "depth"), (["--codec", "ffv1"], "codec"), (["--quality", "9"], "quality")):
        assert exit_code([path, "--output_path", result, "--resume", *flags]) == 2
        assert f"begun with {field} " in capsys.readouterr().err


def test_cuts_duplicates_and_pictures_are_told_in_deep_video(tmp_path, loaded, monkeypatch):
    shots = [frame_of(scene(96, 64, index), "yuv420p10le", 9) for index in range(4)]
    other = [frame_of(1 - scene(96, 64, 90)[:, :, ::-1] ** 3, "yuv420p10le", 9) for index in range(4)]
    path = write(tmp_path / "cut.mkv", [*shots, *other], PQ)
    told = report_of(run(path, tmp_path / "out.mkv"))
    assert (told["cuts"], told["repeats"]) == ([0.16], 1)
    twos = [frame_of(scene(96, 64, 9 * (index // 2)), "yuv420p10le", 9) for index in range(8)]
    path = write(tmp_path / "twos.mkv", twos, PQ)
    assert report_of(run(path, tmp_path / "twos.mp4", "--duplicates", "drop"))["predicted"] > 8
    monkeypatch.setattr(Average, "__call__", lambda self, frames, times: frames[:1] * 0)
    result = run(clip_of(tmp_path / "in.mkv", "yuv420p10le", PQ), tmp_path / "black.mp4")
    assert report_of(result)["unfit"] == 2 and read(result)[0][1][0].mean() > 300


def test_deep_video_in_tiles_and_enlarged(tmp_path, loaded, monkeypatch):
    path = clip_of(tmp_path / "in.mkv", "yuv420p10le", replace(PQ, range=2), size=(320, 192))
    whole, tiled = run(path, tmp_path / "whole"), run(path, tmp_path / "tiled", "--tile", "192")
    difference = png(whole / "00000001.png").astype(int) - png(tiled / "00000001.png")
    assert png(whole / "00000001.png").dtype == np.uint16 and np.abs(difference).max() <= 1

    class Larger:
        inputs, outputs, scale, timestep = 5, 1, 4, "fixed"

        def __call__(self, frames, times):
            return frames[2:3].repeat(4, axis=2).repeat(4, axis=3)

    monkeypatch.setattr(sys.modules["src.runtime.mindspore_graph"], "load_predictor", lambda *_: Larger())
    path = clip_of(tmp_path / "small.mkv", "yuv444p10le", PQ, size=(32, 24))
    frames, written, told = read(run(path, tmp_path / "large.mkv", "--model", "tdan_x4"))
    assert (written, told, len(frames)) == ("yuv444p10le", PQ, COUNT)
    assert frames[0][0].shape == (96, 128)
    assert psnr(frames[0][0][2::4, 2::4], yuv_of(scene(32, 24), 9, False, 10)[..., 0], 1023) >= 40

import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from src.errors import InputError
from src.video.images import _decode_plain_png, image_files, read_image, write_image
from src.video.reader import open_source
from tests.video.clips import picture


def save(folder, name, pixels):
    """Write an array with OpenCV; three channels are RGB."""
    order = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}.get(pixels.shape[2] if pixels.ndim == 3 else 1)
    assert cv2.imwrite(str(folder / name), pixels if order is None else cv2.cvtColor(pixels, order))


def frames_of(folder):
    return list(open_source(str(folder)).frames())


def test_natural_order_and_only_images(tmp_path):
    for level, name in enumerate(["frame1.png", "frame9.png", "frame10.PNG", "frame100.bmp"]):
        save(tmp_path, name.lower(), np.full((4, 6, 3), level, np.uint8))
        (tmp_path / name.lower()).rename(tmp_path / name)
    save(tmp_path, ".hidden.png", np.zeros((9, 9, 3), np.uint8))
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "folder.png").mkdir()
    source = open_source(str(tmp_path))
    assert (source.count, source.width, source.height, source.rate) == (4, 6, 4, 25)
    assert [int(frame[0, 0, 0]) for frame in source.frames()] == [0, 1, 2, 3]


def test_digits_that_are_no_number_are_letters(tmp_path):
    for name in ("a10.png", "a9.png", "²3.png", "²20.png", "³.png"):
        save(tmp_path, name, np.zeros((4, 6, 3), np.uint8))
    assert [file.name for file in image_files(tmp_path)] == ["a9.png", "a10.png", "²3.png", "²20.png", "³.png"]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp"])
def test_images_are_as_large_as_they_are(tmp_path, monkeypatch, suffix):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 17 * 11 // 3)
    for index in range(2):
        save(tmp_path, f"{index}{suffix}", picture(17, 11, index))
    assert [frame.shape for frame in frames_of(tmp_path)] == [(11, 17, 3)] * 2


def test_more_pixels_than_can_be_decoded_are_told(tmp_path):
    header = struct.pack(">4sIIBBBBB", b"IHDR", 40000, 30000, 8, 2, 0, 0, 0)
    chunks = [header, b"IDAT" + zlib.compress(bytes(100)), b"IEND"]
    content = b"".join(struct.pack(">I", len(each) - 4) + each + struct.pack(">I", zlib.crc32(each)) for each in chunks)
    for index in range(2):
        (tmp_path / f"{index}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + content)
    with pytest.raises(InputError, match="0.png: cannot be decoded as an image: damaged, or too large"):
        frames_of(tmp_path)


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif"])
def test_rgb_is_read_bit_for_bit(tmp_path, suffix):
    for index in range(2):
        save(tmp_path, f"{index}{suffix}", picture(17, 11, index))
    for index, frame in enumerate(frames_of(tmp_path)):
        np.testing.assert_array_equal(frame, picture(17, 11, index))


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_lossy_images_keep_their_colours(tmp_path, suffix):
    for index in range(2):
        save(tmp_path, f"{index}{suffix}", picture(64, 48, index))
    assert np.abs(frames_of(tmp_path)[1].astype(int) - picture(64, 48, 1)).mean() < 5


def test_gray_is_expanded_and_16_bits_are_rounded(tmp_path):
    save(tmp_path, "0.png", np.array([[0, 90, 255]], np.uint8))
    save(tmp_path, "1.png", np.array([[0, 90 * 257 + 128, 65535]], np.uint16))
    save(tmp_path, "2.png", np.array([[[0, 90 * 257 + 129, 65535]] * 3], np.uint16))
    first, second, third = frames_of(tmp_path)
    assert first.tolist() == second.tolist() == [[[0] * 3, [90] * 3, [255] * 3]]
    assert third.tolist() == [[[0, 91, 255]] * 3]


def test_alpha_is_dropped_with_a_note(tmp_path, capsys):
    rgba = np.dstack([picture(8, 6), np.full((6, 8), 40, np.uint8)])
    save(tmp_path, "0.png", rgba)
    Image.fromarray(rgba[..., 0]).convert("LA").save(tmp_path / "1.png")
    save(tmp_path, "2.png", picture(8, 6))
    frames = frames_of(tmp_path)
    np.testing.assert_array_equal(frames[0], picture(8, 6))
    np.testing.assert_array_equal(frames[1], np.repeat(rgba[..., :1], 3, axis=2))
    assert "alpha channel of 2 of 3 images is dropped" in capsys.readouterr().err


def test_palette_is_expanded(tmp_path):
    image = Image.fromarray(picture(8, 6)).quantize(16)
    for name in ("0.png", "1.bmp"):
        image.save(tmp_path / name)
    for frame in frames_of(tmp_path):
        np.testing.assert_array_equal(frame, np.asarray(image.convert("RGB")))


def test_orientation_of_the_camera_is_applied(tmp_path):
    pixels = np.zeros((16, 32, 3), np.uint8)
    pixels[:, :16] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by a quarter
    for name in ("0.jpg", "1.jpg"):
        Image.fromarray(pixels).save(tmp_path / name, exif=exif, quality=95)
    source = open_source(str(tmp_path))
    assert (source.width, source.height) == (16, 32)
    for frame in source.frames():
        assert np.abs(frame.astype(int) - np.rot90(pixels, -1)).mean() < 3


def test_mixed_sizes_name_both_files_and_sizes(tmp_path):
    save(tmp_path, "a.png", picture(8, 6))
    save(tmp_path, "b.png", picture(8, 6))
    save(tmp_path, "c.png", picture(6, 8))
    with pytest.raises(InputError, match="a.png is 8x6, c.png is 6x8"):
        open_source(str(tmp_path))


def test_folder_without_images(tmp_path):
    (tmp_path / "clip.mp4").write_text("x")
    with pytest.raises(InputError, match="needs images .*found none"):
        open_source(str(tmp_path))


def test_folder_of_one_image(tmp_path):
    save(tmp_path, "a.png", picture(8, 6))
    with pytest.raises(InputError, match="needs at least 2 frames, found 1"):
        open_source(str(tmp_path))


def test_text_named_png_is_refused_before_decoding(tmp_path):
    save(tmp_path, "a.png", picture(8, 6))
    (tmp_path / "b.png").write_text("hello")
    with pytest.raises(InputError, match="b.png: cannot be decoded as an image"):
        open_source(str(tmp_path))


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".webp"])
def test_truncated_image_is_named(tmp_path, suffix):
    for index in range(3):
        save(tmp_path, f"{index}{suffix}", picture(64, 64, index))
    whole = (tmp_path / f"1{suffix}").read_bytes()
    (tmp_path / f"1{suffix}").write_bytes(whole[: len(whole) * 6 // 10])
    with pytest.raises(InputError, match=f"1{suffix}: cannot be decoded"):
        frames_of(tmp_path)


def test_floating_point_image_is_refused(tmp_path):
    for name in ("0.tif", "1.tif"):
        save(tmp_path, name, np.zeros((4, 4, 3), np.float32))
    with pytest.raises(InputError, match="8 or 16 bits per channel; got float32"):
        frames_of(tmp_path)


def test_written_png_holds_the_same_rgb(tmp_path):
    write_image(tmp_path / "a.png", picture(9, 5))
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "a.png")), picture(9, 5))


def test_a_plain_png_decodes_to_the_pixels_that_were_written(tmp_path):
    """Of every row filter, by the decoder of the fast way."""
    rng = np.random.default_rng(1)
    ramp = np.add.outer(np.arange(37), 2 * np.arange(53))[..., None] * (1, 2, 3)
    for number, pixels in enumerate((ramp % 256, rng.integers(0, 256, (37, 53, 3)), rng.integers(0, 256, (1, 1, 3)))):
        file = tmp_path / f"{number}.png"
        Image.fromarray(pixels.astype(np.uint8)).save(file)
        assert _decode_plain_png(file.read_bytes()) is not None
        np.testing.assert_array_equal(read_image(file), pixels)


def test_every_damage_to_a_plain_png_is_noticed(tmp_path):
    pixels = np.random.default_rng(2).integers(0, 256, (20, 30, 3)).astype(np.uint8)
    write_image(tmp_path / "whole.png", pixels)
    data = (tmp_path / "whole.png").read_bytes()
    file = tmp_path / "damaged.png"
    for place in range(0, len(data), 7):
        file.write_bytes(data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :])
        with pytest.raises(InputError, match="damaged.png: cannot be decoded"):
            read_image(file)
    for length in (0, 7, 30, len(data) // 2, len(data) - 1):
        file.write_bytes(data[:length])
        with pytest.raises(InputError, match="damaged.png: cannot be decoded"):
            read_image(file)

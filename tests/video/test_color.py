import av
import numpy as np
import pytest

from src.video.color import ColorTags, FromRgb, ToRgb, matrix_code, tags_for_rgb
from tests.video.clips import picture

# Red and blue luma weights of ITU-R BT.709, BT.601, SMPTE 240M and BT.2020.
WEIGHTS = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 6: (0.299, 0.114), 7: (0.212, 0.087), 9: (0.2627, 0.0593)}
CASES = [(matrix, levels) for matrix in WEIGHTS for levels in (1, 2)]


def rgb_by_definition(planes, matrix, levels):
    red, blue = WEIGHTS[matrix]
    luma, *chroma = planes.astype(float)
    luma = luma / 255 if levels == 2 else (luma - 16) / 219
    cb, cr = ((plane - 128) / (255 if levels == 2 else 224) for plane in chroma)
    r = luma + 2 * (1 - red) * cr
    b = luma + 2 * (1 - blue) * cb
    g = (luma - red * r - blue * b) / (1 - red - blue)
    return np.clip(np.rint(255 * np.stack([r, g, b], axis=-1)), 0, 255)


def random_planes(height, width):
    random = np.random.default_rng(0)
    bounds = ((60, 180), (105, 150), (105, 150))
    return np.stack([random.integers(*bound, (height, width)) for bound in bounds]).astype(np.uint8)


@pytest.mark.parametrize(("matrix", "levels"), CASES)
@pytest.mark.parametrize("tagged", [False, True])
def test_yuv_becomes_rgb_by_the_matrix_and_range_of_the_tags(matrix, levels, tagged):
    planes = random_planes(21, 33)
    frame = av.VideoFrame.from_ndarray(planes, format="yuv444p")
    if tagged:
        frame.colorspace, frame.color_range = matrix, levels
    found = ToRgb("yuv444p", ColorTags(matrix, levels), 21)(frame)
    assert np.abs(found - rgb_by_definition(planes, matrix, levels)).max() <= 1


@pytest.mark.parametrize(("matrix", "levels"), CASES)
def test_rgb_becomes_yuv_by_the_matrix_and_range_of_the_tags(matrix, levels):
    planes = random_planes(22, 34)
    rgb = rgb_by_definition(planes, matrix, levels)
    inside = ((rgb > 0) & (rgb < 255)).all(axis=-1)
    frame = FromRgb("yuv444p", ColorTags(matrix, levels), 22)(rgb.astype(np.uint8))
    assert np.abs(frame.to_ndarray().astype(int) - planes)[:, inside].max() <= 1


@pytest.mark.parametrize(("height", "matrix"), [(576, 6), (719, 6), (720, 1), (2160, 1)])
def test_untagged_video_is_bt709_from_720_lines_on(height, matrix):
    assert matrix_code(ColorTags(), height) == matrix
    assert tags_for_rgb(height) == ColorTags(matrix=matrix, range=1)


def test_full_range_of_the_old_jpeg_formats_needs_no_tag():
    planes = random_planes(8, 16)
    frame = av.VideoFrame.from_ndarray(planes, format="yuvj444p")
    found = ToRgb("yuvj444p", ColorTags(6), 8)(frame)
    assert np.abs(found - rgb_by_definition(planes, 6, 2)).max() <= 1


@pytest.mark.parametrize("pixel_format", ["rgb24", "bgra", "gbrp"])
def test_rgb_video_is_taken_as_it_is_whatever_its_tags(pixel_format):
    pixels = picture(16, 12)
    frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=pixel_format)
    for tags in (ColorTags(), ColorTags(0, 2), tags_for_rgb(12)):
        np.testing.assert_array_equal(ToRgb(pixel_format, tags, 12)(frame), pixels)


@pytest.mark.parametrize("size", [(48, 32), (33, 21), (1, 1), (7, 5)])
def test_there_and_back_through_halved_chroma_is_visually_the_same(size):
    pixels = picture(*size)
    for tags in (ColorTags(1, 1), ColorTags(6, 2)):
        frame = FromRgb("yuv420p", tags, size[1])(pixels)
        back = ToRgb("yuv420p", tags, size[1])(frame).astype(float)
        assert back.shape == pixels.shape
        assert abs((back - pixels).mean(axis=(0, 1))).max() <= 1, "a tint"
        assert 10 * np.log10(255**2 / max(((back - pixels) ** 2).mean(), 1e-9)) > 32

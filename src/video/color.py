"""Between the YUV of video files and RGB, by the tags of the file.

To RGB of 8 bits the conversion goes through libswscale's filter with matrix and range always spelled out: left to
itself it takes BT.601 limited range for whatever is not tagged, and PyAV's own `reformat` skips the conversion of range
in some versions. To RGB of 16 bits libswscale is a 256th too dark and, by its version, levels off on the way back;
there it only brings chroma to full size, and the definition of ITU-T H.273 is applied as it stands.
"""

from __future__ import annotations

from dataclasses import dataclass

import av
import cv2
import numpy as np

from src.video.planes import Conversion, read_planes, write_planes

RGB = 0
UNSPECIFIED = 2
LIMITED_RANGE = 1
FULL_RANGE = 2
BT2020_PRIMARIES = 9
# ITU-T H.273 matrix coefficients, by the names that every version of the filter knows.
MATRICES = {1: "bt709", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020", 10: "bt2020"}
# The parts of red and blue in the luma of those.
WEIGHTS = {
    "bt709": (0.2126, 0.0722),
    "fcc": (0.30, 0.11),
    "bt601": (0.299, 0.114),
    "smpte240m": (0.212, 0.087),
    "bt2020": (0.2627, 0.0593),
}
WHITE = 65535  # of RGB of 16 bits
PLANE_BITS = (8, 9, 10, 12, 14, 16)  # that FFmpeg has formats of full planes for


@dataclass(frozen=True)
class ColorTags:
    """How a file says its YUV is to be read: the code points of ITU-T H.273, and 0 unknown, 1 limited, 2 full range."""

    matrix: int = UNSPECIFIED
    range: int = 0
    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED


def matrix_code(tags: ColorTags, height: int) -> int:
    """Return the matrix to convert with: the tagged one, else BT.709 from 720 lines on and BT.601 below."""
    if tags.matrix in MATRICES:
        return tags.matrix
    return 1 if height >= 720 else 6


def tags_for_rgb(height: int, primaries: int = UNSPECIFIED, transfer: int = UNSPECIFIED) -> ColorTags:
    """Return the tags to write for frames that come from RGB: the usual matrix, limited range."""
    matrix = 9 if primaries == BT2020_PRIMARIES else matrix_code(ColorTags(), height)
    return ColorTags(matrix, LIMITED_RANGE, primaries, transfer)


def is_rgb(pixel_format: str) -> bool:
    """Tell the formats that no matrix and no range apply to."""
    video_format = av.VideoFormat(pixel_format)
    return video_format.is_rgb or video_format.has_palette


def bits_of(pixel_format: str) -> int:
    """Return the bits of the deepest channel but alpha; a palette has 8."""
    video_format = av.VideoFormat(pixel_format)
    if video_format.has_palette:
        return 8
    return max(component.bits for component in video_format.components if not component.is_alpha)


class ToRgb:
    """Converts decoded frames of one file to (H, W, 3) RGB: uint8, or uint16 at depth 16; alpha planes are dropped."""

    def __init__(self, pixel_format: str, tags: ColorTags, height: int, depth: int = 8):
        self._convert = (_to_8_bits if depth == 8 else _to_16_bits)(pixel_format, tags, height)

    def __call__(self, frame: av.VideoFrame) -> np.ndarray:
        return self._convert(frame)


class FromRgb:
    """Converts (H, W, 3) uint8 or uint16 RGB to frames of `pixel_format` with the matrix and the range of the tags."""

    def __init__(self, pixel_format: str, tags: ColorTags, height: int):
        levels = "full" if tags.range == FULL_RANGE else "limited"
        matrix = MATRICES[matrix_code(tags, height)]
        self._shallow = Conversion(pixel_format, f"out_color_matrix={matrix}:out_range={levels}")
        self._deep = _from_16_bits(pixel_format, matrix, levels)

    def __call__(self, pixels: np.ndarray) -> av.VideoFrame:
        if pixels.dtype == np.uint16:
            return self._deep(pixels)
        return self._shallow(av.VideoFrame.from_ndarray(pixels, format="rgb24"))


def _to_8_bits(pixel_format, tags, height):
    levels = {1: ":in_range=limited", 2: ":in_range=full"}.get(tags.range, "")
    levels = "" if is_rgb(pixel_format) else levels
    convert = Conversion("rgb24", f"in_color_matrix={MATRICES[matrix_code(tags, height)]}{levels}:out_range=full")
    return lambda frame: convert(frame).to_ndarray()


def _to_16_bits(pixel_format, tags, height):
    full_planes = _full_planes(pixel_format)
    bits = bits_of(full_planes)
    if full_planes.startswith("yuv"):
        levels = "full" if tags.range == FULL_RANGE or pixel_format.startswith("yuvj") else "limited"
        matrix = MATRICES[matrix_code(tags, height)]
        rgb_of = np.linalg.inv(_yuv_of_rgb(matrix, levels, bits))[:3]
        widen = Conversion(full_planes, _resampled(matrix, levels))
        return lambda frame: cv2.transform(read_planes(widen(frame)), rgb_of)
    widen = Conversion(full_planes, "out_range=full")
    order = [2, 0, 1] if full_planes.startswith("gbr") else [0, 0, 0]

    def convert(frame):
        # a plane of alpha is passed over here: libswscale rounds the others when it takes it away
        planes = read_planes(frame if frame.format.name.startswith("gbrap") else widen(frame))
        return _rescaled(planes, 2**bits - 1)[..., order]

    return convert


def _from_16_bits(pixel_format, matrix, levels):
    full_planes = _full_planes(pixel_format)
    bits = bits_of(full_planes)
    narrow = Conversion(pixel_format, _resampled(matrix, levels))
    if full_planes.startswith("gbr"):
        return lambda pixels: narrow(write_planes(_rescaled(pixels[..., [1, 2, 0]], WHITE, 2**bits - 1), full_planes))
    yuv_of = _yuv_of_rgb(matrix, levels, bits)[:3]
    return lambda pixels: narrow(write_planes(np.minimum(cv2.transform(pixels, yuv_of), 2**bits - 1), full_planes))


def _resampled(matrix, levels):
    """Return what makes libswscale bring chroma to another size and leave all levels: frames have tags of their own."""
    return f"in_color_matrix={matrix}:out_color_matrix={matrix}:in_range={levels}:out_range={levels}"


def _full_planes(pixel_format):
    """Return the format of the same colours and bits with a full plane for each channel."""
    bits = next((known for known in PLANE_BITS if known >= bits_of(pixel_format)), PLANE_BITS[-1])
    if is_rgb(pixel_format):
        family = "gbrp"
    else:
        colours = sum(not component.is_alpha for component in av.VideoFormat(pixel_format).components)
        family = "gray" if colours == 1 else "yuv444p"
    return family if bits == 8 else f"{family}{bits}le"


def _yuv_of_rgb(matrix, levels, bits):
    """Return the 4 x 4 matrix from (R, G, B, 1) of 16 bits to (Y, Cb, Cr, 1) of so many bits (ITU-T H.273, 8.3)."""
    red, blue = WEIGHTS[matrix]
    luma = np.array([red, 1 - red - blue, blue])
    chroma_blue = (np.array([0, 0, 1]) - luma) / (2 * (1 - blue))
    chroma_red = (np.array([1, 0, 0]) - luma) / (2 * (1 - red))
    step = 2 ** (bits - 8)
    full = 2**bits - 1
    black, span, chroma_span = (0, full, full) if levels == "full" else (16 * step, 219 * step, 224 * step)
    affine = np.eye(4)
    affine[:3, :3] = np.stack([luma * span, chroma_blue * chroma_span, chroma_red * chroma_span]) / WHITE
    affine[:3, 3] = black, 128 * step, 128 * step
    return affine


def _rescaled(levels, white, wanted=WHITE):
    if white == wanted:
        return levels
    return ((levels.astype(np.uint32) * wanted + white // 2) // white).astype(np.uint16)

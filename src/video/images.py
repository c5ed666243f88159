"""A folder of images as a source of frames.

How an image becomes RGB: grey and palette images are expanded, CMYK is converted, an alpha channel is dropped with a
note, and the orientation that a camera wrote into the file is applied. A folder with images of 16 bits is read in 16
bits, where that is asked for: 255 of the others becomes 65535. Else 16 bits are rounded to 8, and 65535 becomes 255.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from src.errors import InputError
from src.video.color import ColorTags, tags_for_rgb
from src.video.frames import chosen_depth, in_depth, kind_of
from src.video.media import Period
from src.video.png import is_plain_rgb, with_stored_pixels
from src.video.progress import note

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
FOLDER_RATE = Fraction(25)  # frames per second of a folder, which does not tell
BITS_OF_TIFF = 258  # the tag
ORIENTATION = 0x0112  # the Exif tag; 5 to 8 are turned by a quarter


@dataclass(frozen=True)
class ImageFolder:
    """The images of one folder, of one size, in natural order (9 before 10); see `Source` in reader.py."""

    path: str
    files: tuple[Path, ...]
    width: int
    height: int
    depth: int = 8
    rate: Fraction = FOLDER_RATE
    constant: bool = True
    start: Fraction = Fraction(0)
    aspect: Fraction | None = None
    mastering: None = None
    sound_path: str | None = None
    companions: int = 0
    period: Period | None = None

    @property
    def count(self) -> int:
        return len(self.files)

    @property
    def end(self) -> Fraction:
        return self.count / self.rate

    @property
    def pixel_format(self) -> str:
        return "rgb24" if self.depth == 8 else "rgb48le"

    @property
    def tags(self) -> ColorTags:
        return tags_for_rgb(self.height)

    def frames(self) -> Iterator[np.ndarray]:
        """Read image after image; raises InputError naming the file that cannot be decoded."""
        return (frame for _, frame in self.timed_frames())

    def timed_frames(self, first: int = 0) -> Iterator[tuple[Fraction, np.ndarray]]:
        """Read image after image, each with its time, from the one of the number `first` on."""
        for index, file in enumerate(self.files[first:], start=first):
            pixels = read_image(file, kind_of(self.depth))
            height, width, _ = pixels.shape
            if (height, width) != (self.height, self.width):
                raise InputError(f"{file}: needs {self.width}x{self.height} as its header says; got {width}x{height}")
            yield index / self.rate, pixels


def open_folder(path: str, depth: str = "8") -> ImageFolder:
    """Look at the headers of all images of a folder; hidden files and files of other kinds are passed over.

    depth: see `open_source` in reader.py.
    Raises InputError for a folder without images, a file that is no image, or sizes that differ, naming both files.
    """
    files = image_files(path)
    if not files:
        raise InputError(f"{path}: needs images ({', '.join(IMAGE_SUFFIXES)}); found none")
    headers = [_read_header(file) for file in files]
    width, height = headers[0].size
    for file, (size, *_) in zip(files, headers):
        if size != (width, height):
            raise InputError(
                f"{path}: images need one size; {files[0].name} is {width}x{height}, {file.name} is {size[0]}x{size[1]}"
            )
    transparent = sum(header.has_alpha for header in headers)
    if transparent:
        note(f"{path}: the alpha channel of {transparent} of {len(files)} images is dropped")
    deep = sum(header.is_deep for header in headers)
    if deep and depth == "8":
        note(f"{path}: the 16 bits of {deep} of {len(files)} images are reduced to 8")
    chosen = chosen_depth(depth, 16 if deep else 8)
    return ImageFolder(path=path, files=tuple(files), width=width, height=height, depth=chosen)


def image_files(path: Path | str) -> list[Path]:
    """List the images of a folder in natural order, none of them looked at; raises InputError when it cannot be."""
    try:
        return sorted((file for file in Path(path).iterdir() if _is_image(file)), key=natural_order)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error


def natural_order(file: Path) -> tuple:
    """Return the key that sorts numbers inside names by value."""
    parts = re.split(r"(\d+)", file.name)
    return [int(part) if part.isdecimal() else part.casefold() for part in parts], file.name


def read_image(file: Path, kind: np.dtype = np.uint8) -> np.ndarray:
    """Decode one image to (H, W, 3) RGB, uint8 or uint16, by the rule above; raises InputError naming the file."""
    return decode_image(read_bytes(file), file, kind)


def read_bytes(file: Path) -> bytes:
    """Return what a file holds; raises InputError naming it."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from error


def decode_image(data: bytes, file: Path, kind: np.dtype = np.uint8) -> np.ndarray:
    """Decode the bytes of an image as `read_image` does; raises InputError naming the file that they come from."""
    return in_depth(_decoded(data, file), kind)


def _decoded(data, file):
    pixels = _decode_plain_png(data)
    if pixels is not None:
        return pixels
    if file.suffix.lower() in (".jpg", ".jpeg"):
        _refuse_truncated(file, data)
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH) if data else None
    except cv2.error as error:
        raise InputError(f"{file}: cannot be decoded as an image: damaged, or too large ({error.err})") from error
    if pixels is None:
        raise InputError(f"{file}: cannot be decoded as an image: damaged or truncated")
    if pixels.dtype not in (np.uint8, np.uint16):
        raise InputError(f"{file}: needs 8 or 16 bits per channel; got {pixels.dtype}")
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)


def write_image(file: Path, pixels: np.ndarray) -> None:
    """Write (H, W, 3) uint8 or uint16 RGB as PNG of as many bits; OSError when the disk does not take it."""
    file.write_bytes(encode_png(pixels))


def encode_png(pixels: np.ndarray) -> bytes:
    """Return (H, W, 3) uint8 or uint16 RGB as the bytes of a PNG file of as many bits."""
    done, data = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    if not done:
        raise ValueError(f"a PNG needs (H, W, 3) uint8 or uint16; got {pixels.shape} {pixels.dtype}")
    return data.tobytes()


def _decode_plain_png(data: bytes) -> np.ndarray | None:
    """Decode a PNG of RGB by FFmpeg, which is faster than OpenCV; None for what it is not the one to judge."""
    stored = with_stored_pixels(data) if is_plain_rgb(data) else None
    if stored is None:
        return None
    import av  # here, for the same reason as Pillow

    decoder = av.CodecContext.create("png", "r")
    decoder.thread_count = 1
    decoder.options = {"err_detect": "explode"}  # else what is damaged is passed over
    try:
        frames = decoder.decode(av.Packet(stored))
    except av.error.FFmpegError:
        return None
    if len(frames) != 1 or frames[0].format.name not in ("rgb24", "rgb48be"):
        return None
    # in the order of bytes of this machine
    return frames[0].to_ndarray() if frames[0].format.name == "rgb24" else frames[0].to_ndarray().astype(np.uint16)


def _is_image(file: Path) -> bool:
    return file.suffix.lower() in IMAGE_SUFFIXES and not file.name.startswith(".") and file.is_file()


class _Header(NamedTuple):
    """What is known before decoding; `size` is the upright (width, height), `is_deep` tells more than 8 bits."""

    size: tuple[int, int]
    has_alpha: bool
    is_deep: bool


def _read_header(file: Path) -> _Header:
    try:
        with _opened(file) as image:
            has_alpha = "A" in image.getbands() or "transparency" in image.info
            # Pillow decodes a whole PNG in search of an Exif chunk behind the pixels.
            has_exif = image.format != "PNG" or "exif" in image.info
            turned = has_exif and image.getexif().get(ORIENTATION, 1) >= 5
            return _Header(image.size[::-1] if turned else image.size, has_alpha, _is_deep(image, file))
    except (OSError, ValueError, SyntaxError):  # among them kinds that only OpenCV knows, such as RGB TIFF of 16 bits
        pixels = _decoded(read_bytes(file), file)
        return _Header(pixels.shape[1::-1], False, pixels.dtype == np.uint16)


def _is_deep(image, file):
    if image.format == "PNG":  # Pillow hides the bits of colour PNG
        with open(file, "rb") as content:
            return content.read(25)[24:] == bytes([16])
    return image.format == "TIFF" and 16 in image.tag_v2.get(BITS_OF_TIFF, ())


def _opened(content):
    from PIL import Image  # here, so that a run on videos does not pay for it

    Image.MAX_IMAGE_PIXELS = None  # large images are what the user hands in; memory is looked at elsewhere
    return Image.open(content)


def _refuse_truncated(file: Path, data: bytes) -> None:
    """OpenCV fills what is missing of a JPEG with grey and says nothing."""
    try:
        _opened(io.BytesIO(data)).load()
    except (OSError, ValueError, SyntaxError) as error:
        raise InputError(f"{file}: cannot be decoded as an image: {error}") from error

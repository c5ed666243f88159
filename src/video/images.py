"""A folder of images as a source of frames.

How an image becomes 8-bit RGB: grey and palette images are expanded, CMYK is converted, 16 bits are rounded to 8 (65535
becomes 255), an alpha channel is dropped with a note, and the orientation that a camera wrote into the file is applied.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from src.errors import InputError
from src.video.color import ColorTags, tags_for_rgb
from src.video.media import Period
from src.video.progress import note

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
FOLDER_RATE = Fraction(25)  # frames per second of a folder, which does not tell
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PLAIN_RGB = bytes((8, 2, 0, 0, 0))  # of its header: 8 bits, red green blue, deflate, adaptive filters, not interlaced
ORIENTATION = 0x0112  # the Exif tag; 5 to 8 are turned by a quarter


@dataclass(frozen=True)
class ImageFolder:
    """The images of one folder, of one size, in natural order (9 before 10); see `Source` in reader.py."""

    path: str
    files: tuple[Path, ...]
    width: int
    height: int
    rate: Fraction = FOLDER_RATE
    constant: bool = True
    start: Fraction = Fraction(0)
    aspect: Fraction | None = None
    pixel_format: str = "rgb24"
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
    def tags(self) -> ColorTags:
        return tags_for_rgb(self.height)

    def frames(self) -> Iterator[np.ndarray]:
        """Read image after image; raises InputError naming the file that cannot be decoded."""
        return (frame for _, frame in self.timed_frames())

    def timed_frames(self, first: int = 0) -> Iterator[tuple[Fraction, np.ndarray]]:
        """Read image after image, each with its time, from the one of the number `first` on."""
        for index, file in enumerate(self.files[first:], start=first):
            pixels = read_image(file)
            height, width, _ = pixels.shape
            if (height, width) != (self.height, self.width):
                raise InputError(f"{file}: needs {self.width}x{self.height} as its header says; got {width}x{height}")
            yield index / self.rate, pixels


def open_folder(path: str) -> ImageFolder:
    """Look at the headers of all images of a folder; hidden files and files of other kinds are passed over.

    Raises InputError for a folder without images, a file that is no image, or sizes that differ, naming both files.
    """
    files = image_files(path)
    if not files:
        raise InputError(f"{path}: needs images ({', '.join(IMAGE_SUFFIXES)}); found none")
    headers = [_read_header(file) for file in files]
    (width, height), _ = headers[0]
    for file, (size, _) in zip(files, headers):
        if size != (width, height):
            raise InputError(
                f"{path}: images need one size; {files[0].name} is {width}x{height}, {file.name} is {size[0]}x{size[1]}"
            )
    transparent = sum(has_alpha for _, has_alpha in headers)
    if transparent:
        note(f"{path}: the alpha channel of {transparent} of {len(files)} images is dropped")
    return ImageFolder(path=path, files=tuple(files), width=width, height=height)


def image_files(path: Path | str) -> list[Path]:
    """List the images of a folder in natural order, none of them looked at; raises InputError when it cannot be."""
    try:
        return sorted((file for file in Path(path).iterdir() if _is_image(file)), key=natural_order)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error


def natural_order(file: Path) -> tuple:
    """Return the key that sorts numbers inside names by value."""
    parts = re.split(r"(\d+)", file.name)
    return [int(part) if part.isdigit() else part.casefold() for part in parts], file.name


def read_image(file: Path) -> np.ndarray:
    """Decode one image to (H, W, 3) uint8 RGB by the rule above; raises InputError naming the file."""
    return decode_image(read_bytes(file), file)


def read_bytes(file: Path) -> bytes:
    """Return what a file holds; raises InputError naming it."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from error


def decode_image(data: bytes, file: Path) -> np.ndarray:
    """Decode the bytes of an image as `read_image` does; raises InputError naming the file that they come from."""
    pixels = _decode_plain_png(data)
    if pixels is not None:
        return pixels
    if file.suffix.lower() in (".jpg", ".jpeg"):
        _refuse_truncated(file, data)
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH) if data else None
    if pixels is None:
        raise InputError(f"{file}: cannot be decoded as an image: damaged or truncated")
    if pixels.dtype == np.uint16:
        pixels = ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if pixels.dtype != np.uint8:
        raise InputError(f"{file}: needs 8 or 16 bits per channel; got {pixels.dtype}")
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)


def write_image(file: Path, pixels: np.ndarray) -> None:
    """Write (H, W, 3) uint8 RGB as PNG; OSError when the disk does not take it."""
    file.write_bytes(encode_png(pixels))


def encode_png(pixels: np.ndarray) -> bytes:
    """Return (H, W, 3) uint8 RGB as the bytes of a PNG file."""
    done, data = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    if not done:
        raise ValueError(f"a PNG needs (H, W, 3) uint8; got {pixels.shape} {pixels.dtype}")
    return data.tobytes()


def _decode_plain_png(data: bytes) -> np.ndarray | None:
    """Decode a PNG of 8-bit RGB by FFmpeg, which is faster than OpenCV; None for what it is not the one to judge."""
    if data[:8] != PNG_SIGNATURE or data[24:29] != PLAIN_RGB or data[-8:-4] != b"IEND" or b"eXIf" in data:
        return None
    import av  # here, for the same reason as Pillow

    decoder = av.CodecContext.create("png", "r")
    decoder.thread_count = 1
    decoder.options = {"err_detect": "crccheck+explode"}  # else what is damaged is passed over
    try:
        frames = decoder.decode(av.Packet(data))
    except av.error.FFmpegError:
        return None
    return frames[0].to_ndarray() if len(frames) == 1 and frames[0].format.name == "rgb24" else None


def _is_image(file: Path) -> bool:
    return file.suffix.lower() in IMAGE_SUFFIXES and not file.name.startswith(".") and file.is_file()


def _read_header(file: Path) -> tuple[tuple[int, int], bool]:
    """Return the upright (width, height) and whether there is an alpha channel, if possible without decoding."""
    from PIL import Image  # here, so that a run on videos does not pay for it

    try:
        with Image.open(file) as image:
            has_alpha = "A" in image.getbands() or "transparency" in image.info
            # Pillow decodes a whole PNG in search of an Exif chunk behind the pixels.
            has_exif = image.format != "PNG" or "exif" in image.info
            turned = has_exif and image.getexif().get(ORIENTATION, 1) >= 5
            return (image.size[::-1] if turned else image.size), has_alpha
    except (OSError, ValueError, SyntaxError):  # among them kinds that only OpenCV knows, such as RGB TIFF of 16 bits
        height, width, _ = read_image(file).shape
        return (width, height), False


def _refuse_truncated(file: Path, data: bytes) -> None:
    """OpenCV fills what is missing of a JPEG with grey and says nothing."""
    from PIL import Image

    try:
        Image.open(io.BytesIO(data)).load()
    except (OSError, ValueError, SyntaxError) as error:
        raise InputError(f"{file}: cannot be decoded as an image: {error}") from error

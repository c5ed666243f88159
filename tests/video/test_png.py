"""PNG files whose pixels are inflated beforehand: the same picture for every reader, and no damage passed on."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from src.video.png import CHUNK, SIGNATURE, is_plain_rgb, with_stored_pixels


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(pixels, pieces=1, rows=None, other=b""):
    """Return a PNG of unfiltered rows, deflated by zlib and cut into `pieces` chunks."""
    height, width = pixels.shape[:2]
    rows = b"".join(b"\0" + row.tobytes() for row in pixels) if rows is None else rows
    deflated = zlib.compress(rows)
    cuts = np.linspace(0, len(deflated), pieces + 1).astype(int)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [chunk(b"IDAT", deflated[low:high]) for low, high in zip(cuts, cuts[1:])]
    return SIGNATURE + chunk(b"IHDR", header) + other + b"".join(parts) + chunk(b"IEND", b"")


def checked(data):
    """Return the file with the checksums of its chunks of pixels set, for readers that look at them."""
    place, parts = len(SIGNATURE), [SIGNATURE]
    while place < len(data):
        length, kind = CHUNK.unpack_from(data, place)
        parts.append(chunk(kind, data[place + 8 : place + 8 + length]))
        place += 12 + length
    return b"".join(parts)


def random_pixels(height, width):
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize(("size", "pieces"), [((1, 1), 1), ((7, 5), 3), ((131, 167), 2), ((300, 73), 1)])
def test_another_reader_sees_the_same_pixels(size, pieces):
    pixels = random_pixels(*size)
    stored = with_stored_pixels(png(pixels, pieces))
    assert len(stored) > pixels.size
    assert (np.asarray(Image.open(io.BytesIO(checked(stored)))) == pixels).all()


def test_filters_of_another_writer_are_left_as_they_are():
    pixels = np.cumsum(random_pixels(64, 96) % 3, axis=1).astype(np.uint8)
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "PNG", optimize=True)
    assert is_plain_rgb(written.getvalue())
    assert (np.asarray(Image.open(io.BytesIO(checked(with_stored_pixels(written.getvalue()))))) == pixels).all()


def test_pixels_too_few_or_too_many_are_damage():
    pixels = random_pixels(4, 6)
    whole = b"".join(b"\0" + row.tobytes() for row in pixels)
    assert with_stored_pixels(png(pixels, rows=whole)) is not None
    for rows in (whole[:-1], whole + b"\0", b"", bytes(1 << 20)):
        assert with_stored_pixels(png(pixels, rows=rows)) is None


def test_every_wrong_byte_is_noticed():
    data = png(random_pixels(4, 6), pieces=2)
    for place in range(len(SIGNATURE) + 4, len(data)):
        damaged = data[:place] + bytes((data[place] ^ 16,)) + data[place + 1 :]
        assert not is_plain_rgb(damaged) or with_stored_pixels(damaged) is None, place


def test_a_turned_picture_is_left_to_others():
    assert with_stored_pixels(png(random_pixels(4, 6), other=chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\0"))) is None

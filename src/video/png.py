"""PNG files of RGB, inflated by ISA-L and unfiltered by FFmpeg: with zlib, inflating takes half of the time."""

from __future__ import annotations

import struct

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PLAIN_RGB = bytes((2, 0, 0, 0))  # of the header, behind the bits: kind of colour, compression, filters, no interlacing
CHUNK = struct.Struct(">I4s")  # length of what it holds, and its kind; a checksum stands behind
STORED = struct.Struct("<BHH")  # RFC 1951, section 3.2.4: whether it is the last, length, and its complement
LARGEST_STORED = 65535


def is_plain_rgb(data: bytes) -> bool:
    """Return whether these are the bytes of a whole PNG file of RGB that is not interlaced."""
    return data[:8] == SIGNATURE and data[25:29] == PLAIN_RGB and data[-8:-4] == b"IEND"


def with_stored_pixels(data: bytes) -> bytes | None:
    """Return a PNG file of RGB with its pixels not deflated, and no checksum of their chunk.

    None where it is damaged, or has an Exif chunk, which may say that it has to be turned. All its checksums, the
    Adler-32 of the pixels among them, are checked here.
    """
    from isal import isal_zlib

    view, place, pixels, ends = memoryview(data), len(SIGNATURE), [], []
    while place < len(data):
        length, kind = CHUNK.unpack_from(data, place) if place + CHUNK.size <= len(data) else (len(data), b"")
        end = place + CHUNK.size + length + 4
        if end > len(data) or isal_zlib.crc32(view[place + 4 : end - 4]) != int.from_bytes(view[end - 4 : end], "big"):
            return None
        if kind == b"eXIf":
            return None
        if kind == b"IDAT":
            pixels.append(view[place + CHUNK.size : end - 4])
            ends += [place, end]
        place = end
    if not pixels:
        return None
    width, height, bits = struct.unpack_from(">IIB", data, 16)
    expected = (3 * width * bits // 8 + 1) * height
    inflation = isal_zlib.decompressobj()
    try:
        rows = inflation.decompress(b"".join(pixels), expected + 1)
    except isal_zlib.error:
        return None
    if len(rows) != expected or not inflation.eof:
        return None
    return b"".join([view[: ends[0]], *_stored(rows, isal_zlib.adler32(rows)), view[ends[-1] :]])


def _stored(rows, checksum):
    """Yield the parts of a chunk that holds rows as a zlib stream of stored blocks (RFC 1950, RFC 1951)."""
    count = -(-len(rows) // LARGEST_STORED)
    yield CHUNK.pack(2 + len(rows) + STORED.size * count + 4, b"IDAT") + b"\x78\x01"
    view = memoryview(rows)
    for number in range(count):
        block = view[number * LARGEST_STORED : (number + 1) * LARGEST_STORED]
        yield STORED.pack(number == count - 1, len(block), len(block) ^ 0xFFFF)
        yield block
    yield checksum.to_bytes(4, "big") + bytes(4)

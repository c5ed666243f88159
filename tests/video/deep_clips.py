"""Small clips of any pixel format, written and read back plane by plane without the code under test."""

from fractions import Fraction

import av
import numpy as np

from src.video.color import ColorTags

# Red and blue luma weights of ITU-R BT.709, BT.601 and BT.2020, by their code points.
WEIGHTS = {1: (0.2126, 0.0722), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}


def scene(width, height, shift=0):
    """Return a smooth picture as (H, W, 3) RGB in [0.1, 0.9], float."""
    y, x = np.mgrid[:height, :width]
    waves = [np.sin((x + shift) / 29), np.cos((y + 2 * shift) / 23), np.sin((x + y + shift) / 31)]
    return np.stack([0.5 + (0.4 - 0.05 * index) * wave for index, wave in enumerate(waves)], axis=-1)


def yuv_of(rgb, matrix, full, bits):
    """Return RGB in [0, 1] as (H, W, 3) YUV levels by the definition of ITU-T H.273, not rounded."""
    red, blue = WEIGHTS[matrix]
    luma = red * rgb[..., 0] + (1 - red - blue) * rgb[..., 1] + blue * rgb[..., 2]
    cb, cr = (rgb[..., 2] - luma) / (2 - 2 * blue), (rgb[..., 0] - luma) / (2 - 2 * red)
    step, top = 2 ** (bits - 8), 2**bits - 1
    if full:
        return np.stack([luma * top, cb * top + 128 * step, cr * top + 128 * step], axis=-1)
    return np.stack([16 * step + 219 * step * luma, *(128 * step + 224 * step * c for c in (cb, cr))], axis=-1)


def rgb_of(yuv, matrix, full, bits):
    """Return what `yuv_of` does backwards."""
    origin = yuv_of(np.zeros(3), matrix, full, bits)
    linear = np.stack([yuv_of(axis, matrix, full, bits) - origin for axis in np.eye(3)], axis=-1)
    return (yuv - origin) @ np.linalg.inv(linear).T


def planes(frame):
    """Return the planes of a frame whose samples are whole bytes or pairs of them."""
    found = []
    for index, plane in enumerate(frame.planes):
        bits = frame.format.components[min(index, len(frame.format.components) - 1)].bits
        kind = np.dtype(np.uint8 if bits == 8 else "<u2")
        rows = np.frombuffer(plane, kind).reshape(plane.height, plane.line_size // kind.itemsize)
        found.append(rows[:, : plane.line_size // kind.itemsize])
    return found


def frame_of(rgb, pixel_format, matrix=6, full=False):
    """Return (H, W, 3) RGB in [0, 1] as a frame of planar YUV, grey, planar RGB or bgr0, rounded to its levels."""
    if pixel_format == "bgr0":
        return frame_of(rgb, "gbrp").reformat(format="bgr0")
    height, width, _ = rgb.shape
    frame = av.VideoFrame(width, height, pixel_format)
    bits, name = frame.format.components[0].bits, pixel_format
    if name.startswith("gbr"):
        levels = rgb[..., [1, 2, 0]] * (2**bits - 1)
    elif name.startswith("gray"):
        levels = rgb[..., :1] * (2**bits - 1)
    else:
        levels = yuv_of(rgb, matrix, full, bits)
    for index, plane in enumerate(planes(frame)):
        # an alpha plane, the fourth, is half transparent
        wanted = levels[..., index] if index < 3 else np.full((height, width), 2 ** (bits - 1))
        rows, columns = -(-height // frame.planes[index].height), -(-width // frame.planes[index].width)
        wanted = wanted.reshape(height // rows, rows, width // columns, columns).mean(axis=(1, 3))
        plane[:, : wanted.shape[1]] = np.rint(wanted)
    return frame


def write(path, frames, tags=None, rate=25, codec="ffv1", settings="qp=1"):
    """Encode frames without loss, or nearly; `tags` is what the file says of its colours."""
    tags = tags or ColorTags()
    options = {"libx264": {"x264-params": settings}}.get(codec, {})
    with av.open(f"file:{path}", "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = frames[0].width, frames[0].height, frames[0].format.name
        context = stream.codec_context
        context.colorspace, context.color_range = tags.matrix, tags.range
        context.color_primaries, context.color_trc = tags.primaries, tags.transfer
        for index, frame in enumerate(frames):
            frame.pts, frame.time_base = index, 1 / Fraction(rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def read(path):
    """Return (frames, one list of planes each, cut to their widths; the codec context's format, tags and profile)."""
    with av.open(f"file:{path}") as container:
        context = container.streams.video[0].codec_context
        frames = []
        for frame in container.decode(video=0):
            tags = ColorTags(int(frame.colorspace), int(frame.color_range))
            found = [plane[:, : frame.planes[index].width].copy() for index, plane in enumerate(planes(frame))]
            frames.append(found)
        tags = ColorTags(tags.matrix, tags.range, int(context.color_primaries), int(context.color_trc))
        return frames, context.pix_fmt, tags


def psnr(first, second, top):
    return 10 * np.log10(top**2 / max(((np.asarray(first, float) - second) ** 2).mean(), 1e-9))

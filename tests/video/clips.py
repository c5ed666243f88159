"""Small clips with known content, written and read back without the code under test."""

from fractions import Fraction

import av
import numpy as np

from src.video.frames import Placed


def gray_levels(count, first=40, step=20):
    """Return one level per frame, far enough apart to be told after encoding."""
    return [first + step * index for index in range(count)]


def flat_frames(levels, width=48, height=32):
    return [np.full((height, width, 3), level, np.uint8) for level in levels]


def picture(width, height, shift=0):
    """Return a smooth, colourful (H, W, 3) uint8 picture."""
    y, x = np.mgrid[:height, :width]
    waves = [np.sin((x + shift) / 9), np.cos((y + 2 * shift) / 7), np.sin((x + y + shift) / 11)]
    return np.stack([128 + 90 * wave for wave in waves], axis=-1).astype(np.uint8)


def write_clip(
    path,
    frames,
    rate=25,
    codec="libx264",
    pixel_format="yuv420p",
    tags=None,
    aspect=None,
    start=0,
    sounds=(),
    sound_start=0,
):
    """Encode RGB frames from `start` seconds on; `sounds` are the pitches of sine streams in AAC."""
    rate = Fraction(rate)
    options = {"libx264": {"crf": "4", "x264-params": "bframes=2:b-adapt=0:scenecut=0:mbtree=0"}}.get(codec, {})
    with av.open(f"file:{path}", "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pixel_format
        for name, value in (tags or {}).items():
            setattr(stream.codec_context, name, value)
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        pitches = [container.add_stream("aac", rate=48000, layout="mono") for _ in sounds]
        tick = 1 / rate
        for index, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=pixel_format)
            frame.time_base, frame.pts = tick, index
            container.mux(_later(stream.encode(frame), start))
        container.mux(_later(stream.encode(None), start))
        for track, pitch in zip(pitches, sounds):
            container.mux(_later(sine(track, pitch, len(frames) / rate), sound_start))
    return path


def write_at(path, frames, milliseconds):
    """Encode RGB frames, each at its own time."""
    with av.open(f"file:{path}", "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "4"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.codec_context.time_base = "yuv420p", Fraction(1, 1000)
        for time, pixels in zip(milliseconds, frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def sine(track, pitch, seconds):
    """Return the packets of a tone at 48 kHz."""
    packets = []
    for block in range(int(seconds * 48000) // 1024 + 1):
        time = (np.arange(1024) + block * 1024) / 48000
        samples = (0.3 * np.sin(2 * np.pi * pitch * time)).astype(np.float32)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = 48000, Fraction(1, 48000), block * 1024
        packets += track.encode(frame)
    return packets + track.encode(None)


def _later(packets, seconds):
    for packet in packets if seconds else ():
        old, new = Fraction(packet.time_base), Fraction(1, 90000)
        packet.pts, packet.dts = (round((ticks * old + seconds) / new) for ticks in (packet.pts, packet.dts))
        packet.duration = round((packet.duration or 0) * old / new)
        packet.time_base = new
    return packets


def decoded(path, pixel_format="gray"):
    """Return (planes of each frame, its time) in presentation order."""
    with av.open(f"file:{path}") as container:
        return [
            (frame.to_ndarray(format=pixel_format), frame.pts * Fraction(frame.time_base))
            for frame in container.decode(video=0)
        ]


def levels_of(path):
    """Return the mean luma of each frame on the full scale of 0 to 255."""
    return [float(planes.mean()) for planes, _ in decoded(path)]


def packets_of(path, kind):
    """Return, for each stream of a kind, the (time in seconds, bytes) of its packets."""
    streams = {}
    with av.open(f"file:{path}") as container:
        for packet in container.demux():
            if packet.size and packet.stream.type == kind:
                seconds = float(packet.pts * Fraction(packet.time_base))
                streams.setdefault(packet.stream.index, []).append((seconds, bytes(packet)))
    return list(streams.values())


def placed(frames, rate=25, scenes=None):
    """Return frames at a constant rate as the pipeline takes them, all of one scene unless told."""
    scenes = scenes or [0] * len(frames)
    return [Placed(frame, Fraction(index, rate), scenes[index]) for index, frame in enumerate(frames)]


class Larger:
    """Enlarges the middle of five frames by repeating pixels."""

    inputs, outputs, scale, timestep = 5, 1, 4, "fixed"

    def __call__(self, frames, times):
        return frames[2:3].repeat(4, axis=2).repeat(4, axis=3)


class Average:
    """A predictor that blends the two frames by time."""

    inputs = 2
    outputs = 1
    scale = 1
    timestep = "arbitrary"

    def __call__(self, frames, times):
        assert frames.dtype == np.float32 and frames.shape[:2] == (2, 3) and 0 <= frames.min() <= frames.max() <= 1
        return np.stack([(1 - time) * frames[0] + time * frames[1] for time in times]).astype(np.float32)

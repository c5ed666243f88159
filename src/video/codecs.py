"""What a result may be coded in: the encoders, the containers that take them, and what is chosen when left open."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import av

from src.errors import EnvironmentFault, UsageError
from src.video.mastering import Mastering, MasteringOptions
from src.video.publish import VIDEO_FORMATS, is_video_name


@dataclass(frozen=True)
class Encoder:
    """An encoder of FFmpeg, and how it is set."""

    name: str
    options: dict = field(default_factory=dict)
    quality: int | None = None  # of a visually lossless result; None leaves it to the encoder
    quality_steps: tuple[tuple[str, int], ...] = (("crf", 1),)  # the options that it goes into, and its step in them
    odd_sizes: bool = False  # takes odd widths and heights with halved chroma
    even_only: bool = False  # takes none at all
    smallest: int = 1  # side in pixels that it takes
    rgb: tuple[tuple[int, str], ...] = ()  # bits and format of frames that it keeps as RGB
    reorder: int = 0  # frames that may be decoded before the one that is shown first
    largest_denominator: int = 2**31 - 1  # of a frame's duration in seconds
    film_tag: str = ""  # its name in MP4 and MOV, where players refuse the one that FFmpeg gives it
    mastering: MasteringOptions | None = None  # None: it takes none
    environment: tuple[tuple[str, str], ...] = ()  # variables that it is to find, unless they are set otherwise

    def settings(self, quality: int | None, mastering: Mastering | None = None) -> dict[str, str]:
        """Return its options for a quality, its own when that is None, and with what it takes of the mastering."""
        chosen = dict(self.options)
        number = self.quality if quality is None else quality
        if number is not None:
            chosen.update({name: str(number * step) for name, step in self.quality_steps})
        if mastering and self.mastering:
            known = chosen.get(self.mastering.settings)
            told = self.mastering.told(mastering)
            chosen[self.mastering.settings] = f"{known}:{told}" if known else told
        return chosen

    def bits(self) -> set[int]:
        """Return the bits of a channel that this build of it writes, of 8, 10 and 16; none when it is missing."""
        try:
            formats = av.codec.Codec(self.name, "w").video_formats or ()
        except av.codec.codec.UnknownCodecError:
            return set()
        names = {video_format.name for video_format in formats}
        if self.rgb:
            return {bits for bits, name in self.rgb if name in names}
        return {bits for bits in (8, 10) if any(yuv_format(chroma, bits) in names for chroma in (420, 422, 444))}

    def takes(self, size: tuple[int, int]) -> bool:
        """Tell whether it makes frames of this width and height."""
        return min(size) >= self.smallest and not (self.even_only and any(side % 2 for side in size))


@dataclass(frozen=True)
class Codec:
    """A way to code pictures: its encoders, the best first, and the numbers of its quality, the best first."""

    encoders: tuple[Encoder, ...]
    qualities: tuple[int, int] | None  # None: lossless
    bits: tuple[int, ...] = (8, 10)


QSCALE = {"flags": "+qscale"}
LAMBDA = 118  # FFmpeg's unit of it
LIBX264 = Encoder(
    "libx264",
    {"x264-params": "mbtree=0"},  # with mbtree no two runs are alike
    16,
    reorder=2,
    mastering=MasteringOptions("x264-params", "mastering-display", "cll", 50000),
)
# It ends the process at odd sizes, and reads what was never written beside frames with a side of 64.
LIBX265 = Encoder(
    "libx265",
    {"x265-params": "log-level=error"},
    17,
    even_only=True,
    smallest=128,
    reorder=2,
    film_tag="hvc1",
    mastering=MasteringOptions("x265-params", "master-display", "max-cll", 50000),
)
LIBVPX = Encoder("libvpx-vp9", {"b": "0", "cpu-used": "4", "row-mt": "1"}, 18, odd_sizes=True)
LIBSVTAV1 = Encoder(
    "libsvtav1",
    {"preset": "6"},
    18,
    odd_sizes=True,
    smallest=64,
    mastering=MasteringOptions("svtav1-params", "mastering-display", "content-light"),
    environment=(("SVT_LOG", "1"),),
)
LIBAOM = Encoder("libaom-av1", {"b": "0", "cpu-used": "6", "row-mt": "1"}, 18, odd_sizes=True)
PRORES = Encoder("prores_ks", QSCALE, quality_steps=(("global_quality", LAMBDA),))
FFV1 = Encoder("ffv1", {"level": "3", "g": "1", "slicecrc": "1"}, rgb=((8, "bgr0"), (16, "gbrp16le")))
MPEG4 = Encoder("mpeg4", QSCALE, 2, (("qmin", 1), ("qmax", 1)), odd_sizes=True, largest_denominator=65535)
CODECS = {
    "h264": Codec((LIBX264,), (0, 51)),
    "h265": Codec((LIBX265,), (0, 51)),
    "vp9": Codec((LIBVPX,), (0, 63)),
    "av1": Codec((LIBSVTAV1, LIBAOM), (1, 63)),
    "prores": Codec((PRORES,), (1, 31), (10,)),
    "ffv1": Codec((FFV1,), None, (8, 16)),
    "mpeg4": Codec((MPEG4,), (1, 31), (8,)),
}
# What the muxers take, in the order in which it is offered, and what is taken when nothing is asked for.
CONTAINERS = {
    "mp4": ("h264", "h265", "av1", "vp9", "mpeg4"),
    "mov": ("h264", "h265", "prores", "mpeg4"),
    "matroska": ("h264", "h265", "av1", "vp9", "prores", "ffv1", "mpeg4"),
    "webm": ("vp9", "av1"),
}
# h265 is no second choice: builds without libx264 lack libx265 too.
CHOSEN = {"mp4": ("h264", "mpeg4"), "mov": ("h264", "mpeg4"), "matroska": ("h264", "mpeg4"), "webm": ("vp9", "av1")}


@dataclass(frozen=True)
class Coding:
    """What is asked of a result: one of CODECS, the number of its quality, and 8 or 10 bits; or "auto"."""

    codec: str = "auto"
    quality: str = "auto"
    depth: str = "auto"

    def number(self, codec: str) -> int | None:
        """Return the quality as a number, None for auto; raises UsageError for what the codec does not take."""
        if self.quality == "auto":
            return None
        numbers = CODECS[codec].qualities
        if numbers is None:
            raise UsageError(f"codec {codec} is lossless and takes no quality; got {self.quality!r}")
        if not self.quality.isdecimal() or not numbers[0] <= int(self.quality) <= numbers[1]:
            raise UsageError(
                f"quality of {codec} is auto, or a number from {numbers[0]}, the best, to {numbers[1]}; "
                f"got {self.quality!r}"
            )
        return int(self.quality)


AS_USUAL = Coding()


def yuv_format(chroma: int, bits: int) -> str:
    """Return FFmpeg's name of planar YUV with chroma 420, 422 or 444."""
    return f"yuv{chroma}p" if bits == 8 else f"yuv{chroma}p{bits}le"


def container_format(path: str) -> str:
    """Return the name of the muxer for a video file."""
    return VIDEO_FORMATS[Path(path).suffix.lower()]


def check_coding(coding: Coding, path: str) -> None:
    """Raise UsageError for what no build of FFmpeg could write to `path`, naming what would go."""
    if not is_video_name(path):
        if (coding.codec, coding.quality) != ("auto", "auto"):
            raise UsageError(f"codec and quality are for {', '.join(VIDEO_FORMATS)}; got the folder {path}")
        return
    container = container_format(path)
    known = CONTAINERS[container]
    if coding.codec not in ("auto", *known):
        suffixes = [suffix for suffix, name in VIDEO_FORMATS.items() if coding.codec in CONTAINERS[name]]
        raise UsageError(
            f"codec {coding.codec} goes into {', '.join(suffixes)}; got {path}, which takes {', '.join(known)}"
        )
    codec = CHOSEN[container][0] if coding.codec == "auto" else coding.codec
    coding.number(codec)
    held = CODECS[codec].bits
    if (coding.depth == "8" and 8 not in held) or (coding.depth == "10" and max(held) < 10):
        others = [name for name in known if int(coding.depth) in CODECS[name].bits]
        raise UsageError(
            f"codec {codec} holds {' or '.join(map(str, held))} bits; got depth {coding.depth}, "
            f"which goes with {', '.join(others)}"
        )


def choose_encoder(container: str, coding: Coding, depth: int, size: tuple[int, int]) -> tuple[str, Encoder, int]:
    """Return the codec, its encoder and the bits it writes for frames of `depth` 8 or 16 and this (width, height).

    When nothing is asked for, those that are there and hold more than 8 bits of deep frames go first.
    Raises UsageError for a size that the codec does not take, EnvironmentFault when no encoder, or none of 10 bits
    that are asked for, is there; each names what would go.
    """
    names = _candidates(container, coding)
    asked = [(name, encoder) for name in names for encoder in CODECS[name].encoders]
    there = [(name, encoder, encoder.bits()) for name, encoder in asked if encoder.bits()]
    if not there:
        raise EnvironmentFault(
            f"needs one of the encoders {', '.join(encoder.name for _, encoder in asked)} for {container}; "
            f"the installed FFmpeg has none{offer(container, names, depth, size)}"
        )
    fitting = [(name, encoder, _written(held, depth)) for name, encoder, held in there if encoder.takes(size)]
    if not fitting:
        raise UsageError(
            f"codec {names[0]} needs {_sizes(there[0][1])}; the result has {size[0]}x{size[1]}"
            f"{offer(container, names, depth, size)}"
        )
    if depth > 8:
        fitting.sort(key=lambda choice: choice[2] == 8)
    if coding.depth == "10" and fitting[0][2] == 8:
        raise EnvironmentFault(
            f"depth 10 needs an encoder of 10 bits; {fitting[0][1].name} of the installed FFmpeg has 8"
            f"{offer(container, names, depth, size)}"
        )
    return fitting[0]


def offer(container: str, without: tuple[str, ...], depth: int, size: tuple[int, int]) -> str:
    """Return "; --codec A, B would go" of all others that are there for such frames, or nothing."""
    others = [
        name
        for name in CONTAINERS[container]
        if name not in without
        and any(encoder.takes(size) and _holds(encoder.bits(), depth) for encoder in CODECS[name].encoders)
    ]
    return f"; --codec {' or '.join(others)} would go" if others else ""


def _candidates(container, coding):
    if coding.codec != "auto":
        return (coding.codec,)
    first = CHOSEN[container][0]
    # a quality is a number of the first codec's scale
    same = CODECS[first].encoders[0].quality_steps
    return tuple(
        name for name in CHOSEN[container] if coding.quality == "auto" or CODECS[name].encoders[0].quality_steps == same
    )


def _holds(held, depth):
    return bool(held) and (depth == 8 or max(held) > 8)


def _written(held, depth):
    """Return the bits written of those that are held: the fewest for frames of 8, the most for deeper ones."""
    return min(held) if depth == 8 else max(held)


def _sizes(encoder):
    return f"{'even ' if encoder.even_only else ''}sides from {encoder.smallest} pixels on"

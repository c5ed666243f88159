"""The arguments of infer.py, and the timeline that they ask for."""

from __future__ import annotations

import dataclasses
import os
import re
from dataclasses import dataclass
from fractions import Fraction

from src.config import option
from src.errors import UsageError
from src.runtime.options import InferOptions
from src.video.cascade import MOST_HALVINGS
from src.video.codecs import CODECS, Coding, check_coding
from src.video.excerpt import Excerpt, parse_preview
from src.video.fingerprint import weights_file
from src.video.publish import is_video_name
from src.video.reader import Source, open_source
from src.video.tiles import MULTIPLE, overlap_of
from src.video.timeline import Multiplied, Resampled, Timeline

ENLARGING = ("tdan_x4", "toflow_vsr_x4")
COMPARE = ("", "side", "slider")
LARGEST_RATE = 1000  # frames per second: timestamps of common containers are milliseconds
# Of few digits, and no exponent: Fraction would compute what 1e99999999 is.
RATE = re.compile(r"-?(\d{1,10}(\.\d{0,20})?|\.\d{1,20}|\d{1,10}/\d{1,10})")
INDECISIVE = (
    "input", "output_path", "ckpt_path", "upscale_ckpt", "overwrite", "dry_run", "resume", "strict", "tile",
    "worker_num",
)  # fmt: skip
DEPTHS = ("auto", "8", "10")
SMALLEST_FLOW = 0.1
LONGEST_GAP = 2  # frames of the source between two that differ, where the time between them is filled


@dataclass(frozen=True)
class VideoOptions(InferOptions):
    """The arguments of infer.py: what becomes of a video."""

    multi: int = option(None, "frames become this many times as many (default: 2, or slow)", low=2)
    fps: str = option("", "frames per second of the result, such as 60, 59.94 or 60000/1001, instead of multi")
    cascade: int = option(
        0, "weights of the middle only: halve the time between frames so often, take the nearest", low=0,
        high=MOST_HALVINGS,
    )  # fmt: skip
    slow: int = option(1, "slow motion: the result lasts this many times as long", low=1)
    slow_audio: str = option("drop", "what becomes of sound in slow motion", choices=("drop", "stretch"))
    cuts: str = option("on", "a frame is repeated, not invented, where a scene ends", choices=("on", "off"))
    duplicates: str = option("keep", "frames that repeat the one before; drop: make new ones", choices=("keep", "drop"))
    flow_scale: float = option(
        0.0, "scale at which motion is estimated: below 1 for large frames (default: 1; with upscale, the source's)",
        low=0, high=1,
    )  # fmt: skip
    tile: str = option("auto", "largest side of what is predicted at once: pixels, auto (by the memory) or off")
    codec: str = option("auto", "coding of a video (auto: h264; vp9 in .webm)", choices=("auto", *CODECS))
    quality: str = option("auto", "number of the codec's quality, the best is the smallest, such as 16 of h264")
    depth: str = option("auto", "bits of a channel (auto: as the source; 10 are 16 in images)", choices=DEPTHS)
    dry_run: bool = option(False, "print how many frames there will be, what memory and time they need, and end")
    resume: bool = option(False, "keep finished parts beside the result; go on with those of a run cut off")
    part_frames: int = option(200, "resume, worker_num: frames of the source in a part", low=1)
    worker_num: int = option(1, "processes that share the parts, on Ascend and GPU one a device; resumes too", low=1)
    preview: str = option("", "make this part of the source only: 5s, or from 12 s on 12s+5s, 1:30+5s")
    compare: str = option("", "also OUT.compare: the source beside the result, or a line that moves", choices=COMPARE)
    heatmap: bool = option(False, "also OUT.heatmap: where the result differs from what takes no network")
    upscale: str = option("", "network that makes the frames larger before new ones are made", choices=("", *ENLARGING))
    upscale_ckpt: str = option("", "its weights, or exported network")
    strict: bool = option(False, "end with 7 when the network returned what is no picture")

    def __post_init__(self):
        InferOptions.__post_init__(self)
        if self.multi and self.fps:
            raise UsageError(f"multi and fps exclude each other; got multi {self.multi} and fps {self.fps}")
        if self.slow_audio == "stretch" and self.slow == 1:
            raise UsageError("slow_audio stretch goes with slow 2 or more; got slow 1")
        if self.enlarges and (self.multi or self.fps or self.slow > 1 or self.duplicates == "drop"):
            raise UsageError(f"multi, fps, slow, duplicates are for networks that make new frames; got {self.model}")
        if self.fps:
            self.target_rate()
        self.largest_tile(0)
        check_coding(self.coding, self.output_path)
        if self.preview:
            parse_preview(self.preview)
        if 0 < self.flow_scale < SMALLEST_FLOW:
            raise UsageError(f"flow_scale is at least {SMALLEST_FLOW}; got {self.flow_scale:g}")
        self._check_upscale()
        self._check_companions()

    @property
    def coding(self) -> Coding:
        """What is asked of the encoder."""
        return Coding(self.codec, self.quality, self.depth)

    @property
    def in_parts(self) -> bool:
        """Whether parts of the result are made and kept on their own."""
        return self.resume or self.worker_num > 1

    @property
    def enlarges(self) -> bool:
        """Whether the network makes frames larger, not more."""
        return self.model in ENLARGING

    @property
    def scale(self) -> int:
        """How many times as large the network makes frames."""
        return 4 if self.enlarges or self.upscale else 1

    @property
    def upscaler(self) -> InferOptions:
        """The network that enlarges the frames first, as options of its own; it sees one window at a time."""
        shared = {each.name: getattr(self, each.name) for each in dataclasses.fields(InferOptions)}
        own = {"model": self.upscale, "ckpt_path": self.upscale_ckpt, "batch_size": 1}
        return InferOptions(**{**shared, **own})

    def target_rate(self) -> Fraction:
        """Return `fps` as a fraction; raises UsageError for what is none, or out of range."""
        try:
            rate = Fraction(self.fps) if RATE.fullmatch(self.fps) else None
        except ZeroDivisionError:
            rate = None
        if rate is None:
            raise UsageError(f"fps is a number or a fraction such as 60000/1001; got {self.fps!r}")
        if not 0 < rate <= LARGEST_RATE:
            raise UsageError(f"fps lies above 0 and up to {LARGEST_RATE}; got {self.fps}")
        return rate

    def decisive(self) -> dict:
        """Return the options that the frames of the result depend on."""
        return {key: value for key, value in dataclasses.asdict(self).items() if key not in INDECISIVE}

    def largest_tile(self, fitting: int) -> int:
        """Return the side that `tile` says, 0 for whole frames; auto takes the `fitting` one."""
        if self.tile in ("auto", "off"):
            return fitting if self.tile == "auto" else 0
        smallest = 2 * overlap_of(self.scale if self.enlarges else 1)
        if not self.tile.isdecimal() or int(self.tile) < smallest or int(self.tile) % MULTIPLE:
            raise UsageError(f"tile is auto, off, or a multiple of {MULTIPLE} from {smallest} on; got {self.tile!r}")
        return int(self.tile)

    def _check_upscale(self):
        if self.upscale_ckpt and not self.upscale:
            raise UsageError(f"upscale_ckpt goes with upscale; got upscale_ckpt {self.upscale_ckpt}")
        if self.upscale and self.enlarges:
            raise UsageError(f"upscale goes with a network that makes new frames; got {self.model}")
        if self.upscale and not self.upscale_ckpt and not os.path.isfile(weights_file(self.upscale, "")):
            raise UsageError(f"no weights are shipped for {self.upscale}: give its --upscale_ckpt")

    def _check_companions(self):
        asked = [key for key in ("compare", "heatmap") if getattr(self, key)]
        if asked and not is_video_name(self.output_path):
            raise UsageError(f"{asked[0]} goes with a video as output_path; got {self.output_path!r}")
        if asked and self.in_parts:
            parted = "resume" if self.resume else "worker_num"
            raise UsageError(f"{asked[0]} and {parted} exclude each other: parts hold the frames of the result alone")


def source_for(options: VideoOptions) -> Source:
    """Open what frames are made of. Raises InputError as `open_source` does, UsageError for an empty preview."""
    needed = 1 if options.enlarges else 2
    source = open_source(options.input, needed, options.depth)
    return Excerpt(source, parse_preview(options.preview), needed) if options.preview else source


def timeline_for(options: VideoOptions, source: Source) -> Timeline:
    """Return when frames are wanted of a source. Raises UsageError where its timestamps do not allow what is asked."""
    rate = source.rate if source.constant else None
    if options.enlarges:
        return Multiplied(1, rate)
    drops = options.duplicates == "drop"
    gap = LONGEST_GAP if drops else 1
    if options.fps:
        return Resampled(options.target_rate(), source.start, rate, options.slow, longest_gap=gap)
    multi = options.multi or max(options.slow, 2)
    if not drops:
        return Multiplied(multi, rate, options.slow)
    if rate is None:
        raise UsageError(f"duplicates drop needs a constant rate, or fps; {source.path} has a variable one")
    return Resampled(rate * multi / options.slow, source.start, rate, options.slow, to_last_frame=True, longest_gap=gap)

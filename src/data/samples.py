"""Training samples from the files of a dataset: a source that visits every entry once an epoch."""

from __future__ import annotations

import dataclasses
import functools
import threading
from collections.abc import Sequence

import cv2
import numpy as np

from src.data.augment import Changes, augment, crop, scale
from src.data.degrade import REACH, SCALE, quarter
from src.data.entries import Entry, central, check_sizes, looked_at, told_skipped
from src.data.flow_files import decode_flow, refuse_infinite
from src.data.window import Window, to_columns
from src.errors import InputError, UsageError
from src.video.images import read_bytes, read_image

ENLARGEMENT = 2  # of frames that are enlarged before they are cropped


class EntrySamples:
    """Random-access source of augmented crops of a dataset's entries, a function of (seed, index) alone.

    `columns` are those of `src.data` that a sample consists of; as many of an entry's frames are read as they name,
    the central ones. With a "time" among them one target is drawn where an entry has several, otherwise all of them are
    read; a "flow" comes from the entry's files. `size` (h, w) is that of the true image. An epoch visits every entry
    once, in an order drawn from (seed, epoch). Without `changes` samples are only cropped. `on_bad_sample`: "fail"
    raises InputError with the file and the index of the sample that cannot be read; "skip" takes the next entry
    instead, and `report` says how many are bad and names the first.
    Raises UsageError when the entries do not have the frames that the columns name, or the size does not fit them;
    InputError when flow is to be read and its first file does not exist.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        columns: Sequence[str],
        size: tuple[int, int],
        length: int,
        seed: int,
        changes: Changes | None = None,
        on_bad_sample: str = "fail",
    ):
        self.entries, self.columns = list(entries), tuple(columns)
        self.size, self.length, self.seed = (int(size[0]), int(size[1])), int(length), int(seed)
        self.changes, self.on_bad_sample = changes, on_bad_sample
        self.reads_flow = "flow" in self.columns
        self.inputs = sum(name.startswith("frame") for name in self.columns)
        self.bad: dict[int, str] = {}
        self.lock = threading.Lock()
        self._order = functools.lru_cache(maxsize=2)(self._draw_order)
        self._check()

    def _check(self):
        if not self.entries:
            raise UsageError("samples need at least one entry; got none")
        for entry in self.entries:
            central(entry.frames, self.inputs)
            if "target" in self.columns and not entry.targets:
                raise UsageError(f"{entry.group}/{entry.name} has no true frame to train on")
            if self.size[0] % entry.scale or self.size[1] % entry.scale:
                raise UsageError(f"height and width of x{entry.scale} samples divide by {entry.scale}; got {self.size}")
        if self.reads_flow:
            _check_flows(self.entries)

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        index = int(index)
        if not 0 <= index < self.length:
            raise IndexError(f"index lies in 0 to {self.length - 1}; got {index}")
        count = len(self.entries)
        epoch, place = divmod(index, count)
        for step in range(count):
            number = int(self._order(epoch)[(place + step) % count])
            # Tried again each time: what is bad must not depend on which samples were read before.
            try:
                return self._sample(self.entries[number], np.random.default_rng((self.seed, 7, index)))
            except InputError as error:
                if self.on_bad_sample == "fail":
                    raise InputError(f"sample {index}: {error}") from error
                with self.lock:
                    self.bad[number] = str(error)
        raise InputError(f"sample {index}: {self.report()}; none is left")

    def report(self) -> str:
        """Say how many entries could not be read and what was wrong with the first of them; empty when all could."""
        with self.lock:
            return told_skipped(self.bad, len(self.entries))

    def _draw_order(self, epoch):
        return np.random.default_rng((self.seed, 8, epoch)).permutation(len(self.entries))

    def _sample(self, entry, rng):
        window = self._crop(self._read(entry, rng), entry, rng)
        return to_columns(augment(window, rng, self.changes) if self.changes else window, self.columns)

    def _read(self, entry, rng):
        chosen = range(len(entry.targets))
        if "time" in self.columns and len(entry.targets) > 1:
            chosen = [int(rng.integers(len(entry.targets)))]
        return read_window(entry, self.inputs, chosen)

    def _crop(self, window, entry, rng):
        size = tuple(side // entry.scale for side in self.size)
        shrinks = SCALE if entry.degradation else 1
        h, w = (side // shrinks for side in window.frames[0].shape[1:])
        if h < size[0] or w < size[1]:
            raise InputError(f"{entry.frames[0]}: needs at least {size[0]} x {size[1]} pixels; got {h} x {w}")
        ratio = 1
        if not entry.degradation and self.changes and self.changes.enlarge and rng.random() < self.changes.enlarge:
            ratio, h, w = ENLARGEMENT, ENLARGEMENT * h, ENLARGEMENT * w
        top, left = (int(rng.integers(full - side + 1)) for full, side in zip((h, w), size))
        if entry.degradation:
            return _degraded_crop(window, entry, top, left, size)
        flows = _read_flows(entry, window.targets[0].shape[1:]) if self.reads_flow else ()
        return _enlarged_crop(window, flows, ratio, top, left, size)


def _enlarged_crop(window, flows, ratio, top, left, size):
    """Crop at (top, left) of the enlarged images, but enlarge, and check the flows, no further than that can see."""
    margin = 1 if ratio > 1 else 0
    full = window.frames[0].shape[1:]
    low = [max(start // ratio - margin, 0) for start in (top, left)]
    high = [min(-(-(start + side) // ratio) + margin, end) for start, side, end in zip((top, left), size, full)]
    seen = crop(window, low[0], low[1], (high[0] - low[0], high[1] - low[1]))
    if flows:
        joined = np.empty((2 * len(flows), *seen.frames[0].shape[1:]), np.float32)
        for place, (file, flow) in enumerate(flows):
            part = flow[:, low[0] : high[0], low[1] : high[1]]
            # OpenCV parts interleaved values several times as fast as NumPy copies them
            joined[2 * place : 2 * place + 2] = cv2.split(part.transpose(1, 2, 0))
            refuse_infinite(joined[2 * place : 2 * place + 2], file)
        seen = dataclasses.replace(seen, flow=joined)
    if ratio == 1:
        return seen
    seen = scale(seen, tuple(ratio * side for side in seen.frames[0].shape[1:]))
    return crop(seen, top - ratio * low[0], left - ratio * low[1], size)


def _check_flows(entries):
    """Raise before a network is compiled when there is no flow to distill from."""
    if not all(entry.flows for entry in entries):
        raise UsageError("this dataset has no flow to distill from; train with distillation_weight 0")
    files = [entry.flows[0] for entry in looked_at(entries)]
    if not any(file.is_file() for file in files):
        raise InputError(f"{files[0]}: does not exist; distillation needs it, unless distillation_weight is 0")


def _degraded_crop(window, entry, top, left, size):
    """Shrink no more of the large frames than a crop at (top, left) of the small ones can see."""
    full = [side // SCALE for side in window.frames[0].shape[1:]]
    low = [max(start - REACH // SCALE, 0) for start in (top, left)]
    high = [min(start + side + REACH // SCALE, end) for start, side, end in zip((top, left), size, full)]
    seen = crop(window, SCALE * low[0], SCALE * low[1], (SCALE * (high[0] - low[0]), SCALE * (high[1] - low[1])))
    return crop(_degrade(seen, entry.degradation), top - low[0], left - low[1], size)


def _degrade(window, kind):
    frames = [np.ascontiguousarray(image.transpose(1, 2, 0)) for image in window.frames]
    return dataclasses.replace(window, frames=tuple(quarter(image, kind).transpose(2, 0, 1) for image in frames))


def read_window(entry: Entry, inputs: int, chosen: Sequence[int] | None = None) -> Window:
    """Read the central `inputs` frames of an entry and its chosen targets (all by default), as uint8, undegraded.

    Raises InputError, naming the file, when an image is missing or broken or its size does not fit the others'.
    """
    chosen = range(len(entry.targets)) if chosen is None else chosen
    frames, targets = central(entry.frames, inputs), [entry.targets[place] for place in chosen]
    images = {file: read_image(file) for file in dict.fromkeys((*frames, *targets))}
    check_sizes(entry, {file: image.shape[:2] for file, image in images.items()})
    return Window(
        frames=tuple(images[file].transpose(2, 0, 1) for file in frames),
        targets=tuple(images[file].transpose(2, 0, 1) for file in targets),
        times=tuple(entry.times[place] for place in chosen),
    )


def degraded(window: Window, entry: Entry) -> Window:
    """Return a whole window as the network sees it: frames shrunk where the entry says so, sides cut to fit."""
    if not entry.degradation:
        return window
    h, w = (side // SCALE * SCALE for side in window.frames[0].shape[1:])
    return _degrade(crop(window, 0, 0, (h, w)), entry.degradation)


def _read_flows(entry, size):
    flows = [(file, decode_flow(read_bytes(file), file)) for file in entry.flows]
    check_sizes(entry, {entry.frames[0]: size, **{file: flow.shape[1:] for file, flow in flows}})
    return flows

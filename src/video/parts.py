"""The finished parts of a long job, in `OUT.parts` beside its result, so that a run that was cut off can go on."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from src.errors import UsageError
from src.video.publish import FULL_DISK
from src.video.shares import Span, spans_of
from src.video.writer import Piece

SUFFIX = ".parts"
MANIFEST = "manifest.json"
ENDING = "ending.json"
VERSION = 4


@dataclass(frozen=True)
class Part:
    """The share that some frames of the source in a row have in the result: when its frames are shown, and the frames.

    cuts, counts: what was met and counted on the way. tiles: the side that each network predicted in, `shrunk` how
    often it was halved; scale: how many times as large the frames are.
    """

    times: list[Fraction]
    cuts: list[float]
    counts: dict[str, int]
    tiles: list[int]
    shrunk: list[int]
    scale: int
    pieces: list[Piece]


class Ending(NamedTuple):
    """Where a source ends: how many parts and frames it has, and the time of its last frame."""

    parts: int
    frames: int
    last: Fraction


class Parts:
    """The folder of parts of one job, which are numbered from 0; told apart from others by its facts.

    facts: all that the frames depend on, as text or numbers; None takes a folder for whatever job it was begun.
    `tiles` are what the folder was begun with, whatever is given later: the sides that networks predict in. Raises
    UsageError, naming the fact that differs, for a folder that was begun with others, and where there can be no folder.
    """

    def __init__(self, output_path: str, facts: dict | None, tiles: Sequence[int] = ()):
        self.folder = Path(output_path + SUFFIX)
        manifest = self.folder / MANIFEST
        if facts is not None:
            self._begin(manifest, {"tiles": list(tiles), "facts": {"version": VERSION, **facts}})
        self.tiles, known = self._read(manifest)
        if facts is not None:
            self._compare(known, {"version": VERSION, **facts})
        self._whole = None

    @property
    def whole(self) -> dict[int, int]:
        """How many frames each part holds that is whole, by its number; all others are made again."""
        if self._whole is None:
            files = (file for file in self.folder.glob("*.json") if file.stem.isdecimal())
            frames = {int(file.stem): _frames_in(file) for file in files}
            self._whole = {number: count for number, count in frames.items() if count is not None}
        return self._whole

    @property
    def ending(self) -> Ending | None:
        """Where the source ends, once that was met."""
        try:
            told = json.loads((self.folder / ENDING).read_text(encoding="utf-8"))
            return Ending(int(told["parts"]), int(told["frames"]), Fraction(told["last"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def look_again(self) -> None:
        """Take notice of what others have added."""
        self._whole = None

    def gaps(self, expected: int) -> list[Span]:
        """Return where parts are missing; `expected` tells how many there are as long as no end was met."""
        ending = self.ending
        count = ending.parts if ending else max(expected, *(number + 1 for number in self.whole), 1)
        spans = spans_of(number for number in range(count) if number not in self.whole)
        if ending:
            return spans
        if spans and spans[-1].stop == count:
            return [*spans[:-1], Span(spans[-1].start, None)]
        return [*spans, Span(count, None)]

    def load(self, number: int) -> Part:
        """Read a part back."""
        told = json.loads(self._file(number, ".json").read_text(encoding="utf-8"))
        data = self._file(number, ".data").read_bytes()
        pieces, place = [], 0
        for size, *facts in told["pieces"]:
            pieces.append(Piece(data[place : place + size], *facts))
            place += size
        times = [Fraction(time) for time in told["times"]]
        return Part(times, told["cuts"], told["counts"], told["tiles"], told["shrunk"], told["scale"], pieces)

    def __iter__(self) -> Iterator[Part]:
        """Read all parts of a job that is done, in order."""
        return (self.load(number) for number in range(self.ending.parts))

    def add(self, number: int, part: Part) -> None:
        """Keep a part, whole or not at all; OSError when the disk does not take it."""
        data = b"".join(piece.data for piece in part.pieces)
        told = {
            "times": [str(time) for time in part.times],
            "cuts": part.cuts,
            "counts": part.counts,
            "tiles": part.tiles,
            "shrunk": part.shrunk,
            "scale": part.scale,
            "pieces": [(len(piece.data), piece.place, piece.key) for piece in part.pieces],
            "sha256": hashlib.sha256(data).hexdigest(),
        }
        _write(self._file(number, ".data"), data)
        _write(self._file(number, ".json"), json.dumps(told).encode())
        if self._whole is not None:
            self._whole[number] = len(part.times)

    def end(self, ending: Ending) -> None:
        """Keep where the source ends."""
        told = {**ending._asdict(), "last": str(ending.last)}
        _write(self.folder / ENDING, json.dumps(told).encode())

    def remove(self) -> None:
        """Take the folder away, once the result stands under its name."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _begin(self, manifest, told):
        try:
            if not manifest.exists():
                self.folder.mkdir(parents=True, exist_ok=True)
                _write(manifest, json.dumps(told, indent=1).encode())
        except OSError as error:
            if error.errno in FULL_DISK:
                raise
            raise UsageError(f"{self.folder}: cannot hold the parts of the result: {error.strerror}") from error

    def _read(self, manifest):
        try:
            told = json.loads(manifest.read_text(encoding="utf-8"))
            return [int(tile) for tile in told["tiles"]], dict(told["facts"])
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise UsageError(f"{manifest}: is damaged; remove {self.folder} to begin anew") from error

    def _compare(self, known, facts):
        for key in (*facts, *known):
            if known.get(key) != facts.get(key):
                raise UsageError(
                    f"{self.folder}: was begun with {key} {known.get(key)!r}; got {facts.get(key)!r}. "
                    "Go on with the former, or remove the folder to begin anew"
                )

    def _file(self, number, suffix):
        return self.folder / f"{number:06d}{suffix}"


def _frames_in(file) -> int | None:
    """Return how many frames a part holds, or None for one that is damaged."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        data = hashlib.sha256(file.with_suffix(".data").read_bytes()).hexdigest()
        return len(told["times"]) if data == told["sha256"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(file, data):
    unfinished = file.with_name(file.name + ".unfinished")
    with open(unfinished, "wb") as target:
        target.write(data)
        target.flush()
        os.fsync(target.fileno())
    os.replace(unfinished, file)

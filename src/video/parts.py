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

from src.errors import UsageError
from src.video.writer import Piece

SUFFIX = ".parts"
MANIFEST = "manifest.json"
VERSION = 1


@dataclass(frozen=True)
class Part:
    """Some frames of the result in a row: when they are shown, and what was counted until their end.

    upto: frames of the source whose share of the result is done with this part.
    """

    upto: int
    times: list[Fraction]
    counts: dict[str, int]
    pieces: list[Piece]


class Parts:
    """The folder of parts of one job, told apart from others by its facts.

    facts: all that the frames depend on, as text or numbers. Raises UsageError, naming the fact that differs, for a
    folder that was begun with others. `tiles` are what the folder was begun with, whatever is given later: the sides
    that networks predict in.
    """

    def __init__(self, output_path: str, facts: dict, tiles: Sequence[int] = ()):
        self.folder = Path(output_path + SUFFIX)
        self.facts = {"version": VERSION, **facts}
        self.tiles = list(tiles)
        self._begin()
        self.done = self._valid()

    def load(self, number: int) -> Part:
        """Read a part back."""
        told = json.loads(self._file(number, ".json").read_text(encoding="utf-8"))
        data = self._file(number, ".data").read_bytes()
        pieces, place = [], 0
        for size, *facts in told["pieces"]:
            pieces.append(Piece(data[place : place + size], *facts))
            place += size
        return Part(told["upto"], [Fraction(time) for time in told["times"]], told["counts"], pieces)

    def __iter__(self) -> Iterator[Part]:
        return (self.load(number) for number in range(self.done))

    def add(self, part: Part) -> None:
        """Keep another part, whole or not at all; OSError when the disk does not take it."""
        data = b"".join(piece.data for piece in part.pieces)
        told = {
            "upto": part.upto,
            "times": [str(time) for time in part.times],
            "counts": part.counts,
            "pieces": [(len(piece.data), piece.place, piece.key) for piece in part.pieces],
            "sha256": hashlib.sha256(data).hexdigest(),
        }
        _write(self._file(self.done, ".data"), data)
        _write(self._file(self.done, ".json"), json.dumps(told).encode())
        self.done += 1

    def remove(self) -> None:
        """Take the folder away, once the result stands under its name."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _begin(self):
        manifest = self.folder / MANIFEST
        if not manifest.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            _write(manifest, json.dumps({"tiles": self.tiles, "facts": self.facts}, indent=1).encode())
            return
        try:
            told = json.loads(manifest.read_text(encoding="utf-8"))
            self.tiles, known = [int(tile) for tile in told["tiles"]], dict(told["facts"])
        except (ValueError, TypeError, KeyError) as error:
            raise UsageError(f"{manifest}: is damaged; remove {self.folder} to begin anew") from error
        for key in (*self.facts, *known):
            if known.get(key) != self.facts.get(key):
                raise UsageError(
                    f"{self.folder}: was begun with {key} {known.get(key)!r}; got {self.facts.get(key)!r}. "
                    "Go on with the former, or remove the folder to begin anew"
                )

    def _valid(self) -> int:
        """Return how many parts from the first on are whole; what comes behind them is made again."""
        number = 0
        while self._is_whole(number):
            number += 1
        return number

    def _is_whole(self, number):
        try:
            told = json.loads(self._file(number, ".json").read_text(encoding="utf-8"))
            return hashlib.sha256(self._file(number, ".data").read_bytes()).hexdigest() == told["sha256"]
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def _file(self, number, suffix):
        return self.folder / f"{number:06d}{suffix}"


def _write(file, data):
    unfinished = file.with_name(file.name + ".unfinished")
    with open(unfinished, "wb") as target:
        target.write(data)
        target.flush()
        os.fsync(target.fileno())
    os.replace(unfinished, file)

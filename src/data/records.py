"""The files of a dataset packed into MindRecord, for sets that outgrow small files: the same bytes, the same entries.

A packed folder holds shards and a manifest. Every row of a shard is one file of the dataset: `number` (its place in the
manifest's list, indexed), `name` and `data`, its bytes as they were. MindRecord's own readers go through the rows or
search them by scanning, so rows are read in place instead: the index that lies beside a shard tells where each begins.
The manifest's digest stands in the schema of each shard, so that shards of another list are told apart.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import sqlite3
import struct
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from src.data.entries import Entry
from src.errors import InputError, ResourceError, UsageError
from src.video.images import read_bytes

MANIFEST = "manifest.json"
FORMAT = 1
SCHEMA = {"number": {"type": "int64"}, "name": {"type": "string"}, "data": {"type": "bytes"}}
LENGTH = struct.Struct("<Q")  # stands before a shard's header and before the data of each row
LARGEST_FILE = (32 << 20) - LENGTH.size  # a row's data fills no more than one of MindRecord's pages
ROWS_AT_ONCE = 16
FILE_LISTS = ("frames", "targets", "flows")


@dataclass(frozen=True)
class Record:
    """A packed file, in the place of its path: it has a name and can be read."""

    folder: PackedFolder
    number: int

    def __str__(self) -> str:
        return str(self.folder.path / self.folder.names[self.number])

    @property
    def name(self) -> str:
        return Path(str(self)).name

    @property
    def suffix(self) -> str:
        return Path(str(self)).suffix

    def is_file(self) -> bool:
        return True

    def read_bytes(self) -> bytes:
        return self.folder.read(self.number)


class PackedFolder:
    """A folder that `pack` wrote. Reading is by position, safe between threads, and needs no MindSpore.

    Raises InputError, naming what is missing, damaged or of another set, unless all shards of the manifest are there.
    """

    def __init__(self, path: Path):
        self.path = path
        self.manifest = read_manifest(path)
        self.names = [name for name, _ in self.manifest["files"]]
        self.lengths = [length for _, length in self.manifest["files"]]
        count = len(self.names)
        self.shard_of, self.starts = np.full(count, -1, np.int64), np.zeros(count, np.int64)
        self.shards = []
        for place, shard in enumerate(self.manifest["shards"]):
            file = path / shard["name"]
            numbers, starts = _locate_rows(file, shard["bytes"], self.manifest["digest"])
            if len(numbers) and not 0 <= numbers.min() <= numbers.max() < count:
                raise InputError(f"{file}: holds rows that {path / MANIFEST} does not list")
            self.shard_of[numbers], self.starts[numbers] = place, starts
            self.shards.append(open(file, "rb"))
        if (self.shard_of < 0).any():
            missing = self.names[int(np.argmax(self.shard_of < 0))]
            raise InputError(f"{path}: the shards lack {int((self.shard_of < 0).sum())} files; the first: {missing}")

    def read(self, number: int) -> bytes:
        """Return the bytes of a file; raises InputError when they are not there in full."""
        length = self.lengths[number]
        shard = self.shards[self.shard_of[number]]
        data = os.pread(shard.fileno(), LENGTH.size + length, int(self.starts[number]))
        if len(data) != LENGTH.size + length or LENGTH.unpack_from(data) != (length,):
            raise InputError(f"{shard.name}: {self.names[number]} needs {length} bytes there; the shard is damaged")
        return data[LENGTH.size :]

    def entries(self, dataset: str, split: str, options: Mapping) -> list[Entry]:
        """Return the entries of a split; raises InputError for another dataset, split or options than were packed."""
        asked = {"dataset": dataset, "options": {key: options.get(key) for key in self.manifest["options"]}}
        packed = {key: self.manifest[key] for key in asked}
        if asked != packed:
            raise InputError(f"{self.path} is packed from {packed}; asked for {asked}")
        if split not in self.manifest["splits"]:
            raise InputError(f"{self.path} holds the splits {', '.join(self.manifest['splits'])}; got {split!r}")
        return [self._entry(facts) for facts in self.manifest["splits"][split]]

    def _entry(self, facts):
        files = {key: tuple(Record(self, number) for number in facts[key]) for key in FILE_LISTS}
        return Entry(**{**facts, **files, "times": tuple(facts["times"])})


def is_packed(folder: Path) -> bool:
    """Tell whether a folder was written by `pack`, whole or damaged."""
    return (folder / MANIFEST).is_file()


def pack(
    dataset: str,
    splits: Mapping[str, Sequence[Entry]],
    options: Mapping,
    source: Path,
    output: Path,
    shards: int = 4,
    shown: Callable[[Iterable], Iterable] = iter,
) -> dict:
    """Write the files that entries name into `shards` MindRecord files, and return the manifest.

    options: those that the entries were indexed with. source: the folder that names of files are told from. shown: is
    given the files as they are packed, and hands them on. The folder `output` appears only when it is complete. Flow
    files are left out of a split that has none of them. Raises UsageError when output exists, InputError for a missing,
    changed or too large file, ResourceError when the disk has too little room.
    """
    if output.exists():
        raise UsageError(f"{output} exists; give another --output_path")
    numbers: dict[Path, int] = {}
    facts = {split: [_facts(each, numbers) for each in _with_flows(entries)] for split, entries in splits.items()}
    files = list(numbers)
    listed = [(os.path.relpath(file, source), _length(file)) for file in files]
    manifest = {"format": FORMAT, "dataset": dataset, "options": dict(options), "splits": facts, "files": listed}
    manifest["digest"] = _digest(manifest)
    output.parent.mkdir(parents=True, exist_ok=True)
    _check_room(output.parent, sum(length for _, length in listed))
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}.") as unfinished:
        folder = Path(unfinished) / output.name
        folder.mkdir()
        rows = iter(shown(list(zip(range(len(files)), files, listed))))
        bounds = np.linspace(0, len(files), min(shards, len(files)) + 1).astype(int)
        manifest["shards"] = []
        for place, count in enumerate(np.diff(bounds)):
            file = folder / f"{dataset}-{place:03d}.mindrecord"
            _write_shard(file, rows, int(count), manifest["digest"])
            manifest["shards"].append({"name": file.name, "bytes": file.stat().st_size})
        (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
        os.replace(folder, output)
    return manifest


def _with_flows(entries):
    missing = [file for entry in entries for file in entry.flows if not file.is_file()]
    if not missing:
        return entries
    if len(missing) < sum(len(entry.flows) for entry in entries):
        raise InputError(f"{missing[0]}: does not exist, while other flow files do; make the rest, or remove all")
    return [dataclasses.replace(entry, flows=()) for entry in entries]


def _facts(entry, numbers):
    facts = dataclasses.asdict(entry)
    for key in FILE_LISTS:
        facts[key] = [numbers.setdefault(file, len(numbers)) for file in facts[key]]
    return facts


def _length(file):
    try:
        length = file.stat().st_size
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from error
    if length > LARGEST_FILE:
        raise InputError(f"{file}: a packed file has at most {LARGEST_FILE} bytes; got {length}")
    return length


def _check_room(folder, needed):
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ResourceError(f"{folder}: packing takes {needed} bytes; {free} are free")


def _write_shard(file, rows, count, digest):
    from mindspore.mindrecord import FileWriter

    writer = FileWriter(str(file))
    writer.add_schema(SCHEMA, digest)
    writer.add_index(["number"])
    waiting = []
    for _ in range(count):
        number, path, (name, length) = next(rows)
        data = read_bytes(path)
        if len(data) != length:
            raise InputError(f"{path}: changed while it was packed")
        waiting.append({"number": number, "name": name, "data": data})
        if len(waiting) == ROWS_AT_ONCE:
            writer.write_raw_data(waiting)
            waiting = []
    if waiting:
        writer.write_raw_data(waiting)
    writer.commit()
    for each in (file, _index_of(file)):
        os.chmod(each, 0o644)


def _index_of(shard):
    return shard.with_name(f"{shard.name}.db")


def _digest(manifest):
    listed = {key: manifest[key] for key in ("format", "dataset", "options", "splits", "files")}
    return hashlib.sha256(json.dumps(listed, sort_keys=True).encode()).hexdigest()


def read_manifest(folder: Path) -> dict:
    """Read the manifest of a packed folder; raises InputError, naming it, when it is damaged."""
    file = folder / MANIFEST
    try:
        manifest = json.loads(read_bytes(file).decode())
        whole = manifest["format"] == FORMAT and manifest["digest"] == _digest(manifest) and bool(manifest["shards"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{file}: is no manifest of packed files: {error}") from error
    if not whole:
        raise InputError(f"{file}: is damaged, or of another version of this program")
    return manifest


def _locate_rows(shard, size, digest):
    """Return the numbers of a shard's rows, and where in it their data begin."""
    met = shard.stat().st_size if shard.is_file() else 0
    if met != size:
        raise InputError(f"{shard}: a shard of {size} bytes is expected; got {met}")
    index = _index_of(shard)
    try:
        with open(shard, "rb") as file:
            (length,) = LENGTH.unpack(file.read(LENGTH.size))
            header = json.loads(file.read(length) if length < size else b"")
        # what is opened to be read only, and may not change, leaves no files beside it
        connection = sqlite3.connect(f"{index.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            columns = "number_0, PAGE_ID_BLOB, PAGE_OFFSET_BLOB"
            rows = np.array(connection.execute(f"SELECT {columns} FROM INDEXES").fetchall(), np.int64).reshape(-1, 3)
        finally:
            connection.close()
        described = header["schema"][0]["desc"]
        starts = header["header_size"] + rows[:, 1] * header["page_size"] + rows[:, 2]
    except (OSError, sqlite3.Error, ValueError, struct.error, LookupError, TypeError) as error:
        raise InputError(f"{shard}: is no MindRecord file with an index beside it: {error}") from error
    if described != digest:
        raise InputError(f"{shard}: belongs to another list than the manifest beside it")
    return rows[:, 0], starts

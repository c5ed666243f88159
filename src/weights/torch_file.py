"""PyTorch's files of weights, read without PyTorch: zip archives (since 1.6) and the stream before (since 0.1.10)."""

from __future__ import annotations

import io
import math
import os
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from src.errors import WeightsError
from src.weights.inert_pickle import MAX_BYTES, Global, Object, read_pickle

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_MAX_AXES = 8
_DAMAGE = (
    ValueError, KeyError, IndexError, TypeError, AttributeError, EOFError, OverflowError, OSError, RuntimeError,
    struct.error, zipfile.BadZipFile,
)  # fmt: skip
# Tensors may look at the same values; copies of them stay bounded by the file's size times this.
_MOST_SHARED = 4
_TYPES = {
    "Float": "f4", "Double": "f8", "Half": "f2", "BFloat16": "u2", "Long": "i8", "Int": "i4", "Short": "i2",
    "Char": "i1", "Byte": "u1", "Bool": "?",
}  # fmt: skip


class Storage:
    """The values that tensors look at: `key` in the file, `count` values of the type `kind`, from `start` on."""

    __slots__ = ("kind", "key", "count", "start")

    def __init__(self, kind: str, key: str, count: int, start: int = 0):
        self.kind, self.key, self.count, self.start = kind, key, count, start


class StoredTensor:
    """Where a tensor's values lie in its storage: all numbers in values."""

    __slots__ = ("storage", "offset", "shape", "strides")

    def __init__(self, storage: Storage, offset: int, shape: tuple, strides: tuple):
        whole = (offset, *shape, *strides)
        if not isinstance(storage, Storage) or len(shape) != len(strides) or len(shape) > _MAX_AXES:
            raise ValueError("a tensor without storage, or of impossible shape")
        if not all(isinstance(each, int) and each >= 0 for each in whole):
            raise ValueError("negative sizes")
        count = math.prod(shape)
        last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides))
        if count and (last >= storage.count or count > storage.count):
            raise ValueError("a tensor beyond its storage")
        self.storage, self.offset, self.shape, self.strides = storage, offset, shape, strides

    def values(self, stored: np.ndarray) -> np.ndarray:
        """Return the tensor's values, a copy, from those of its whole storage."""
        stored = stored[self.storage.start + self.offset :]
        if self.storage.kind == "BFloat16":
            stored = (stored.astype(np.uint32) << 16).view(np.float32)
        steps = [stride * stored.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(stored, self.shape, steps, writeable=False).copy()


def read_torch_file(path: str | Path) -> Any:
    """Return what `torch.save` wrote: tensors as NumPy arrays (bfloat16 as float32), unknown objects as `Object`.

    Never runs anything of the file. Raises WeightsError when it is damaged, of another format, or asks for calls that
    weights do not need.
    """
    path = Path(path)
    try:
        with open(path, "rb") as file:
            if zipfile.is_zipfile(file):
                file.seek(0)
                value, arrays = _read_archive(file)
            else:
                file.seek(0)
                value, arrays = _read_stream(file, path.stat().st_size)
        return _filled(value, arrays)
    except WeightsError as error:
        raise WeightsError(f"{path} is refused: {error}") from error
    except _DAMAGE as error:
        raise WeightsError(f"{path} is not a readable PyTorch file (damaged, or another format)") from error


class _Storages:
    """The storages that a file's description mentions."""

    def __init__(self):
        self.seen = {}
        self.build = {
            "torch._utils._rebuild_tensor": self._tensor,
            "torch._utils._rebuild_tensor_v2": self._tensor,
            "torch._utils._rebuild_parameter": self._parameter,
            "torch._utils._rebuild_parameter_with_state": self._parameter,
            "torch.nn.parameter.Parameter": self._parameter,
            "torch.autograd.variable.Variable": self._parameter,
        }

    def named(self, identifier):
        """Return what a persistent identifier stands for: a storage, or the class of a module saved whole."""
        if identifier[0] == "module" and isinstance(identifier[1], Global):
            return identifier[1]
        tag, kind, key, _, count = identifier[:5]
        kind = kind.name.split(".")[-1].replace("Storage", "")
        if tag != "storage" or kind not in _TYPES or not isinstance(count, int) or count < 0:
            raise ValueError("an unknown kind of storage")
        key = str(key)
        known = self.seen.setdefault(key, (kind, count))
        if known != (kind, count):
            raise ValueError("a storage of two kinds")
        view = identifier[5] if len(identifier) > 5 else None
        if view is None:
            return Storage(kind, key, count)
        _, start, length = view
        if not (0 <= start <= start + length <= count):
            raise ValueError("a view beyond its storage")
        return Storage(kind, key, length, start)

    def _tensor(self, storage, offset, shape, strides, *_):
        return StoredTensor(storage, offset, tuple(shape), tuple(strides))

    def _parameter(self, data, *_):
        return data


def _size(kind, count):
    return np.dtype(_TYPES[kind]).itemsize * count


def _values(content, kind, order):
    return np.frombuffer(content, np.dtype(_TYPES[kind]).newbyteorder(order))


def _read_archive(file):
    whole = os.fstat(file.fileno()).st_size
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        described = [name for name in names if name == "data.pkl" or name.endswith("/data.pkl")]
        if len(described) != 1 or len(set(names)) != len(names):
            raise WeightsError(f"an archive of PyTorch holds one data.pkl; it has {len(described)}")
        prefix = described[0][: -len("data.pkl")]

        def content(name, size=None):
            entry = archive.getinfo(prefix + name)
            # stored as they are, so no entry is larger than the file that holds it
            if entry.compress_type != zipfile.ZIP_STORED or entry.file_size > whole:
                raise WeightsError(f"its entry {name[:80]!r} is compressed, which PyTorch never does")
            if size is not None and entry.file_size != size:
                raise WeightsError(f"its entry {name[:80]!r} has {entry.file_size} bytes, expected {size}")
            return archive.read(entry)

        if archive.getinfo(described[0]).file_size > MAX_BYTES:
            raise WeightsError(f"its description is larger than {MAX_BYTES} bytes")
        storages = _Storages()
        value = read_pickle(io.BytesIO(content("data.pkl")), storages.build, storages.named)
        order = ">" if prefix + "byteorder" in names and content("byteorder").strip() == b"big" else "<"
        if sum(_size(*each) for each in storages.seen.values()) > whole:
            raise WeightsError(f"its values need more than the {whole} bytes that the file has")
        arrays = {}
        for key, (kind, count) in storages.seen.items():
            if not key.isdigit():
                raise WeightsError(f"its storages are numbered; got {key[:80]!r}")
            arrays[key] = _values(content(f"data/{key}", _size(kind, count)), kind, order)
        return value, arrays


def _read_stream(file, whole):
    if read_pickle(file, {}) != _MAGIC or read_pickle(file, {}) != _PROTOCOL:
        raise WeightsError("it is no file of PyTorch 0.1.10 or newer")
    order = "<" if read_pickle(file, {}).get("little_endian", True) else ">"
    storages = _Storages()
    value = read_pickle(file, storages.build, storages.named)
    arrays = {}
    for key in read_pickle(file, {}):
        kind, count = storages.seen[str(key)]
        size = _size(kind, count)
        told = int.from_bytes(file.read(8), "little" if order == "<" else "big")
        if told != count or size > whole - file.tell():
            raise WeightsError(f"it ends before its values do: expected {size} more bytes, got {whole - file.tell()}")
        arrays[str(key)] = _values(file.read(size), kind, order)
    return value, arrays


def _filled(value, arrays):
    """Replace every stored tensor by its values, in place where it can be."""
    replaced, waiting = {}, []
    left = _MOST_SHARED * sum(array.size for array in arrays.values())

    def of(each):
        nonlocal left
        if isinstance(each, StoredTensor):
            if id(each) not in replaced:
                left -= math.prod(each.shape)
                if left < 0:
                    raise WeightsError(f"its tensors share their values more than {_MOST_SHARED} times")
                replaced[id(each)] = each.values(arrays[each.storage.key])
            return replaced[id(each)]
        waiting.append(each)
        return each

    seen, result = set(), of(value)
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        if isinstance(each, dict):
            each.update({key: of(item) for key, item in each.items()})
        elif isinstance(each, list):
            each[:] = [of(item) for item in each]
        elif isinstance(each, Object):
            each.state = of(each.state)
        else:
            continue
        seen.add(id(each))
    return result

"""Files as torch.save writes them, put together by hand: instructions of pickle, archives and streams."""

import struct
import zipfile

import numpy as np

KINDS = {"float32": "Float", "float64": "Double", "float16": "Half", "int64": "Long"}


class Raw(bytes):
    """Instructions that go into the pickle as they are."""


def named(module, name):
    """Return the instruction that looks up a class or function."""
    return Raw(f"c{module}\n{name}\n".encode())


def call(module, name, *arguments):
    """Return the instructions that call a function by its name."""
    return Raw(named(module, name) + b"(" + b"".join(encode(each) for each in arguments) + b"tR")


def whole_module(module, name, state, source=None):
    """Return the instructions that make an object of a class; with its source as old files keep it, or by name."""
    made = named(module, name)
    if source is not None:
        made = Raw(encode(("module", made, "model.py", source)) + b"Q")
    return Raw(made + b")\x81" + encode(state) + b"b")


def ordered(entries):
    """Return an OrderedDict's instructions, with the attribute that state dictionaries carry."""
    filled = call("collections", "OrderedDict") + b"(" + b"".join(encode(k) + encode(entries[k]) for k in entries)
    return Raw(filled + b"u" + encode({"_metadata": {"": {"version": 1}}}) + b"b")


class Storages:
    """The values of the tensors of one file, in the order in which they were met."""

    def __init__(self):
        self.arrays = []

    def tensor(self, array, legacy):
        """Return the instructions that rebuild a tensor."""
        key = str(len(self.arrays))
        self.arrays.append(array)
        identifier = ("storage", named("torch", f"{KINDS[str(array.dtype)]}Storage"), key, "cpu", array.size)
        storage = Raw(encode(identifier + ((None,) if legacy else ())) + b"Q")
        strides = tuple(step // array.itemsize for step in array.strides)
        return call("torch._utils", "_rebuild_tensor_v2", storage, 0, array.shape, strides, False, {})

    def placed(self, value, legacy):
        """Return `value` with the arrays in its dictionaries replaced by instructions."""
        if isinstance(value, np.ndarray):
            return self.tensor(value, legacy)
        if isinstance(value, dict):
            return {key: self.placed(each, legacy) for key, each in value.items()}
        return value


def encode(value):
    """Return the instructions of a value made of primitives, lists, tuples, dictionaries and `Raw`."""
    if isinstance(value, Raw):
        return bytes(value)
    if value is None or isinstance(value, bool):
        return {None: b"N", True: b"\x88", False: b"\x89"}[value]
    if isinstance(value, int):
        content = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
        return b"\x8a" + bytes([len(content)]) + content
    if isinstance(value, float):
        return b"G" + struct.pack(">d", value)
    if isinstance(value, str):
        content = value.encode()
        return b"X" + struct.pack("<I", len(content)) + content
    if isinstance(value, tuple):
        return b"(" + b"".join(encode(each) for each in value) + b"t"
    if isinstance(value, list):
        return b"](" + b"".join(encode(each) for each in value) + b"e"
    return b"}(" + b"".join(encode(key) + encode(value[key]) for key in value) + b"u"


def pickled(value):
    """Return a whole pickle."""
    return b"\x80\x02" + encode(value) + b"."


def write_archive(path, value, storages=None, compression=zipfile.ZIP_STORED, extra=()):
    """Write a zip archive as PyTorch does since 1.6. extra: further (name, content) entries."""
    storages = storages or Storages()
    value = storages.placed(value, legacy=False)
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("archive/data.pkl", pickled(value))
        for key, array in enumerate(storages.arrays):
            archive.writestr(f"archive/data/{key}", array.tobytes())
        for name, content in extra:
            archive.writestr(name, content)
    return path


def write_stream(path, value, storages=None):
    """Write a stream as PyTorch did before 1.6."""
    storages = storages or Storages()
    value = storages.placed(value, legacy=True)
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    keys = [str(key) for key in range(len(storages.arrays))]
    pickles = [pickled(each) for each in (0x1950A86A20F9469CFC6C, 1001, system, value, keys)]
    values = [struct.pack("<q", array.size) + array.tobytes() for array in storages.arrays]
    path.write_bytes(b"".join(pickles + values))
    return path


WRITERS = {"archive": write_archive, "stream": write_stream}

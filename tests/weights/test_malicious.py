"""Files that were made to do harm have no effect and end with exit code 4."""

import pickle
import struct
import zipfile

import numpy as np
import pytest

from src.errors import run_command
from src.weights.convert import read_weights
from tests.weights.torch_writer import (
    Raw,
    Storages,
    call,
    encode,
    named,
    pickled,
    whole_module,
    write_archive,
    write_stream,
)

WEIGHT = np.ones((2, 2), np.float32)
TOUCH = "touch MARK"
CODE = "open('MARK', 'w').close()"


def tensor_of(key="0", count=4, shape=(2, 2), strides=(2, 1), kind="FloatStorage"):
    storage = Raw(encode(("storage", named("torch", kind), key, "cpu", count)) + b"Q")
    return call("torch._utils", "_rebuild_tensor_v2", storage, 0, shape, strides, False, {})


def deep_key():
    # a tuple of twice the tuple before, 60 times over: hashing it would take 2**60 steps
    return Raw(b"}(" + b"(Nt" + b"2\x86" * 60 + b"Nu")


PICKLES = {
    "os.system": call("os", "system", TOUCH),
    "posix.system": call("posix", "system", TOUCH),
    "eval": call("builtins", "eval", CODE),
    "exec of Python 2": call("__builtin__", "exec", CODE),
    "subprocess": call("subprocess", "check_call", ["touch", "MARK"]),
    "attributes of an import": Raw(
        call("builtins", "getattr", call("builtins", "__import__", "os"), "system") + encode((TOUCH,)) + b"R"
    ),
    "attribute of a trusted package": Raw(
        call("builtins", "getattr", named("mmengine.fileio", "os"), "system") + encode((TOUCH,)) + b"R"
    ),
    "deep inside": {"state_dict": {"generator.conv.weight": {"a": [{"b": Raw(call("os", "system", TOUCH))}]}}},
    "in an argument": call("collections", "OrderedDict", [[1, call("os", "system", TOUCH)]]),
    "an instance": Raw(b"(" + encode(TOUCH) + b"ios\nsystem\n"),
    "an object": Raw(b"(" + named("os", "system") + encode(TOUCH) + b"o"),
    "a new object": Raw(named("subprocess", "Popen") + encode((["touch", "MARK"],)) + b"\x81"),
    "a registered extension": Raw(b"\x82\x01"),
    "another pickle inside": call("pickle", "loads", pickled(call("os", "system", TOUCH)).decode("latin1")),
    "code from the network": call("torch.hub", "load", "someone/something", "net"),
    "attributes of a trusted function": Raw(
        named("torch._utils", "_rebuild_tensor_v2") + encode({"__call__": named("os", "system")}) + b"b"
    ),
    "a module whole, with a call as its state": whole_module("model", "Net", call("os", "system", TOUCH)),
    "a hidden call on the way": Raw(call("os", "system", TOUCH) + b"0" + encode({"x": 1})),
    "a memo of two billion entries": Raw(encode({}) + b"r" + struct.pack("<I", 2**31 - 1)),
    "an endless key": deep_key(),
    "a number of a million digits": Raw(b"I" + b"9" * 1_000_000 + b"\n"),
    "bytes of an exabyte": Raw(b"\x8e" + struct.pack("<Q", 2**60)),
    "a storage of an exabyte": {"x": tensor_of(count=2**58, shape=(2**58,), strides=(1,))},
    "a tensor beyond its storage": {"x": tensor_of(shape=(4, 4), strides=(4, 1))},
    "a tensor that repeats one value": {"x": tensor_of(shape=(2**40,), strides=(0,))},
    "negative strides": {"x": tensor_of(strides=(-2, 1))},
    "a storage outside the archive": {"x": tensor_of(key="../../../etc/passwd")},
    "an absolute storage": {"x": tensor_of(key="/etc/passwd")},
    "an unknown storage": {"x": tensor_of(kind="system")},
}


def exit_code_of_reading(path):
    with pytest.raises(SystemExit) as ended:
        run_command(lambda _: read_weights(path, "any", {"x": (2, 2)}), [])
    return ended.value.code


@pytest.mark.parametrize("name", PICKLES)
@pytest.mark.parametrize("writer", [write_archive, write_stream], ids=["archive", "stream"])
def test_a_malicious_pickle_has_no_effect_and_exits_with_4(tmp_path, monkeypatch, capsys, writer, name):
    monkeypatch.chdir(tmp_path)
    storages = Storages()
    storages.arrays.append(WEIGHT)
    path = writer(tmp_path / "w.pth", PICKLES[name], storages)
    assert exit_code_of_reading(path) == 4
    message = capsys.readouterr().err
    assert "w.pth" in message and message.count("\n") == 1
    assert [each.name for each in tmp_path.iterdir()] == ["w.pth"]


@pytest.mark.parametrize("name", ["os.system", "eval", "an instance", "an object", "a hidden call on the way"])
def test_these_pickles_would_do_harm_elsewhere(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    pickle.loads(pickled(PICKLES[name]))
    assert (tmp_path / "MARK").exists()


def test_a_compressed_description_is_refused(tmp_path):
    path = write_archive(tmp_path / "w.pth", {"x": "0" * 10_000_000}, compression=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 100_000
    assert exit_code_of_reading(path) == 4


def test_two_descriptions_are_refused(tmp_path):
    path = write_archive(tmp_path / "w.pth", {"x": WEIGHT}, extra=[("other/data.pkl", pickled({}))])
    assert exit_code_of_reading(path) == 4


def test_entries_that_lead_out_of_the_archive_are_not_written(tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    path = write_archive(inner / "w.pth", {"x": WEIGHT}, extra=[("../MARK", b"x"), (str(tmp_path / "MARK"), b"x")])
    assert read_weights(path, "any", {"x": (2, 2)})["x"].tolist() == WEIGHT.tolist()
    assert [each.name for each in tmp_path.iterdir()] == ["inner"]
    assert [each.name for each in inner.iterdir()] == ["w.pth"]


def test_one_storage_copied_many_times_is_refused(tmp_path):
    storages = Storages()
    storages.arrays.append(WEIGHT)
    path = write_archive(tmp_path / "w.pth", {f"x{i}": tensor_of() for i in range(9)}, storages)
    assert exit_code_of_reading(path) == 4

"""Reading PyTorch's files: the values come back exactly, and damage is told instead of loaded."""

import struct

import numpy as np
import pytest

from src.errors import WeightsError
from src.weights.inert_pickle import Object
from src.weights.torch_file import read_torch_file
from tests.weights.torch_writer import WRITERS, Raw, Storages, call, encode, named, pickled, write_archive, write_stream

WEIGHT = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
def test_values_of_every_type_and_order_come_back(tmp_path, writer):
    kept = {
        "single": WEIGHT,
        "double": WEIGHT.astype(np.float64) / 3,
        "half": WEIGHT.astype(np.float16),
        "count": np.array(7),
        "none": np.zeros((0, 3), np.float32),
        "epoch": 5,
        "rate": -1.5,
        "large": -(2**70),
        "name": "\u00e9",
    }
    read = read_torch_file(writer(tmp_path / "w.pth", kept))
    assert read.keys() == kept.keys()
    for name, value in kept.items():
        np.testing.assert_array_equal(read[name], value)
        assert np.asarray(read[name]).dtype == np.asarray(value).dtype


@pytest.mark.parametrize("legacy", [False, True], ids=["archive", "stream"])
def test_tensors_that_share_a_storage_are_cut_out_of_it(tmp_path, legacy):
    storages = Storages()
    storages.tensor(WEIGHT, legacy)
    identifier = ("storage", named("torch", "FloatStorage"), "0", "cpu", 24) + ((None,) if legacy else ())
    storage = Raw(encode(identifier) + b"Q")
    transposed = call("torch._utils", "_rebuild_tensor_v2", storage, 12, (4, 3), (1, 4), False, {})
    writer = write_stream if legacy else write_archive
    read = read_torch_file(writer(tmp_path / "w.pth", {"part": transposed}, storages))
    np.testing.assert_array_equal(read["part"], WEIGHT[1].T)


def test_half_floats_of_the_brain_kind_become_single_ones(tmp_path):
    values = np.array([1.0, -2.5, 3e38, 0.0], np.float32)
    storages = Storages()
    storages.arrays.append((values.view(np.uint32) >> 16).astype(np.uint16))
    storage = Raw(encode(("storage", named("torch", "BFloat16Storage"), "0", "cpu", 4)) + b"Q")
    tensor = call("torch._utils", "_rebuild_tensor_v2", storage, 0, (4,), (1,), False, {})
    read = read_torch_file(write_archive(tmp_path / "w.pth", {"x": tensor}, storages))
    np.testing.assert_array_equal(read["x"], (values.view(np.uint32) >> 16 << 16).view(np.float32))


def test_records_of_a_training_run_become_inert(tmp_path):
    history = Raw(named("mmengine.logging.history_buffer", "HistoryBuffer") + b")\x81" + encode({"max": 3}) + b"b")
    read = read_torch_file(write_archive(tmp_path / "w.pth", {"message_hub": {"loss": history}, "x": WEIGHT}))
    assert isinstance(read["message_hub"]["loss"], Object)
    assert read["message_hub"]["loss"].state == {"max": 3}
    np.testing.assert_array_equal(read["x"], WEIGHT)


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(tmp_path, writer, part):
    whole = writer(tmp_path / "w.pth", {"x": WEIGHT}).read_bytes()
    (tmp_path / "cut.pth").write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(WeightsError, match=r"cut\.pth"):
        read_torch_file(tmp_path / "cut.pth")


def test_a_changed_value_in_an_archive_is_noticed(tmp_path):
    path = write_archive(tmp_path / "w.pth", {"x": WEIGHT})
    content = path.read_bytes()
    place = content.index(WEIGHT.tobytes()) + 5
    path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
    with pytest.raises(WeightsError, match="damaged"):
        read_torch_file(path)


def test_random_damage_is_refused_or_harmless(tmp_path):
    random = np.random.RandomState(3)
    for writer in WRITERS.values():
        whole = writer(tmp_path / "w.pth", {"state_dict": {"x": WEIGHT, "y": [1, "two", (3.0, None)]}}).read_bytes()
        refused = 0
        for _ in range(300):
            content = bytearray(whole)
            for place in random.randint(0, len(whole), 3):
                content[place] = random.randint(256)
            (tmp_path / "damaged.pth").write_bytes(content)
            try:
                read_torch_file(tmp_path / "damaged.pth")
            except WeightsError:
                refused += 1
        assert refused > 30


def test_the_stream_tells_how_many_values_are_missing(tmp_path):
    path = write_stream(tmp_path / "w.pth", {"x": WEIGHT})
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(WeightsError, match="expected 96 more bytes, got 88"):
        read_torch_file(path)


def test_another_pickle_is_no_file_of_weights(tmp_path):
    (tmp_path / "w.pth").write_bytes(pickled({"x": 1}) + struct.pack("<q", 0))
    with pytest.raises(WeightsError, match="no file of PyTorch"):
        read_torch_file(tmp_path / "w.pth")

"""Flow files: the published byte order, the way there and back, and one line for whatever is no flow."""

import struct

import numpy as np
import pytest

from src.data.flow_files import read_flow, write_flow
from src.errors import InputError


def test_bytes_are_those_of_the_format(tmp_path):
    flow = np.array([[[1, 2, 3], [4, 5, 6]], [[-1, -2, -3], [-4, -5, -6]]], np.float32)
    write_flow(tmp_path / "a.flo", flow)
    values = (1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6)
    assert (tmp_path / "a.flo").read_bytes() == b"PIEH" + struct.pack("<ii12f", 3, 2, *values)
    np.testing.assert_array_equal(read_flow(tmp_path / "a.flo"), flow)
    assert [each.name for each in tmp_path.iterdir()] == ["a.flo"]


def test_what_cannot_be_written_leaves_the_earlier_file(tmp_path):
    flow = np.ones((2, 3, 4), np.float32)
    write_flow(tmp_path / "a.flo", flow)
    for wrong in (flow[0], np.full((2, 3, 4), np.nan)):
        with pytest.raises(ValueError):
            write_flow(tmp_path / "a.flo", wrong)
    np.testing.assert_array_equal(read_flow(str(tmp_path / "a.flo")), flow)


HEAD = b"PIEH" + struct.pack("<ii", 2, 1)


@pytest.mark.parametrize(
    "data, told",
    [
        (b"", "at least 12 bytes; got 0"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "starts with the number 202021.25"),
        (HEAD + bytes(15), "2 x 1 takes 28 bytes; got 27"),
        (HEAD + bytes(17), "2 x 1 takes 28 bytes; got 29"),
        (b"PIEH" + struct.pack("<ii", -1, -8), "got -1 x -8"),
        (b"PIEH" + struct.pack("<ii", 2**31 - 1, 2**31 - 1), "1 to 100000 pixels"),
        (HEAD + struct.pack("<4f", 0, np.inf, 0, np.nan), "finite values; got 2"),
    ],
)
def test_a_file_that_is_no_flow_is_told_as_such(tmp_path, data, told):
    (tmp_path / "bad.flo").write_bytes(data)
    with pytest.raises(InputError, match=f"bad.flo: .*{told}"):
        read_flow(tmp_path / "bad.flo")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="none.flo: cannot be read"):
        read_flow(tmp_path / "none.flo")


def test_random_bytes_never_raise_anything_else(tmp_path):
    rng = np.random.default_rng(0)
    for _ in range(200):
        body = rng.bytes(int(rng.integers(0, 60)))
        (tmp_path / "a.flo").write_bytes(body if rng.random() < 0.5 else b"PIEH" + body)
        with pytest.raises(InputError):
            read_flow(tmp_path / "a.flo")

"""Weights on disk: whole, of the right model, under names that no enclosing cell changes."""

import os

import mindspore
import numpy as np
import pytest
from mindspore import nn

from src.engine import checkpoint
from src.engine.checkpoint import Card, load_weights, save_weights
from src.errors import WeightsError


class Small(nn.Cell):
    def __init__(self, width=4):
        super().__init__()
        self.first = nn.Conv2d(3, width, 3, weight_init="normal", has_bias=True, bias_init="normal")
        self.last = nn.Dense(width, 2, weight_init="normal", bias_init="normal")


class Enclosing(nn.Cell):
    def __init__(self, network):
        super().__init__()
        self.network = network


def values(network):
    return {name: parameter.asnumpy() for name, parameter in network.parameters_and_names()}


def test_loading_gives_the_saved_values_back(tmp_path):
    saved, loaded = Small(), Small()
    save_weights(saved, tmp_path / "w.ckpt", Card("small"))
    load_weights(loaded, tmp_path / "w.ckpt", "small")
    for name, value in values(saved).items():
        np.testing.assert_array_equal(values(loaded)[name], value)


def test_the_card_comes_back(tmp_path):
    save_weights(Small(), tmp_path / "w.ckpt", Card("small", "arbitrary"))
    assert load_weights(Small(), tmp_path / "w.ckpt", "small") == Card("small", "arbitrary")


def test_a_cell_around_the_network_changes_no_name(tmp_path):
    saved = Small()
    expected = values(saved)
    Enclosing(saved)
    save_weights(saved, tmp_path / "w.ckpt", Card("small"))
    loaded = Small()
    load_weights(loaded, tmp_path / "w.ckpt", "small")
    np.testing.assert_array_equal(values(loaded)["first.weight"], expected["first.weight"])


def test_half_precision_is_widened_on_loading(tmp_path):
    saved, loaded = Small(), Small()
    save_weights(saved, tmp_path / "w.ckpt", Card("small"), half=True)
    load_weights(loaded, tmp_path / "w.ckpt", "small")
    value = values(loaded)["last.weight"]
    assert value.dtype == np.float32
    np.testing.assert_array_equal(value, values(saved)["last.weight"].astype(np.float16).astype(np.float32))


def test_another_model_is_refused_with_its_first_mismatches(tmp_path):
    save_weights(Small(width=6), tmp_path / "w.ckpt", Card("small_6"))
    with pytest.raises(WeightsError) as caught:
        load_weights(Small(), tmp_path / "w.ckpt", "small")
    message = str(caught.value)
    assert "saved from small_6" in message and "first.weight is (6, 3, 3, 3), expected (4, 3, 3, 3)" in message


def test_missing_and_foreign_parameters_are_named(tmp_path):
    entries = [{"name": "other.weight", "data": mindspore.Tensor(np.zeros(3, np.float32))}]
    mindspore.save_checkpoint(entries, str(tmp_path / "w.ckpt"))
    with pytest.raises(WeightsError, match=r"first\.weight is missing; .*; and 2 more"):
        load_weights(Small(), tmp_path / "w.ckpt", "small")


@pytest.mark.parametrize("content", [b"", b"no checkpoint at all", os.urandom(4096)], ids=["empty", "text", "noise"])
def test_a_damaged_file_is_refused(tmp_path, content):
    (tmp_path / "w.ckpt").write_bytes(content)
    with pytest.raises(WeightsError, match="w.ckpt"):
        load_weights(Small(), tmp_path / "w.ckpt", "small")


def test_a_truncated_checkpoint_is_refused(tmp_path):
    path = tmp_path / "w.ckpt"
    save_weights(Small(), path, Card("small"))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsError):
        load_weights(Small(), path, "small")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(WeightsError, match="nowhere.ckpt does not exist"):
        load_weights(Small(), tmp_path / "nowhere.ckpt", "small")


def test_a_failed_write_leaves_the_previous_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "w.ckpt"
    save_weights(Small(), path, Card("small"))
    before = path.read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint.os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        save_weights(Small(), path, Card("small"))
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["w.ckpt"]


def test_the_file_can_be_read_and_replaced_by_others(tmp_path):
    save_weights(Small(), tmp_path / "w.ckpt", Card("small"))
    assert os.stat(tmp_path / "w.ckpt").st_mode & 0o777 == 0o644

"""Weights packed for shipping: rounded to halves, with their card, and nothing replaced unasked."""

import hashlib

import mindspore
import numpy as np
import pytest

from scripts.pack_weights import main
from src.engine.checkpoint import load_weights, save_weights
from src.errors import UsageError
from src.models import create_model
from src.runtime.mindspore_graph import CHECKPOINTS


@pytest.fixture(scope="module")
def network():
    made = create_model("ifrnet_s")
    made.card = load_weights(made, CHECKPOINTS / "ifrnet_s.ckpt", "ifrnet_s")
    random = np.random.default_rng(0)
    for parameter in made.get_parameters():
        noise = 1e-3 * random.normal(size=parameter.shape)
        parameter.set_data(mindspore.Tensor((parameter.asnumpy() + noise).astype(np.float32)))
    return made


def test_packed_weights_are_the_halves_of_the_source_with_its_card(network, tmp_path, capsys):
    source, output = tmp_path / "whole.ckpt", tmp_path / "half.ckpt"
    save_weights(network, source, network.card)
    main([str(source), str(output)])
    assert capsys.readouterr().out.split()[-1] == hashlib.sha256(output.read_bytes()).hexdigest()
    assert output.stat().st_size < 0.55 * source.stat().st_size
    packed = create_model("ifrnet_s")
    assert load_weights(packed, output, "ifrnet_s") == network.card
    for ours, whole in zip(packed.get_parameters(), network.get_parameters()):
        np.testing.assert_array_equal(ours.asnumpy(), whole.asnumpy().astype(np.float16))


def test_a_file_is_replaced_on_request_alone(network, tmp_path):
    source, output = tmp_path / "whole.ckpt", tmp_path / "half.ckpt"
    save_weights(network, source, network.card)
    output.write_text("mine")
    with pytest.raises(UsageError, match="half.ckpt exists; give another, or --overwrite"):
        main([str(source), str(output)])
    assert output.read_text() == "mine"
    main([str(source), str(output), "--overwrite"])
    assert output.stat().st_size > 1e6

"""scripts/convert_torch.py: published weights behind a URL become a checkpoint of ours, or an exit code."""

import hashlib
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import infer
from src.engine.checkpoint import load_weights
from src.errors import WeightsError
from src.models import create_model
from src.weights.published import official_toflow_name
from tests.weights.torch_writer import write_stream

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "convert_torch.py"


@pytest.fixture
def published(server, tmp_path):
    """Serve TOFlow's weights as MMEditing lays them out; return their values and the digest of their file."""
    tensors = {}
    for number, (name, parameter) in enumerate(create_model("toflow_vfi").parameters_and_names()):
        tensors[official_toflow_name(name)] = np.full(parameter.shape, 1e-4 * number, np.float32)
    state = {f"generator.{name}": each for name, each in tensors.items()}
    content = write_stream(tmp_path / "w.pth", {"meta": {"epoch": 1}, "state_dict": state}).read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:8]
    server.files.update({f"tof_20220321-{digest}.pth": content, "tof_20220321-00000000.pth": content})
    return tensors, digest


def convert(source, output, *more):
    command = [sys.executable, str(SCRIPT), source, "--model", "toflow_vfi", "--output_path", str(output), *more]
    return subprocess.run(command, capture_output=True, text=True)


def test_a_served_file_is_converted_and_loads(server, published, tmp_path):
    tensors, digest = published
    output = tmp_path / "toflow.ckpt"
    ended = convert(f"{server.root}/good/tof_20220321-{digest}.pth", output)
    assert ended.returncode == 0, ended.stderr
    assert "toflow_vfi, 995,723 parameters, timestep fixed" in ended.stdout
    network = create_model("toflow_vfi")
    load_weights(network, output, "toflow_vfi")
    for name, parameter in network.parameters_and_names():
        np.testing.assert_array_equal(parameter.asnumpy(), tensors[official_toflow_name(name)])
    assert convert("anything.pth", output).returncode == 2


def test_a_network_that_takes_no_time_gets_no_card_that_knows_all_times(tmp_path):
    ended = convert("any.pth", tmp_path / "toflow.ckpt", "--timestep", "arbitrary")
    assert ended.returncode == 2 and "take a time, which toflow_vfi does not" in ended.stderr


def test_a_url_is_taken_where_a_path_is(server, published):
    tensors, digest = published
    network = create_model("toflow_vfi")
    load_weights(network, f"{server.root}/good/tof_20220321-{digest}.pth", "toflow_vfi")
    for name, parameter in network.parameters_and_names():
        np.testing.assert_array_equal(parameter.asnumpy(), tensors[official_toflow_name(name)])


def test_infer_runs_on_published_weights_from_a_url(server, published, tmp_path):
    _, digest = published
    pictures, output = tmp_path / "in", tmp_path / "out"
    pictures.mkdir()
    for number in range(2):
        cv2.imwrite(str(pictures / f"{number}.png"), np.full((33, 49, 3), 80 + 40 * number, np.uint8))
    address = f"{server.root}/good/tof_20220321-{digest}.pth"
    infer.main([str(pictures), "--output_path", str(output), "--model", "toflow_vfi", "--ckpt_path", address])
    made = [cv2.imread(str(path)) for path in sorted(output.iterdir())]
    assert [picture.shape for picture in made] == [(33, 49, 3)] * 3
    assert made[0].mean() == 80 and made[2].mean() == 120

    wrong = f"{server.root}/good/tof_20220321-00000000.pth"
    with pytest.raises(WeightsError, match="00000000... expected"):
        infer.main([str(pictures), "--output_path", f"{output}2", "--model", "toflow_vfi", "--ckpt_path", wrong])
    assert not Path(f"{output}2").exists()


def test_a_wrong_digest_ends_with_4_and_without_a_checkpoint(server, published, tmp_path):
    ended = convert(f"{server.root}/good/tof_20220321-00000000.pth", tmp_path / "toflow.ckpt")
    assert ended.returncode == 4 and "00000000... expected" in ended.stderr
    assert not (tmp_path / "toflow.ckpt").exists()
    assert not any(path.is_file() for path in (tmp_path / "cache").rglob("*"))

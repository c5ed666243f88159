"""MindSpore missing, unsupported or without the device: one line and exit code 5."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from src.engine import device
from src.errors import EnvironmentFault

ROOT = Path(__file__).resolve().parents[2]


def train_beside(stub, tmp_path):
    """Run train.py where `import mindspore` finds the given source."""
    (tmp_path / "mindspore.py").write_text(stub, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "train.py", "--output_path", str(tmp_path / "out")]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("stub", "expected"),
    [
        ("raise ImportError('no such library')", "cannot be imported (no such library): pip install -r"),
        ("__version__ = '1.10.1'", "MindSpore 2.0.0 to 2.10.0 is supported; got 1.10.1"),
        ("__version__ = '2.11.0'", "MindSpore 2.0.0 to 2.10.0 is supported; got 2.11.0"),
        ("__version__ = '3.0.0rc1'", "got 3.0.0rc1"),
    ],
)
def test_a_missing_or_unsupported_mindspore_is_exit_code_5(stub, expected, tmp_path):
    done = train_beside(stub, tmp_path)
    assert done.returncode == 5
    assert expected in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_device_that_is_not_there_is_told_in_one_line():
    # in a process of its own: a failed choice of device cannot be taken back
    code = (
        "from src.engine.device import start_device\nfrom src.errors import run_command\n"
        "run_command(lambda _: start_device('Ascend'), [])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 5
    assert done.stderr.splitlines()[-1].startswith("error: Ascend device 0 cannot be used here: ")


def test_onednn_is_kept_to_avx2_only_where_it_is_slow_without(monkeypatch):
    monkeypatch.setattr(device, "_has_avx512", lambda: True)
    for version, expected in (((2, 8, 0), None), ((2, 9, 0), "AVX2"), ((2, 10, 0), "AVX2")):
        monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
        monkeypatch.setattr(device, "_installed_version", lambda version=version: version)
        device.import_mindspore()
        assert os.environ.get("ONEDNN_MAX_CPU_ISA") == expected


def test_an_environment_of_the_user_is_respected(monkeypatch):
    monkeypatch.setattr(device, "_has_avx512", lambda: True)
    monkeypatch.setattr(device, "_installed_version", lambda: (2, 10, 0))
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX512_CORE")
    device.import_mindspore()
    assert os.environ["ONEDNN_MAX_CPU_ISA"] == "AVX512_CORE"


def test_the_failure_keeps_the_cause():
    with pytest.raises(EnvironmentFault) as caught:
        device.start_device("CPU", -5)
    assert "CPU device -5" in str(caught.value)

"""MindSpore missing, unsupported or without the device: one line and exit code 5."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from src.config import Recipe
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


@pytest.mark.parametrize(("variable", "expected"), [("DEVICE_ID", 3), ("OMPI_COMM_WORLD_LOCAL_RANK", 3), ("HOME", 5)])
@pytest.mark.parametrize("target", ["GPU", "CPU"])
def test_a_worker_takes_the_device_of_its_launcher_only_when_it_is_distributed(
    variable, expected, target, monkeypatch
):  # fmt: skip
    for name in device.LOCAL_DEVICE:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "3")
    for distribute in (True, False):
        recipe = Recipe(distribute=distribute, device_target=target, device_id=5)
        assert device.worker_device(recipe) == (expected if distribute and target == "GPU" else 5)


@pytest.mark.parametrize(
    ("target", "message", "expected"),
    [
        ("GPU", "Unsupported device target GPU. More.\nAnd", "Unsupported device target GPU. More.; pip install -r"),
        (
            "GPU",
            "Unsupported\nLoad dynamic library: libmindspore_gpu.so.11.6 failed. libcublas.so.11: no such file\nmore",
            "its plug-in does not load (libcublas.so.11: no such file); pip install -r requirements-gpu.txt",
        ),
        (
            "Ascend",
            "Unsupported\nLoad dynamic library: libmindspore_ascend.so.2 failed. libge_runner.so: no such file",
            "its plug-in does not load (libge_runner.so: no such file); install CANN and source its set_env.sh",
        ),
        ("CPU", "", "no reason is told"),
    ],
)
def test_the_reason_names_the_plug_in_and_the_next_step(target, message, expected, monkeypatch):
    monkeypatch.setattr(device, "ASCEND_DEVICES", "/dev/null")
    assert device._reason(target, message).startswith(expected)


def test_an_ascend_machine_without_a_card_is_told_so(monkeypatch):
    monkeypatch.setattr(device, "ASCEND_DEVICES", "/nowhere/davinci*")
    assert device._reason("Ascend", "anything").startswith("no card (/nowhere/davinci* is not there)")


class FakeMindSpore:
    """Notes what is asked of it; `runtime` and `set_deterministic` only where the version has them."""

    def __init__(self, new):
        self.asked = []
        if new:
            self.set_deterministic = lambda on: self.asked.append(("deterministic", on))
            self.runtime = SimpleNamespace(set_memory=lambda *sizes: self.asked.append(("memory", sizes)))

    def set_context(self, **settings):
        self.asked.append(settings)


def test_settings_go_by_the_means_of_the_version():
    for new, expected in (
        (True, [("deterministic", True), ("memory", ("1.5GB", "1.5GB", "1.5GB"))]),
        (False, [{"deterministic": "ON"}, {"max_device_memory": "1.5GB"}]),
    ):
        mindspore = FakeMindSpore(new)
        device._repeat_results(mindspore)
        device._limit_memory(mindspore, 1.5)
        assert mindspore.asked == expected


def test_settings_are_accepted_and_the_compile_cache_is_used(tmp_path):
    # in a process of its own: memory is limited once
    code = (
        "from src.engine.device import start_device\n"
        f"start_device('CPU', seed=1, deterministic=True, memory_limit=4, compile_cache={str(tmp_path)!r})\n"
        "from mindspore import Tensor, nn, ops\n"
        "class Doubled(nn.Cell):\n    def construct(self, x):\n        return ops.tanh(x) * 2\n"
    )
    program = tmp_path / "program.py"
    program.write_text(code + "print(Doubled()(Tensor([0.0])).asnumpy())", encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, str(program)], env=environment, capture_output=True, text=True)
    assert done.stdout == "[0.]\n", done.stderr
    assert list(tmp_path.rglob("*.mindir"))

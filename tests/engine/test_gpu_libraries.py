"""The CUDA libraries of PyPI, with small libraries of the same names: what is loaded, what MindSpore then finds."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from src.engine import gpu_libraries

ROOT = Path(__file__).resolve().parents[2]
# says whether every library is found by its name alone, as the plug-in asks for it
LOAD = """
import ctypes, os
from src.engine.gpu_libraries import LIBRARIES, load_gpu_libraries
from src.errors import run_command
def main(_):
    print(len(load_gpu_libraries()))
    for _, name in LIBRARIES:
        ctypes.CDLL(name)
    print(os.environ["LD_LIBRARY_PATH"].split(os.pathsep)[-1], os.environ["CUDA_HOME"])
run_command(main)
"""
CHECK = """
from src.engine.gpu_libraries import check_gpu
from src.errors import run_command
run_command(lambda _: check_gpu(1))
"""
needs_compiler = pytest.mark.skipif(shutil.which("gcc") is None, reason="the stand-in libraries need a C compiler")


def build(path, source="", *options):
    path.parent.mkdir(parents=True, exist_ok=True)
    command = ["gcc", "-shared", "-fPIC", f"-Wl,-soname,{path.name}", *options, "-x", "c", "-", "-o", str(path)]
    subprocess.run(command, input=source, text=True, check=True)


def run(code, **environment):
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)


@pytest.fixture
def packages(tmp_path):
    """A folder to import from, whose nvidia package holds a library of every name; each needs the one before it."""
    options = []
    for part, name in gpu_libraries.LIBRARIES:
        path = tmp_path / "nvidia" / part / "lib" / name
        build(path, "", "-Wl,--no-as-needed", *options)
        options = [str(path)]
    return tmp_path


@needs_compiler
def test_every_library_is_loaded_before_those_that_need_it(packages):
    done = run(LOAD, PYTHONPATH=f"{ROOT}:{packages}", LD_LIBRARY_PATH="/opt/other")
    folders = len({part for part, _ in gpu_libraries.LIBRARIES})
    assert done.stdout.splitlines() == [str(folders), f"/opt/other {gpu_libraries.CUDA_HOME}"], done.stderr


@needs_compiler
def test_a_missing_part_is_exit_code_5_with_the_command_that_installs_it(packages):
    (packages / "nvidia" / "cudnn" / "lib" / "libcudnn.so.8").unlink()
    done = run(LOAD, PYTHONPATH=f"{ROOT}:{packages}")
    assert done.returncode == 5
    assert done.stderr.startswith("error: the CUDA library libcudnn.so.8 cannot be loaded")
    assert "pip install -r requirements-gpu.txt" in done.stderr and done.stderr.count("\n") == 1


def test_without_the_packages_the_cuda_of_the_system_is_left_as_it_is(monkeypatch):
    monkeypatch.setattr(gpu_libraries, "_packages", lambda: None)
    monkeypatch.setattr(gpu_libraries, "SYSTEM_RUNTIMES", ("libcudart-missing.so", "libc.so.6"))
    monkeypatch.setenv("CUDA_HOME", "/usr/local/cuda")
    assert gpu_libraries.load_gpu_libraries() == []
    assert os.environ["CUDA_HOME"] == "/usr/local/cuda"


def test_without_any_cuda_the_packages_are_named(monkeypatch):
    monkeypatch.setattr(gpu_libraries, "_packages", lambda: None)
    monkeypatch.setattr(gpu_libraries, "SYSTEM_RUNTIMES", ("libcudart-missing.so",))
    with pytest.raises(gpu_libraries.EnvironmentFault, match="found none of them: pip install -r requirements-gpu.txt"):
        gpu_libraries.load_gpu_libraries()


def test_mindspore_learns_a_version_that_has_a_plug_in():
    """MindSpore takes what follows these words, up to the comma, and chooses the newest plug-in not above it."""
    answer = subprocess.run([gpu_libraries.CUDA_HOME / "bin" / "nvcc", "--version"], capture_output=True, text=True)
    version = answer.stdout.split("Cuda compilation tools, release ")[1].split(",")[0]
    assert version == "11.8"


@needs_compiler
@pytest.mark.parametrize(
    ("status", "cards", "expected"),
    [(0, 2, None), (0, 1, "it shows 1 cards"), (100, 0, "its initialisation returns 100")],
)
def test_the_driver_is_asked_for_the_card(status, cards, expected, tmp_path):
    source = f"int cuInit(int f) {{return {status};}} int cuDeviceGetCount(int *c) {{*c = {cards}; return 0;}}"
    build(tmp_path / gpu_libraries.DRIVER, source)
    done = run(CHECK, LD_LIBRARY_PATH=str(tmp_path))
    if expected is None:
        assert (done.returncode, done.stderr) == (0, "")
    else:
        assert done.returncode == 5
        assert done.stderr.startswith("error: GPU device 1 cannot be used here: the NVIDIA driver does not offer it")
        assert expected in done.stderr and done.stderr.count("\n") == 1


def test_a_machine_without_a_driver_is_told_so_before_mindspore_starts(monkeypatch):
    monkeypatch.setattr(gpu_libraries, "DRIVER", "libcuda-that-is-missing.so.1")
    with pytest.raises(gpu_libraries.EnvironmentFault, match="NVIDIA driver is missing .*--device_target CPU"):
        gpu_libraries.check_gpu(0)

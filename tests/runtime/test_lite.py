"""MindSpore Lite in a process of its own: a stub of the library in the same Python stands for it, then the real one."""

import sys

import numpy as np
import pytest

from src.errors import EnvironmentFault
from src.runtime.lite import LiteSession
from tests.runtime.exports import manifest, write_export

# Adds twice the second frame to the first; names tell its mood.
STUB = '''
import os
import numpy as np
__version__ = "2.0.0"
print("a word of the library on standard output")
class ModelType: MINDIR = 0
class Device: thread_num = 0
class Context:
    def __init__(self): self.cpu, self.target = Device(), None
class Tensor:
    def __init__(self, name): self.name = name
    def set_data_from_numpy(self, values): self.values = np.array(values)
    def get_data_to_numpy(self): return self.values
class Model:
    def build_from_file(self, path, kind, context):
        path = os.path.basename(path)
        if "new" in path: raise RuntimeError("build_from_file failed! Error is Common error code.")
        if "crash" in path: os.write(2, b"first line\\nlast line\\n"); os.abort()
        self.path, self.inputs = path, [Tensor("frame1"), Tensor("frame0")]
    def get_inputs(self): return self.inputs
    def predict(self, inputs):
        if "later" in self.path: os._exit(9)
        print("between the answers")
        result = Tensor("frames")
        result.values = self.inputs[1].values + 2 * self.inputs[0].values
        return [result]
'''


@pytest.fixture
def opened(tmp_path, monkeypatch):
    (tmp_path / "mindspore_lite.py").write_text(STUB)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("MINDFRAMES_LITE_PYTHON", sys.executable)

    def opened(name):
        path = write_export(tmp_path / name, takes_time=False)
        return LiteSession(path, manifest(takes_time=False))

    return opened


def test_inputs_go_by_name_and_answers_are_not_disturbed_by_what_the_library_prints(opened):
    session = opened("net.mindir")
    for seed in range(3):
        first, second = np.random.RandomState(seed).rand(2, 1, 3, 16, 24).astype(np.float32)
        np.testing.assert_array_equal(session([first, second]), first + 2 * second)
    process = session.process
    del session
    assert process.returncode == 0


def test_a_file_of_a_newer_format_is_refused_with_both_versions(opened):
    with pytest.raises(EnvironmentFault, match=r"new.mindir, MINDIR version 3 of MindSpore 2.8.0 .* Lite 2.0.0: .*"):
        opened("new.mindir")


def test_a_crash_is_told_with_its_last_word(opened):
    with pytest.raises(EnvironmentFault, match=r"broke down with .*crash.mindir \(exit code -6\): last line"):
        opened("crash.mindir")
    session = opened("later.mindir")
    with pytest.raises(EnvironmentFault, match=r"broke down with .*later.mindir \(exit code 9\)"):
        session(list(np.zeros((2, 1, 3, 16, 24), np.float32)))


def test_arrays_of_another_shape_are_refused_before_they_are_sent(opened):
    with pytest.raises(ValueError, match=r"frame0 has the shape \[1, 3, 16, 24\]; got \[1, 3, 8, 8\]"):
        opened("net.mindir")(list(np.zeros((2, 1, 3, 8, 8), np.float32)))


def test_a_missing_lite_is_named_with_what_installs_it(tmp_path, monkeypatch):
    monkeypatch.setenv("MINDFRAMES_LITE_PYTHON", str(tmp_path / "python"))
    with pytest.raises(EnvironmentFault, match="setup_lite.sh"):
        LiteSession(write_export(tmp_path / "net.mindir"), manifest())

"""The library of compiled operators: when it is built, where it is kept, and why it is not there."""

import os
import platform
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import mindspore
import pytest

from src.ops.compiled import library

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def fresh(monkeypatch, tmp_path):
    """Forget the library of this process, and look for it in an empty cache."""
    library._outcome.cache_clear()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    yield tmp_path / "mindframes"
    library._outcome.cache_clear()


def test_it_is_there_with_what_the_requirements_install_and_a_compiler(fresh):
    newer = tuple(map(int, mindspore.__version__.split(".")[:2])) >= library.FIRST_WITH_OWN
    if newer or sys.platform != "linux" or not any(map(shutil.which, library.COMPILERS)):
        pytest.skip("a newer MindSpore, another system, or no compiler")
    assert library.why_not() == ""
    assert library.is_available()
    (built,) = fresh.iterdir()
    assert built.suffix == ".so"


needs_library = pytest.mark.skipif(not library.is_available(), reason=library.why_not() or "there")


@needs_library
def test_it_is_built_once_and_anew_for_another_compiler_or_source(fresh, monkeypatch, tmp_path):
    monkeypatch.setattr(library, "FLAGS", [flag.replace("-O3", "-O0") for flag in library.FLAGS])
    assert library.is_available()
    (built,) = fresh.iterdir()
    written = built.stat().st_mtime_ns
    library._outcome.cache_clear()
    assert library.is_available()
    assert [each.stat().st_mtime_ns for each in fresh.iterdir()] == [written]
    sources = tmp_path / "sources"
    shutil.copytree(library.SOURCES, sources)
    with open(sources / "prelu.cc", "a", encoding="utf-8") as file:
        file.write("// changed\n")
    monkeypatch.setattr(library, "SOURCES", sources)
    library._outcome.cache_clear()
    assert library.is_available()
    assert len(list(fresh.iterdir())) == 2


@needs_library
def test_processes_that_build_it_at_once_do_not_disturb_each_other(fresh):
    command = [sys.executable, "-c", "from src.ops.compiled import library; print(library.why_not() or 'there')"]
    processes = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate()[0].strip() for process in processes] == ["there", "there"]
    assert len(list(fresh.iterdir())) == 1


def test_why_it_is_not_there_is_told_in_one_line(fresh, monkeypatch, tmp_path):
    def why(**changes):
        library._outcome.cache_clear()
        with monkeypatch.context() as changed:
            for name, value in changes.items():
                if name.isupper():
                    changed.setenv(name, value)
                else:
                    changed.setattr(*value)
            return library.why_not()

    assert why(MINDFRAMES_COMPILED="0") == "MINDFRAMES_COMPILED is 0"
    assert why(version=(mindspore, "__version__", "2.10.0")) == "MindSpore 2.10.0 has a libdnnl.so.3 of its own"
    monkeypatch.setattr(mindspore, "__version__", "2.8.0")
    assert why(platform=(sys, "platform", "darwin")) == f"this is darwin on {platform.machine()}, not linux on x86_64"
    found, install = metadata.files, "pip install -r requirements.txt"
    for files in (lambda package: None, lambda package: found("none of this name")):
        absent = why(files=(library.metadata, "files", files))
        assert absent == f"dnnl.hpp of onednn-devel-cpu-gomp is not there: {install}"
    (tmp_path / "dnnl.hpp").touch()
    monkeypatch.setattr(library, "_folder", lambda package, name: tmp_path)
    assert why(PATH=str(tmp_path)) == "there is no C++ compiler (g++, c++, clang++)"
    assert why(CXX="no-such-compiler") == "no-such-compiler does not run: No such file or directory"
    if shutil.which("g++"):
        failed = why()  # the header is empty
        assert failed.startswith("g++ failed: ") and "\n" not in failed
        assert list(fresh.iterdir()) == []
    broken = tmp_path / "compiler"
    broken.write_text("#!/bin/sh\nfor last; do :; done\n[ \"$1\" = --version ] || echo nonsense > \"$last\"\n")
    broken.chmod(0o755)
    assert "does not load" in why(CXX=str(broken))
    assert "does not load" in why(CXX=f"env {broken}")
    assert why(XDG_CACHE_HOME=f"{tmp_path}:x").startswith("MindSpore takes no operator from a path with a colon: ")
    for mode in (0o500, 0o000):
        os.chmod(fresh, mode)
        if os.geteuid():
            assert "cannot be written: Permission denied" in why(CXX="true")
    with pytest.raises(library.CannotCompile, match="MINDFRAMES_COMPILED is 0"):
        monkeypatch.setenv("MINDFRAMES_COMPILED", "0")
        library._outcome.cache_clear()
        library.operator("Rectified", None)

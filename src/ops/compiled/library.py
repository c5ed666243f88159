"""The shared library of compiled operators: built once for this machine, and kept in the user's cache."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import mindspore
from mindspore import ops

SOURCES = Path(__file__).parent
COMPILERS = ("g++", "c++", "clang++")
FLAGS = (
    "-std=c++17", "-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-fopenmp", "-shared", "-fPIC",
    "-Wall", "-Wextra",
)  # fmt: skip
ONEDNN = "libdnnl.so.3"
# from this version on MindSpore itself has a library of that name, made for its own threads
FIRST_WITH_OWN = (2, 9)
SWITCH = "MINDFRAMES_COMPILED"


class CannotCompile(Exception):
    """Why there are no compiled operators here, in one line."""


def is_available() -> bool:
    """Return whether there are compiled operators here; builds them if need be, once in some seconds."""
    return not why_not()


def why_not() -> str:
    """Return why there are no compiled operators here, in one line; nothing if there are."""
    try:
        _library()
    except CannotCompile as reason:
        return str(reason)
    return ""


def operator(name: str, shape, outputs: int = 1):
    """Return a compiled operator on float32 tensors as a primitive.

    shape: a function of the shapes of the inputs that gives the shape of the output, or a tuple of them for several.
    Raises CannotCompile when there are none here.
    """
    float32 = mindspore.float32
    return ops.Custom(f"{_library()}:{name}", shape, float32 if outputs == 1 else (float32,) * outputs, func_type="aot")


@functools.cache
def _outcome() -> tuple[str, str]:
    try:
        return str(_built()), ""
    except CannotCompile as reason:
        return "", str(reason)


def _library():
    path, reason = _outcome()
    if reason:
        raise CannotCompile(reason)
    return path


def _built() -> Path:
    if os.environ.get(SWITCH) == "0":
        raise CannotCompile(f"{SWITCH} is 0")
    if tuple(map(int, re.findall(r"\d+", mindspore.__version__)[:2])) >= FIRST_WITH_OWN:
        raise CannotCompile(f"MindSpore {mindspore.__version__} has a {ONEDNN} of its own")
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise CannotCompile(f"this is {sys.platform} on {platform.machine()}, not linux on x86_64")
    include, lib = _folder("onednn-devel-cpu-gomp", "dnnl.hpp"), _folder("onednn-cpu-gomp", ONEDNN)
    compiler = shlex.split(os.environ.get("CXX", "")) or list(filter(shutil.which, COMPILERS))[:1]
    if not compiler:
        raise CannotCompile(f"there is no C++ compiler ({', '.join(COMPILERS)})")
    sources = sorted(SOURCES.glob("*.cc"))
    command = [
        *compiler, *FLAGS, f"-I{include}", *map(str, sources), f"-L{lib}", f"-l:{ONEDNN}", f"-Wl,-rpath,{lib}",
    ]  # fmt: skip
    # what is there from another compiler, processor or version of the sources is not taken
    parts = [" ".join(command).encode(), _answer(*compiler, "--version"), _processor()]
    parts += [path.read_bytes() for path in sorted(SOURCES.glob("*.h")) + sources]
    digest = hashlib.sha256(b"\0".join(parts)).hexdigest()
    library = _cache() / f"operators-{digest[:16]}.so"
    if ":" in str(library):
        raise CannotCompile(f"MindSpore takes no operator from a path with a colon: {library}")
    # a folder that may not be looked into counts as one without it: building says what is wrong
    if not os.path.isfile(library):
        _build(command, library)
    try:
        ctypes.CDLL(str(library))
    except OSError as error:
        raise CannotCompile(f"{library} does not load: {error}") from error
    return library


def _folder(package, name):
    """Return the folder where a package of PyPI has put a file, which may be anywhere beside the Python."""
    try:
        paths = [Path(str(file.locate())).resolve() for file in metadata.files(package) or () if file.name == name]
    except metadata.PackageNotFoundError:
        paths = []
    for path in paths:
        # there are headers of the same name that only lead to others, one folder further down
        if path.is_file() and path.parent.name in ("include", "lib"):
            return path.parent
    raise CannotCompile(f"{name} of {package} is not there: pip install -r requirements.txt")


def _build(command, library):
    try:
        library.parent.mkdir(parents=True, exist_ok=True)
        # beside the library and under a name of its own: other processes may build it as well
        descriptor, unfinished = tempfile.mkstemp(dir=library.parent, prefix=f".{library.name}.")
        os.close(descriptor)
    except OSError as error:
        raise CannotCompile(f"{library.parent} cannot be written: {error.strerror}") from error
    try:
        _answer(*command, "-o", unfinished)
        os.replace(unfinished, library)
    finally:
        Path(unfinished).unlink(missing_ok=True)


def _answer(*command) -> bytes:
    try:
        done = subprocess.run(command, capture_output=True, check=True)
    except OSError as error:
        raise CannotCompile(f"{command[0]} does not run: {error.strerror}") from error
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {error.returncode}"]
        raise CannotCompile(f"{command[0]} failed: {said[0]}") from error
    return done.stdout


def _cache() -> Path:
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mindframes"
    except RuntimeError as error:
        raise CannotCompile(f"there is no folder for what is built (XDG_CACHE_HOME): {error}") from error


def _processor() -> bytes:
    try:
        found = re.search(rb"^flags.*", Path("/proc/cpuinfo").read_bytes(), re.MULTILINE)
    except OSError:
        found = None
    return found[0] if found else b""

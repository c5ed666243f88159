"""A copy of the shell scripts in a project of its own, whose only Pythons are stubs that note how they are called."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("bash", "env", "cat", "cmp", "cp", "dirname", "flock", "grep", "mkdir", "mv", "rm", "sleep", "tail")

# Answers the version probe, makes environments whose Python is itself, and notes every other call as one line.
STUB = """#!/usr/bin/env bash
if [[ $1 == -c && $2 == *ensurepip* ]]; then echo '{version}'; exit; fi
if [[ $1 == -c && $2 == *find_spec* ]]; then exit {mindspore_missing}; fi
if [[ $1 == -m && $2 == pip && $3 == --version ]]; then exit; fi
printf '%s' "${{0##*/}}" >>"$STUB_LOG"
printf ' [%s]' "$@" >>"$STUB_LOG"
echo >>"$STUB_LOG"
if [[ $1 == -m && $2 == venv ]]; then mkdir -p "$3/bin" && cp "$0" "$3/bin/python"; exit; fi
if [[ $1 == -m && $2 == pip ]]; then
    case ${{STUB_PIP:-}} in
        fail) echo 'ERROR: no such wheel'; exit 1 ;;
        full) echo 'OSError: No space left on device'; exit 1 ;;
        cut-off) kill -KILL "$PPID"; exit ;;
        slow) sleep 0.4 ;;
    esac
    exit
fi
exit "${{STUB_EXIT:-0}}"
"""


class StubProject:
    """The scripts in a folder with a space in its name; `run` starts one with nothing but stub Pythons on PATH."""

    def __init__(self, folder: Path):
        self.root = folder / "a project"
        self.commands = folder / "commands"
        self.elsewhere = folder / "else where"
        self.log = folder / "calls.log"
        for made in (self.commands, self.elsewhere, self.root / "configs", self.root / "checkpoints"):
            made.mkdir(parents=True)
        shutil.copytree(ROOT / "scripts", self.root / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
        for requirements in ROOT.glob("requirements*.txt"):
            shutil.copy(requirements, self.root)
        (self.root / "configs" / "ifrnet_s_synthetic.yaml").touch()
        (self.root / "checkpoints" / "ifrnet_s.ckpt").touch()
        for tool in TOOLS:
            if shutil.which(tool):
                (self.commands / tool).symlink_to(shutil.which(tool))

    def add_python(self, name: str, version: str, folder: Path = None, mindspore: bool = False) -> Path:
        """Put a stub of `version` under `name` on PATH, or into `folder`."""
        path = (folder or self.commands) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(STUB.format(version=version, mindspore_missing=int(not mindspore)))
        path.chmod(0o755)
        return path

    def environment(self, **changes: str) -> dict:
        """Return the variables of a start; nothing of the machine's own Pythons can be reached through them."""
        basic = {"PATH": str(self.commands), "HOME": str(self.elsewhere), "STUB_LOG": str(self.log), "CI": "true"}
        return {**basic, **changes}

    def start(self, script: str, *arguments: str, **changes: str) -> subprocess.Popen:
        """Start a script from a folder that is not the project's."""
        command = [shutil.which("bash"), os.path.join(self.root, "scripts", script), *arguments]
        return subprocess.Popen(
            command, cwd=self.elsewhere, env=self.environment(**changes), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, script: str, *arguments: str, **changes: str) -> subprocess.CompletedProcess:
        """Run a script to its end."""
        process = self.start(script, *arguments, **changes)
        out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def calls(self) -> list:
        """Return the calls of stub Pythons since the last time, one line each, and forget them."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return lines


@pytest.fixture
def project(tmp_path):
    return StubProject(tmp_path)

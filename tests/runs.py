"""Runs of infer.py, and what is looked at afterwards."""

import json
from pathlib import Path

import pytest

import infer
from src.errors import run_command

ROOT = Path(infer.__file__).parent


def run(source, output, *flags):
    infer.main([str(source), "--output_path", str(output), *flags])
    return output


def names(folder):
    return sorted(path.name for path in Path(folder).iterdir())


def exit_code(arguments):
    with pytest.raises(SystemExit) as caught:
        run_command(infer.main, [str(argument) for argument in arguments])
    return caught.value.code


def report_of(result):
    return json.loads(Path(f"{result}.report.json").read_text())

"""What a run writes, looked at before it starts: it can be written, and nothing of an earlier run is in its way."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from src.engine.state import CURRENT, PREVIOUS
from src.errors import UsageError, exit_code_of


def check_folder(folder: Path) -> None:
    """Raise UsageError unless files can be written into a folder, or where it is missing it can be made.

    Nothing is made.
    """
    there = next(each for each in (folder, *folder.parents) if os.path.lexists(each))
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        if exit_code_of(error):
            raise
        raise UsageError(f"cannot write into {folder}: {there}: {error.strerror}") from error


def check_file(file: Path) -> None:
    """Raise UsageError unless a file can be written under that name, as `check_folder` does."""
    if file.is_dir():
        raise UsageError(f"cannot write {file}: it is a folder")
    check_folder(file.parent)


def weights_file(folder: Path, model: str, suffix: str = "") -> Path:
    """Return where a training run keeps the weights of `model`; suffix "_best": those of the best validation."""
    return folder / f"{model}{suffix}.ckpt"


def refuse_earlier_run(folder: Path, model: str) -> None:
    """Raise UsageError for a folder with any file that a training run of `model` would replace."""
    log_and_states = [folder / name for name in ("metrics.jsonl", CURRENT, PREVIOUS)]
    for file in (*log_and_states, weights_file(folder, model), weights_file(folder, model, "_best")):
        if file.exists():
            raise UsageError(
                f"{folder} holds an earlier run ({file.name}); give --resume to go on, --overwrite, or another folder"
            )

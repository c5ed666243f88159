"""What a run writes, looked at before it starts: nothing of an earlier run is in its way."""

from __future__ import annotations

from pathlib import Path

from src.engine.state import CURRENT, PREVIOUS
from src.errors import UsageError


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

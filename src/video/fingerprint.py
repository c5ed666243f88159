"""What tells files apart: the SHA-256 of what they hold."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from src.video.images import image_files

SHIPPED = Path(__file__).resolve().parent.parent.parent / "checkpoints"


def weights_file(model: str, ckpt_path: str) -> str:
    """Return the path of the weights: the given one, or that of the model's shipped ones."""
    return ckpt_path or str(SHIPPED / f"{model}.ckpt")


def digest(path: str | Path) -> str:
    """Return the SHA-256 of a file, or of names and content of the images of a folder; '' when there is none."""
    found = hashlib.sha256()
    files = image_files(path) if os.path.isdir(path) else [Path(path)]
    try:
        for file in files:
            if len(files) > 1:
                found.update(file.name.encode() + b"\0")
            with open(file, "rb") as content:
                for block in iter(lambda content=content: content.read(1 << 20), b""):
                    found.update(block)
    except OSError:
        return ""
    return found.hexdigest()

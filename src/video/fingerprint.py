"""What tells files apart: the SHA-256 of what they hold."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from src.runtime.exported import find_exports
from src.runtime.options import InferOptions
from src.video.images import image_files
from src.weights.download import local_file

SHIPPED = Path(__file__).resolve().parent.parent.parent / "checkpoints"


def weights_file(model: str, ckpt_path: str) -> str:
    """Return the path of the weights: the given one, or that of the model's shipped ones."""
    return ckpt_path or str(SHIPPED / f"{model}.ckpt")


def digest(path: str | Path) -> str:
    """Return the SHA-256 of a file, or of names and content of the images of a folder; '' when there is none."""
    return _digest_of(image_files(path) if os.path.isdir(path) else [Path(path)])


def weights_digest(options: InferOptions) -> str:
    """Return the SHA-256 of the weights that a run loads, or of names and content of the files of an exported bundle.

    Weights that a URL names are fetched. '' when there are none. Raises WeightsError for those that cannot be fetched
    and for exports that are missing.
    """
    named = weights_file(options.model, options.ckpt_path)
    if options.runtime == "mindspore":
        return _digest_of([local_file(named)])
    return _digest_of(find_exports(named, Path(named).suffix))


def _digest_of(files: Sequence[Path]) -> str:
    found = hashlib.sha256()
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

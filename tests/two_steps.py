"""python -m tests.two_steps FOLDER RECIPE FLAGS: two steps of a recipe and its evaluation, for tests/test_recipes.py.

A process of its own, because MindSpore keeps every network it has compiled until the process ends: those of all recipes
together take more memory than a small machine has.
"""

import dataclasses
import sys
from pathlib import Path

import eval as evaluation
import train
from src.engine.checkpoint import Card, save_weights
from src.models import create_model
from src.protocols import choose_protocol

TINY = ["--height", "32", "--width", "32", "--batch_size", "1", "--workers", "1", "--max_steps", "2"]


def main(folder, recipe, model, *flags):
    folder, command = Path(folder), ["--config_path", recipe, *flags]
    save_weights(create_model(model), folder / "start.ckpt", Card(model))
    train.main([*command, *TINY, "--ckpt_path", str(folder / "start.ckpt"), "--output_path", str(folder / "run")])
    evaluation.choose_protocol = whole_frames
    weights = str(folder / "run" / f"{model}.ckpt")
    evaluation.main([*command, "--ckpt_path", weights, "--output_path", str(folder / "scores")])


def whole_frames(recipe):
    """Return a recipe's protocol without its central part, which the tiny frames are smaller than."""
    protocol, recipe = choose_protocol(recipe)
    return dataclasses.replace(protocol, view=""), recipe


if __name__ == "__main__":
    main(*sys.argv[1:])

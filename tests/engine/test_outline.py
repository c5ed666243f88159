"""The outline of a run counts what can be counted, and its memory grows with the frames as it should."""

import dataclasses
from contextlib import nullcontext

import pytest
import yaml
from mindspore import nn

from src.config import Recipe
from src.engine.outline import BYTES, COPIES, activation_bytes, outline, state_bytes
from src.models import create_model
from src.ops.backend import fused, portable


class Network(nn.Cell):
    """Three layers' outputs: 8 channels, 8 channels at half the size, 3 channels."""

    inputs, scale, multiple, takes_time, outputs = 1, 1, 16, False, 1

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, weight_init="ones")
        self.second = nn.Conv2d(8, 8, 3, stride=2, weight_init="ones")
        self.third = nn.Conv2d(8, 3, 3, weight_init="ones")

    def construct(self, frame0):
        x = self.first(frame0)
        return self.third(x) + self.second(x).mean()


class Objective:
    terms = ("first", "second")


def test_activations_are_the_outputs_of_all_layers_of_the_batch():
    recipe = Recipe(batch_size=3, height=64, width=96)
    pixels = 3 * 64 * 96
    assert activation_bytes(recipe, Network()) == COPIES * BYTES * (8 * pixels + 8 * pixels // 4 + 3 * pixels)


@pytest.mark.parametrize(("options", "copies"), [({}, 4), ({"ema_decay": 0.9}, 5), ({"accumulate_steps": 2}, 5)])
def test_weights_are_kept_with_their_gradients_and_moments(options, copies):
    assert state_bytes(Recipe(**options), 1000) == copies * 4000


def test_the_outline_is_the_whole_recipe_as_yaml_with_the_facts_as_comments():
    recipe = Recipe(batch_size=3, accumulate_steps=2)
    text = outline(recipe, Network(), Objective, (1000, 50), 2, "of this CPU")
    assert yaml.safe_load(text) == dataclasses.asdict(recipe)
    assert f"# ifrnet_s: {8 * 27 + 8 * 72 + 3 * 72:,} trainable parameters\n" in text
    lines = "# loss terms: first, second\n# steps: 1,000 of 12 samples, 50 an epoch\n"
    assert lines + "# operators: of this CPU\n# memory of a worker" in text


def test_the_estimate_depends_on_the_network_and_not_on_the_form_of_its_operators():
    recipe = Recipe(batch_size=3, height=64, width=96)
    estimates = []
    for form in (fused, portable, nullcontext):
        with form():
            estimates.append(activation_bytes(recipe, create_model("ifrnet_s")))
    assert estimates[0] == estimates[1] == estimates[2] > 0

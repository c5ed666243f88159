"""What a training run leaves behind says what was trained."""

import pytest

from src.engine.checkpoint import load_weights
from tests.engine.small_run import Layer, run, small_recipe


@pytest.mark.parametrize("timestep", ["fixed", "arbitrary"])
def test_the_card_tells_the_times_that_the_data_teaches_whatever_the_recipe_says(timestep, tmp_path):
    recipe = small_recipe(max_steps=1, val_steps=0, time="middle" if timestep == "arbitrary" else "arbitrary")
    weights = run(tmp_path / "run", recipe, timestep=timestep)
    assert load_weights(Layer(), weights, "ifrnet_s").timestep == timestep

"""Every recipe: what its file says, and two steps of every network on a tiny copy of the data it is published with."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from mindspore import Parameter, ParameterTuple, Tensor, load_checkpoint

from src.config import Recipe, read_recipe
from src.engine.optimizer import create_optimizer
from src.engine.schedule import rate_at
from src.losses.objectives import OBJECTIVES
from src.models import MODELS, class_of
from src.protocols import choose_protocol
from tests.data.layouts import make
from tests.engine.perceptual_files import write_perceptual_files

CONFIGS = Path(__file__).resolve().parent.parent / "configs"
RECIPES = {path.stem: Recipe(**read_recipe(str(path))) for path in sorted(CONFIGS.glob("*.yaml"))}
PUBLISHED = [name for name, recipe in RECIPES.items() if not name.startswith(("ifrnet_s_demo", "ifrnet_s_synthetic"))]
# One recipe for every network and the dataset it learns from; the others differ from it by numbers alone.
PAIRS = {(recipe.model, recipe.dataset): name for name, recipe in RECIPES.items() if name in PUBLISHED}
# Of the pairs, those that run by default; the others take minutes to compile, most by layers of the same kind.
QUICK = {"ifrnet_s": "vimeo_triplet"}
# Statistics are not trained; those of TOFlow's SPyNet stay what they were where it comes from one without any.
KEPT = ("moving_mean", "moving_variance")


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_recipe_says_where_it_comes_from_what_it_costs_and_what_it_reaches(name):
    header = [line for line in (CONFIGS / f"{name}.yaml").read_text().splitlines() if line.startswith("#")]
    for part in ("Paper", "Command", "Cost", "Score"):
        assert sum(line.startswith(f"# {part}") for line in header) == 1, part
    command = next(line for line in header if line.startswith("# Command"))
    assert f" configs/{name}.yaml " in command
    assert (CONFIGS.parent / re.search(r"bash (scripts/\S+\.sh) ", command)[1]).name.startswith("run_")


def _told_score(name):
    text = (CONFIGS / f"{name}.yaml").read_text()
    return re.search(r"# Score: ([\d.]+) dB(?: / (0\.\d+))? \(PSNR(?: / SSIM)?\), mean over", text)


@pytest.mark.parametrize("name", [name for name in RECIPES if _told_score(name)])
def test_a_recipe_is_evaluated_by_a_card_that_publishes_its_score(name):
    card, _ = choose_protocol(RECIPES[name])
    told = dict(zip(("psnr", "ssim"), (float(value) for value in _told_score(name).groups() if value)))
    published = card.published[RECIPES[name].model]
    assert set(published) == set(told)
    for measure, value in told.items():
        assert published[measure] == pytest.approx(value, abs=card.tolerance[measure])


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_has_an_objective_and_an_optimizer(name):
    recipe = RECIPES[name]
    assert recipe.model in OBJECTIVES
    weight = ParameterTuple([Parameter(Tensor(np.ones(2, np.float32)), name="weight")])
    steps = recipe.max_steps or recipe.epochs * 100
    optimizer = create_optimizer(weight, recipe, steps, 100)
    for step in (1, steps // 2, steps):
        rate = float(optimizer.learning_rate(Tensor(step - 1)).asnumpy())
        assert rate == pytest.approx(rate_at(recipe, step, steps, 100), rel=1e-3)
        assert 0 < rate <= recipe.rate * (1 + 1e-6)


def test_every_network_but_those_of_flow_alone_can_be_trained():
    assert set(OBJECTIVES) == {name for name in MODELS if class_of(name).task != "flow"}
    assert set(OBJECTIVES) == {model for model, _ in PAIRS}


def parts(recipe, folder):
    """Return flags that give a recipe's perceptual loss files of ours instead of those it fetches."""
    if not recipe.vgg_ckpt:
        return []
    vgg, lpips = write_perceptual_files(folder)
    return ["--vgg_ckpt", str(vgg), "--lpips_ckpt", str(lpips)]


@pytest.mark.parametrize(
    ("model", "dataset"),
    [pytest.param(*pair, marks=() if QUICK.get(pair[0]) == pair[1] else pytest.mark.slow) for pair in PAIRS],
)
def test_two_steps_move_every_weight(model, dataset, tmp_path):
    recipe = CONFIGS / f"{PAIRS[model, dataset]}.yaml"
    flags = ["--data_path", str(make(dataset, tmp_path / "data")), *parts(RECIPES[recipe.stem], tmp_path)]
    command = [sys.executable, "-m", "tests.two_steps", str(tmp_path), str(recipe), model, *flags]
    done = subprocess.run(command, cwd=CONFIGS.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2]
    assert all(np.isfinite(line["loss"]) for line in lines)
    before, after = (values_of(tmp_path / name) for name in ("start.ckpt", f"run/{model}.ckpt"))
    assert before.keys() == after.keys()
    assert all(np.isfinite(value).all() for value in after.values())
    unmoved = {key for key, value in after.items() if (value == before[key]).all()}
    assert not {key for key in unmoved if not key.endswith(KEPT)}

    scores = json.loads((tmp_path / "scores" / "metrics.json").read_text())
    assert scores["samples"] > 0 and np.isfinite([scores["psnr"], scores["psnr_baseline"]]).all()


def values_of(weights):
    entries = load_checkpoint(str(weights))
    return {key: value.asnumpy() for key, value in entries.items() if isinstance(value, Parameter)}

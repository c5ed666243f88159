"""Recipes and flags: what is refused, with which exit code and hint, and which value wins."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from src.config import DEFAULT_RECIPE, Recipe, parse_options, parse_recipe, read_recipe
from src.errors import UsageError
from src.video.options import VideoOptions

ROOT = Path(__file__).resolve().parent.parent


def recipe_file(tmp_path, text):
    path = tmp_path / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_flag_beats_the_recipe_which_beats_the_default(tmp_path):
    path = recipe_file(tmp_path, "batch_size: 7\nrate: 1e-3\n")
    recipe = parse_recipe(["--config_path", path, "--rate", "0.5"], "")
    assert (recipe.batch_size, recipe.rate, recipe.model) == (7, 0.5, "ifrnet_s")


@pytest.mark.parametrize(
    ("text", "flags", "expected"),
    [
        ("epochs: 300", [], (0, 300)),
        ("epochs: 300", ["--max_steps", "2"], (2, 0)),
        ("max_steps: 9", ["--epochs", "4"], (0, 4)),
        ("batch_size: 2", [], (2000, 0)),
    ],
)
def test_a_run_is_as_long_as_the_last_word_says(tmp_path, text, flags, expected):
    recipe = parse_recipe(["--config_path", recipe_file(tmp_path, text), *flags], "")
    assert (recipe.max_steps, recipe.epochs) == expected


def test_the_default_recipe_is_read_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert parse_recipe([], "").height == read_recipe(str(ROOT / DEFAULT_RECIPE))["height"]


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda path: path.name)
def test_every_recipe_in_configs_is_valid(path):
    Recipe(**read_recipe(str(path)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("batchsize: 4", "unknown key 'batchsize', did you mean 'batch_size'?"),
        ("max_step: 4", "did you mean 'max_steps'?"),
        ("batch_size: four", "batch_size is a whole number; got 'four'"),
        ("batch_size: true", "batch_size is a whole number; got True"),
        ("rate: fast", "rate is a number; got 'fast'"),
        ("model: 3", "model is a text; got 3"),
        ("- a\n- b", "'key: value' lines; got a list"),
        ("a: [", "not valid YAML"),
    ],
)
def test_a_recipe_refuses_what_it_does_not_know(tmp_path, text, expected):
    with pytest.raises(UsageError) as caught:
        parse_recipe(["--config_path", recipe_file(tmp_path, text)], "")
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--max_step", "3"], "unknown argument '--max_step', did you mean '--max_steps'?"),
        (["--max_steps", "0"], "max_steps is at least 1; got 0"),
        (["--seed", "4294967296"], "seed is at most 4294967295; got 4294967296"),
        (["--max_steps", "3", "--epochs", "2"], "epochs needs max_steps 0; got epochs 2 and max_steps 3"),
        (["--schedule", "steps"], "milestones goes with schedule steps; got milestones '' and schedule steps"),
        (["--milestones", "10"], "milestones goes with schedule steps"),
        (["--schedule", "steps", "--milestones", "20,10"], "milestones are rising whole numbers"),
        (["--schedule", "steps", "--milestones", "1e3,2e3"], "milestones are rising whole numbers"),
        (["--schedule", "plateau"], "val_steps is at least 1 with schedule plateau"),
        (["--schedule", "cosin"], "did you mean 'cosine'?"),
        (["--beta2", "1"], "beta2 is at most 0.99999; got 1.0"),
        (["--flow_ckpt", "s.pth"], "flow_ckpt is for toflow_vfi, toflow_vsr_x4; got model 'ifrnet_s'"),
        (["--model", "ifrplus", "--vgg_ckpt", "v.pth"], "vgg_ckpt and lpips_ckpt go together"),
        (["--model", "tdan_x4", "--initial_weights", "he"], "initial_weights he is for ifrnet_s, ifrnet, ifrnet_l"),
        (["--rate", "-1"], "rate is at least 0; got -1.0"),
        (["--rate", "nan"], "rate is at least 0; got nan"),
        (["--height", "50"], "height is a multiple of 16; got 50"),
        (["--synthetic_share", "1.5"], "synthetic_share is at most 1; got 1.5"),
        (["--device_target", "Asend"], "did you mean 'Ascend'?"),
        (["--config_path", "nowhere.yaml"], "got 'nowhere.yaml'"),
        (["--batch_size"], "--batch_size"),
    ],
)
def test_flags_are_checked(flags, expected):
    with pytest.raises(UsageError) as caught:
        parse_recipe(flags, "")
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["in.mp4"], "--output_path"),
        (["--output_path", "out.mp4"], "INPUT"),
        (["in.mp4", "--output_path", "out.mp4", "--multi", "1"], "multi is at least 2; got 1"),
        (["in.mp4", "--output_path", "out.mp4", "--multi", "0"], "multi is at least 2; got 0"),
        (["in.mp4", "--output_path", "out.mp4", "--mult", "2"], "did you mean '--multi'?"),
        (["in.mp4", "second.mp4", "--output_path", "out.mp4"], "unknown argument 'second.mp4'"),
    ],
)
def test_infer_arguments_are_checked(arguments, expected):
    with pytest.raises(UsageError) as caught:
        parse_options(VideoOptions, arguments, "")
    assert expected.lower() in str(caught.value).lower()


def test_options_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Recipe().rate = 1.0


@pytest.mark.parametrize("program", ["train.py", "eval.py", "infer.py"])
def test_help_needs_no_mindspore(program):
    code = (
        "import runpy, sys\n"
        f"sys.argv = [{program!r}, '--help']\n"
        "try:\n"
        f"    runpy.run_path({program!r}, run_name='__main__')\n"
        "except SystemExit as end:\n"
        "    sys.exit(end.code or ('mindspore' in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "--device_target" in done.stdout


def test_a_mistake_is_one_line_and_exit_code_2():
    done = subprocess.run(
        [sys.executable, "train.py", "--rat", "1"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr == "error: unknown argument '--rat', did you mean '--rate'? (see --help)\n"

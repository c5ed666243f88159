"""A run that was killed, at whatever step, ends as the run that never was: bit by bit."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from mindspore import Tensor

from src.engine.state import newest_state
from src.errors import DivergedError, InputError, Interrupted, UsageError
from tests.engine.small_run import STEPS, Layer, Noise, run, small_recipe

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def drilled(tmp_path_factory):
    """The folder of a run that went through, beside one that was killed twenty times, and the kill points."""
    folder = tmp_path_factory.mktemp("drill")
    command = [sys.executable, "-m", "tests.engine.small_run", str(folder), "20", "7"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder, json.loads(done.stdout.splitlines()[-1])


def test_twenty_kills_at_random_steps_change_no_bit_of_the_state(drilled):
    folder, points = drilled
    assert len(points) == 20 and len(set(points)) > 10
    whole, killed = (newest_state(folder / name, pytest.fail) for name in ("whole", "killed"))
    assert set(whole[0]) == set(killed[0])
    for name, values in whole[0].items():
        np.testing.assert_array_equal(killed[0][name], values, err_msg=name)
    told = [{**each[1], "recipe": None} for each in (whole, killed)]
    assert told[0] == told[1]
    assert told[0]["step"] == STEPS


def test_the_log_and_the_weights_of_the_killed_run_are_those_of_the_whole_one(drilled):
    folder, _ = drilled
    for name in ("metrics.jsonl", "ifrnet_s.ckpt", "ifrnet_s_best.ckpt"):
        assert (folder / "killed" / name).read_bytes() == (folder / "whole" / name).read_bytes(), name
    lines = [json.loads(line) for line in (folder / "whole" / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == list(range(1, STEPS + 1))
    assert lines[-1]["difference"] < 0.7 * lines[0]["difference"]


def test_the_drill_really_resumed(drilled):
    folder, _ = drilled
    log = (folder / "killed.log").read_text()
    assert log.count(f" of {STEPS}") >= 15 and "resumed at step" in log


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished") / "run"
    run(folder, small_recipe(max_steps=10, val_steps=0))
    return folder


def test_a_finished_run_has_nothing_left_to_do(finished, capsys):
    before = (finished / "metrics.jsonl").read_bytes()
    run(finished, small_recipe(max_steps=10, val_steps=0))
    assert "resumed at step 10 of 10" in capsys.readouterr().out
    assert (finished / "metrics.jsonl").read_bytes() == before


@pytest.mark.parametrize(("field", "value"), [("rate", 0.5), ("batch_size", 3), ("seed", 9), ("max_steps", 12)])
def test_another_recipe_is_refused_by_the_name_of_its_field(finished, field, value):
    with pytest.raises(UsageError, match=f"started with {field} .*; got {value}"):
        run(finished, small_recipe(**{"max_steps": 10, "val_steps": 0, field: value}))


def test_a_step_without_finite_gradients_changes_nothing_and_is_told(tmp_path, capsys):
    network, shorter = Layer(), Layer()
    # a course of the rate that does not depend on how many steps are to come
    recipe = {"val_steps": 0, "schedule": "constant"}
    # samples 12 to 15 make step 4
    run(tmp_path, small_recipe(max_steps=4, **recipe), broken=(13,), network=network)
    tensors, facts = newest_state(tmp_path)
    assert (facts["skipped"], facts["bad_in_a_row"]) == (1, 1)
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [line.get("skipped", False) for line in lines] == [False, False, False, True]
    assert lines[3]["loss"] == "nan"
    assert lines[3]["loss_scale"] == lines[2]["loss_scale"] / 2
    assert all(np.isfinite(values).all() for values in tensors.values())
    assert "1 of 4 steps were skipped" in capsys.readouterr().out
    run(tmp_path / "shorter", small_recipe(max_steps=3, **recipe), network=shorter)
    np.testing.assert_array_equal(network.convolution.weight.asnumpy(), shorter.convolution.weight.asnumpy())
    before, _ = newest_state(tmp_path / "shorter")
    # the step itself is counted, and the scale halved; weights, moments, averages and the optimizer's step stay
    for name in set(tensors) - {"calls", "scale", "good_steps"}:
        np.testing.assert_array_equal(tensors[name], before[name], err_msg=name)


def test_the_rate_in_the_log_is_the_optimizer_s_which_does_not_count_skipped_steps(tmp_path):
    # samples 4 to 7 make step 2
    run(tmp_path, small_recipe(max_steps=5, val_steps=0), broken=(5,))
    logged = [json.loads(line)["rate"] for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    done = np.array([0, 1, 1, 2, 3])
    expected = 1e-5 + (1e-2 - 1e-5) * (1 + np.cos(np.pi * done / 5)) / 2
    np.testing.assert_allclose(logged, expected, rtol=1e-12)
    assert newest_state(tmp_path)[0]["optimizer.global_step"] == 4


def test_bad_data_step_after_step_ends_the_run_with_the_columns_name(tmp_path):
    with pytest.raises(InputError, match="3 steps in a row.*the column frame0 is not finite"):
        run(tmp_path, small_recipe(max_bad_steps=3, val_steps=0), broken=range(40, 200))
    tensors, facts = newest_state(tmp_path)
    assert facts["step"] == 13
    assert all(np.isfinite(values).all() for values in tensors.values())


def test_weights_that_are_not_finite_are_named_by_the_first_loss_term(tmp_path):
    network = Layer()
    network.convolution.bias.set_data(Tensor(np.full(3, np.nan, np.float32)))
    with pytest.raises(DivergedError, match="2 steps in a row .*first of all the loss term difference"):
        run(tmp_path, small_recipe(max_bad_steps=2, val_steps=0, ema_decay=0.0), network=network)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_saves_at_the_next_step_ends_with_its_code_and_the_run_can_go_on(tmp_path, finished, number, code):
    handler = signal.getsignal(number)
    sent = []

    class Interrupting(Noise):
        def __getitem__(self, index):
            if int(index) == 20 and not sent:
                sent.append(os.kill(os.getpid(), number))
            return super().__getitem__(index)

    recipe = small_recipe(max_steps=10, val_steps=0, save_steps=100)
    with pytest.raises(Interrupted, match="--resume goes on") as met:
        run(tmp_path, recipe, samples=Interrupting)
    assert met.value.exit_code == code
    assert signal.getsignal(number) == handler
    stopped = newest_state(tmp_path)[1]["step"]
    # the loader reads ahead of the step
    assert stopped <= 6
    run(tmp_path, recipe)
    whole, resumed = newest_state(finished), newest_state(tmp_path)
    for name, values in whole[0].items():
        np.testing.assert_array_equal(resumed[0][name], values, err_msg=name)

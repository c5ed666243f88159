"""train.py and eval.py as commands, on generated data of a tiny size."""

import json

import pytest

import eval as evaluation
import train
from src.errors import UsageError

TINY = ["--height", "32", "--width", "32", "--batch_size", "2", "--max_displacement", "4"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A training run of 30 steps, its folder."""
    folder = tmp_path_factory.mktemp("train") / "run"
    train.main([*TINY, "--max_steps", "30", "--rate", "1e-3", "--output_path", str(folder)])
    return folder


def test_metrics_hold_one_line_a_step_with_every_term(run):
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == list(range(1, 31))
    terms = ("reconstruction", "census", "geometry", "distillation")
    for line in lines:
        assert line["loss"] == pytest.approx(sum(line[term] for term in terms), rel=1e-5)
    assert lines[0]["rate"] == pytest.approx(1e-3) and lines[-1]["rate"] < 2e-5


def test_training_lowers_the_loss(run):
    losses = [json.loads(line)["loss"] for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert sum(losses[-8:]) < 0.8 * sum(losses[:8])


def test_a_second_run_does_not_write_over_the_first(run):
    with pytest.raises(UsageError, match="holds an earlier run"):
        train.main([*TINY, "--output_path", str(run)])


@pytest.mark.parametrize(
    "left", ["state.safetensors", "state.previous.safetensors", "ifrnet_s.ckpt", "ifrnet_s_best.ckpt"]
)
def test_a_state_or_weights_alone_are_an_earlier_run_too(tmp_path, left):
    (tmp_path / left).write_bytes(b"kept")
    with pytest.raises(UsageError, match=f"holds an earlier run .{left}"):
        train.main([*TINY, "--max_steps", "1", "--output_path", str(tmp_path)])
    assert [file.name for file in tmp_path.iterdir()] == [left] and (tmp_path / left).read_bytes() == b"kept"


def test_the_weights_are_evaluated_with_their_protocol(run, tmp_path, capsys):
    weights = str(run / "ifrnet_s.ckpt")
    folder = str(tmp_path / "eval")
    evaluation.main([*TINY, "--eval_samples", "3", "--ckpt_path", weights, "--output_path", folder, "--report"])
    results = json.loads((tmp_path / "eval" / "metrics.json").read_text())
    records = [json.loads(line) for line in (tmp_path / "eval" / "samples.jsonl").read_text().splitlines()]
    assert (results["model"], results["dataset"], results["samples"]) == ("ifrnet_s", "synthetic", 3)
    for measure in ("psnr", "ssim", "psnr_baseline"):
        assert results[measure] == pytest.approx(sum(record[measure] for record in records) / 3)
    assert results["protocol"]["name"] == "synthetic" and results["protocol"]["psnr"] == "double"
    assert f"{results['psnr']:.2f}" in capsys.readouterr().out
    page = (tmp_path / "eval" / "report.html").read_text(encoding="utf-8")
    assert f"<dd>{results['psnr']:.2f}</dd>" in page and page.count('class="sample') == 3


def test_an_unknown_model_lists_the_known_ones(tmp_path):
    with pytest.raises(UsageError, match="ifrnet_s, ifrnet, ifrnet_l.*got 'ifrnet_xl'"):
        train.main(["--model", "ifrnet_xl", "--output_path", str(tmp_path / "none")])
    assert not (tmp_path / "none").exists()

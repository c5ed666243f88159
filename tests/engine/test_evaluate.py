"""The evaluation loop with a predictor of one line: what it writes, what it survives, how workers share it."""

import csv
import json

import numpy as np
import pytest

from src.data.evaluation import Case, Sample
from src.data.submission import Submission
from src.engine import evaluate as loop
from src.engine.evaluate import Evaluation, evaluate
from src.engine.parallel import Workers
from src.engine.results import summary, table
from src.errors import InputError
from src.metrics.measure import measure
from src.metrics.temporal import flow_difference
from src.protocols import Protocol
from src.video.images import read_image
from tests.reference_weights import reference_frames

PROTOCOL = Protocol(name="tiny", title="Tiny", frames="one gives itself", temporal=True, interpolation_error=True)
FACTS = {"model": "first", "dataset": "tiny", "protocol": PROTOCOL.told()}
FILES = ["metrics.json", "results.csv", "results.md", "samples.jsonl"]
TRUTHS = {group: reference_frames((1, 3, 50, 60), 4, seed)[:, 0] for seed, group in enumerate("ab")}


def darker(frames, times):
    """A predictor: the first frame, a little darker."""
    return np.stack([frames[0] * np.float32(0.97) for _ in times])


def case_of(group, index, truth=True):
    picture = TRUTHS[group][index]
    sample = Sample(group, f"{index}", np.stack((picture, picture + 0.01)), 0.5, picture if truth else None)
    return Case(group, f"{index}", 1, lambda: iter([sample]))


def bad_case(group, name, message="x.png: does not exist"):
    def read():
        raise InputError(message)
        yield

    return Case(group, name, 1, read)


def cases():
    return [case_of(group, index) for group in "ab" for index in range(4)]


def lines(folder):
    return [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]


def test_every_sample_is_told_and_averaged(tmp_path):
    results = evaluate(Evaluation(darker, PROTOCOL), cases(), tmp_path, FACTS)
    records = lines(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == FILES
    assert [(record["group"], record["name"]) for record in records] == [(g, f"{i}") for g in "ab" for i in range(4)]
    first = TRUTHS["a"][0]
    scores = measure(darker([first], [0.5])[0], first, PROTOCOL)
    assert {name: records[0][name] for name in scores} == scores
    assert records[0]["psnr_baseline"] > records[0]["psnr"]  # the mean of frames that differ by a hundredth
    assert results == json.loads((tmp_path / "metrics.json").read_text())
    assert {name: results[name] for name in FACTS} == FACTS and results["samples"] == 8
    for name in ("psnr", "ssim", "interpolation_error", "psnr_baseline"):
        assert results[name] == pytest.approx(np.mean([record[name] for record in records]), abs=1e-12)
        assert results["groups"]["b"][name] == pytest.approx(np.mean([r[name] for r in records[4:]]), abs=1e-12)


def test_consistency_is_that_of_neighbours_in_a_clip(tmp_path):
    results = evaluate(Evaluation(darker, PROTOCOL), cases(), tmp_path, FACTS)
    values = [record.get("tof") for record in lines(tmp_path)]
    assert values[0] is None and values[4] is None
    pair = TRUTHS["b"][:2]
    assert values[5] == flow_difference(*darker([pair[0]], [1]), *darker([pair[1]], [1]), *pair)
    assert results["tof"] == pytest.approx(np.mean([value for value in values if value is not None]))


@pytest.mark.parametrize("count", [2, 3, 9])
def test_workers_reach_the_bits_of_one(count, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "barrier", lambda workers: None)
    some = [*cases()[:5], bad_case("b", "bad"), *cases()[5:]]
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    evaluate(Evaluation(darker, PROTOCOL), some, alone, FACTS)
    for rank in reversed(range(count)):
        results = evaluate(Evaluation(darker, PROTOCOL), some, shared, FACTS, Workers(rank, count))
        assert (results is None) == (rank > 0)
    assert sorted(file.name for file in shared.iterdir()) == FILES
    for name in FILES:
        assert (shared / name).read_bytes() == (alone / name).read_bytes(), name


def test_what_cannot_be_read_or_measured_is_listed_and_the_rest_goes_on(tmp_path):
    sample = Sample("a", "9", np.zeros((2, 3, 50, 60)), 0.5, TRUTHS["a"][0][:, 1:])
    other_size = Case("a", "9", 1, lambda: iter([sample]))
    results = evaluate(Evaluation(darker, PROTOCOL), [*cases(), bad_case("c", "0"), other_size], tmp_path, FACTS)
    assert results["samples"] == 8 and "c" not in results["groups"]
    assert results["failed"][0] == {"group": "c", "name": "0", "error": "x.png: does not exist"}
    assert "needs the 50 x 60 pixels of the predicted one; got 49 x 60" in results["failed"][1]["error"]
    assert lines(tmp_path)[8:] == results["failed"]
    assert "- c/0: x.png: does not exist" in (tmp_path / "results.md").read_text()


def test_nothing_to_measure_is_an_error_that_names_the_first_file(tmp_path):
    with pytest.raises(InputError, match="expected at least one sample that can be read; found none"):
        evaluate(Evaluation(darker, PROTOCOL), [], tmp_path, FACTS)
    with pytest.raises(InputError, match="the first of 2 that failed: x.png: does not exist"):
        evaluate(Evaluation(darker, PROTOCOL), [bad_case("c", "0"), bad_case("c", "1")], tmp_path, FACTS)


def test_published_values_stand_beside_the_measured_ones(tmp_path):
    compared = {"published": {"psnr": 30.0}, "tolerance": {"psnr": 0.02}, "published_samples": 3782}
    results = evaluate(Evaluation(darker, PROTOCOL), cases(), tmp_path, {**FACTS, **compared})
    assert results["difference"] == {"psnr": results["psnr"] - 30.0}
    told = summary(results)
    assert f"psnr published 30, difference {results['psnr'] - 30:+.4f} (tolerance 0.02)" in told
    assert "the published means are over 3782 samples" in told
    rows = table(results).splitlines()
    assert [row.split(" | ")[0] for row in rows] == ["| group", rows[1], "| a", "| b", "| all", "| published"]
    with open(tmp_path / "results.csv", newline="") as file:
        table_rows = list(csv.DictReader(file))
    assert [row["group"] for row in table_rows] == ["a", "b", "all", "published"]
    assert float(table_rows[2]["psnr"]) == results["psnr"] and table_rows[3]["ssim"] == ""


def test_without_truth_predictions_are_handed_in(tmp_path):
    some = [case_of("a", index, truth=False) for index in range(2)]
    results = evaluate(
        Evaluation(darker, PROTOCOL), some, tmp_path, FACTS, observer=Submission(tmp_path / "sent", "frame10i11.png")
    )
    assert results["psnr"] is None and results["samples"] == 2
    assert "no truth to measure against; 2 samples" in summary(results)
    picture = read_image(tmp_path / "sent" / "1" / "frame10i11.png")
    expected = np.rint(darker([TRUTHS["a"][1]], [0.5])[0] * 255)
    np.testing.assert_array_equal(picture.transpose(2, 0, 1), expected)


def test_an_observer_sees_every_sample_that_was_predicted(tmp_path):
    class Observer:
        names = []

        def see(self, record, sample, prediction):
            assert record["name"] == sample.name and prediction.shape == sample.truth.shape
            self.names.append(sample.group + sample.name)

        def leave(self, folder, rank):
            self.names.append(f"{folder.name} {rank}")

    folder = tmp_path / "scores"
    evaluate(Evaluation(darker, PROTOCOL), [bad_case("c", "0"), *cases()[:3]], folder, FACTS, observer=Observer())
    assert Observer.names == ["a0", "a1", "a2", "scores 0"]


def test_lpips_is_measured_where_its_weights_are_given(tmp_path):
    results = evaluate(Evaluation(darker, PROTOCOL, lambda a, b: 0.25), cases()[:2], tmp_path, FACTS)
    assert results["lpips"] == 0.25

"""The evaluation loop: predict, measure, compare with what costs nothing, write the results."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
from tqdm import tqdm

from src.errors import InputError
from src.metrics.psnr import psnr
from src.metrics.ssim import ssim_volume

MEASURES = ("psnr", "ssim", "psnr_baseline", "ssim_baseline")


def evaluate(predictor, samples, folder: Path, facts: dict, observer=None) -> dict:
    """Measure `predictor` on every sample and write `samples.jsonl` and `metrics.json` into `folder`.

    facts: what metrics.json says besides (model, dataset, protocol). observer: its `see(record, sample, prediction)` is
    called for every sample. Returns the content of metrics.json: the means over all samples, their number, and the
    same for each group. `*_baseline` is what the sample's `baseline` reaches, the mean of its neighbours or a bicubic
    enlargement. Raises InputError when there is no sample.
    """
    records = []
    with _finished(folder / "samples.jsonl") as file:
        for sample in tqdm(samples, unit="frame", desc="evaluate"):
            predicted = predictor(sample.frames, [sample.time])[0]
            record = {"group": sample.group, "name": sample.name, **_measure(predicted, sample)}
            file.write(json.dumps(record) + "\n")
            records.append(record)
            if observer:
                observer.see(record, sample, predicted)
    if not records:
        raise InputError("nothing to evaluate: expected at least one triplet without a cut, found none")
    groups = {}
    for record in records:
        groups.setdefault(record["group"], []).append(record)
    results = {**facts, **_means(records), "groups": {name: _means(each) for name, each in groups.items()}}
    with _finished(folder / "metrics.json") as file:
        json.dump(results, file, indent=2)
    return results


def table(results: dict) -> str:
    """Return the results as a Markdown table, a row a group."""
    names = ("clip", "frames", "PSNR", "SSIM", "baseline: PSNR", "baseline: SSIM", "gain")
    lines = [f"| {' | '.join(names)} |", "|" + "---|" * len(names)]
    for name, row in results["groups"].items():
        lines.append(
            f"| {name} | {row['samples']} | {row['psnr']:.2f} | {row['ssim']:.4f} | {row['psnr_baseline']:.2f} "
            f"| {row['ssim_baseline']:.4f} | {row['psnr'] - row['psnr_baseline']:+.2f} dB |"
        )
    return "\n".join(lines)


def _measure(predicted, sample):
    baseline = sample.baseline
    return {
        "psnr": psnr(predicted, sample.truth),
        "ssim": ssim_volume(predicted, sample.truth),
        "psnr_baseline": psnr(baseline, sample.truth),
        "ssim_baseline": ssim_volume(baseline, sample.truth),
    }


def _means(records):
    # Equal pictures have an infinite PSNR; 100 dB stands for it, so that one still frame does not hide the others.
    means = {each: float(np.mean([min(record[each], 100.0) for record in records])) for each in MEASURES}
    return {**means, "samples": len(records)}


class _finished:
    """Context of a text file that appears under its name only when it was written to the end."""

    def __init__(self, path: Path):
        self.path, self.temporary = path, path.with_name(f".{path.name}.unfinished")

    def __enter__(self):
        self.file = open(self.temporary, "w", encoding="utf-8")
        return self.file

    def __exit__(self, kind, *_):
        self.file.close()
        if kind is None:
            os.replace(self.temporary, self.path)
        else:
            self.temporary.unlink()

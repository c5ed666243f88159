"""A small evaluation without a network: samples whose prediction is the truth with so much noise."""

import json
from types import SimpleNamespace

import numpy as np

from src.report.examples import Examples

SIZE = (36, 64)


def scores(number, noise):
    return {"psnr": -20 * np.log10(noise), "ssim": 1 - noise, "lpips": noise / 3, "psnr_y": 30.0 + number}


def evaluated(folder, count=12, **facts):
    """Write samples.jsonl and metrics.json of `count` samples into the folder; return (results, examples, records)."""
    random, examples, records = np.random.default_rng(1), Examples(count=3), []
    for number in range(count):
        noise = 0.01 * (1 + number * 7 % count)
        truth = random.random((3, *SIZE), np.float32)
        prediction = np.clip(truth + noise * random.choice((-1, 1), truth.shape), 0, 1).astype(np.float32)
        record = {"group": f"clip {number % 2}", "name": f"{number:03d}", **scores(number, noise)}
        examples.see(record, SimpleNamespace(truth=truth), prediction)
        records.append(record)
    groups = {f"clip {each}": means(records[each::2]) for each in range(2)}
    results = {"model": "ifrnet_s", "dataset": "synthetic", "protocol": "all frames", **facts, **means(records)}
    results["groups"] = groups
    (folder / "samples.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records))
    (folder / "metrics.json").write_text(json.dumps(results))
    return results, examples, records


def means(records):
    if not records:
        return {"samples": 0}
    measures = {key: float(np.mean([each[key] for each in records])) for key in scores(0, 0.1)}
    return {**measures, "samples": len(records)}

"""The results of an evaluation: means over samples and groups, and the files that tell them."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import numpy as np

from src.errors import InputError
from src.metrics.titles import TITLES


class finished:
    """Context of a text file that appears under its name only when it was written to the end."""

    def __init__(self, path: Path):
        self.path, self.temporary = path, path.with_name(f".{path.name}.unfinished")

    def __enter__(self):
        self.file = open(self.temporary, "w", encoding="utf-8", newline="")
        return self.file

    def __exit__(self, kind, *_):
        self.file.close()
        if kind is None:
            os.replace(self.temporary, self.path)
        else:
            self.temporary.unlink()


def merge_records(parts: list[Path], path: Path) -> list[dict]:
    """Join files of records, one JSON object a line, into `path`, remove them, and return all records."""
    lines = [line for part in parts for line in part.read_text(encoding="utf-8").splitlines()]
    with finished(path) as file:
        file.writelines(f"{line}\n" for line in lines)
    for part in parts:
        part.unlink()
    return [json.loads(line) for line in lines]


def summarise(records: list[dict], facts: dict) -> dict:
    """Return the content of metrics.json: the facts, means over all samples and over each group, and what failed.

    Besides `published` among the facts stands `difference`, the measured means less the published ones. psnr and ssim
    are None where there is no truth. Raises InputError when nothing was predicted.
    """
    failed = [record for record in records if "error" in record]
    predicted = [record for record in records if "error" not in record]
    if not predicted:
        first = f"the first of {len(failed)} that failed: {failed[0]['error']}" if failed else "found none"
        raise InputError(f"nothing to evaluate: expected at least one sample that can be read; {first}")
    groups = {}
    for record in predicted:
        groups.setdefault(record["group"], []).append(record)
    results = {**facts, "psnr": None, "ssim": None, **_means(predicted)}
    published = {name: value for name, value in facts.get("published", {}).items() if results.get(name) is not None}
    if published:
        results["difference"] = {name: results[name] - value for name, value in published.items()}
    return {**results, "groups": {name: _means(each) for name, each in groups.items()}, "failed": failed}


def write_results(results: dict, folder: Path) -> None:
    """Write metrics.json, results.md and results.csv into a folder."""
    with finished(folder / "metrics.json") as file:
        json.dump(results, file, indent=2)
    with finished(folder / "results.md") as file:
        file.write(f"# {results['model']}, {results['dataset']}\n\n{table(results)}\n")
        protocol = results["protocol"]
        file.write("".join(f"\n- {name.replace('_', ' ')}: {value}" for name, value in protocol.items()) + "\n")
        if results["failed"]:
            file.write("\nFailed:\n" + "".join(f"\n- {line}" for line in failures(results)) + "\n")
    with finished(folder / "results.csv") as file:
        names = ("samples", *_measures(results))
        rows = [(group, *(row.get(name, "") for name in names)) for group, row in _rows(results)]
        csv.writer(file).writerows([("group", *names), *rows])


def table(results: dict) -> str:
    """Return the results as a Markdown table: a row a group, one of all samples, and what is published of those."""
    names = _measures(results)
    gain = "psnr_baseline" in names
    head = ["group", "samples", *(TITLES[name][0] for name in names), *(["gain"] if gain else [])]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for group, row in _rows(results):
        cells = [_cell(name, row) for name in names]
        if gain:
            cells.append(f"{row['psnr'] - row['psnr_baseline']:+.2f} dB" if "psnr_baseline" in row else "")
        lines.append(f"| {group} | {row['samples']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def summary(results: dict) -> str:
    """Return one line: the means, the number of samples, and how far they are from what is published."""
    told = [f"{name} {results[name]:.{TITLES[name][2] + 1}f}" for name in _measures(results) if "baseline" not in name]
    line = f"{', '.join(told) or 'no truth to measure against'}; {results['samples']} samples"
    for name, value in results.get("published", {}).items():
        if name in results.get("difference", {}):
            tolerance = results["tolerance"].get(name)
            line += f"; {name} published {value:g}, difference {results['difference'][name]:+.4f}"
            line += f" (tolerance {tolerance:g})" if tolerance is not None else ""
    if results.get("published_samples", results["samples"]) not in (0, results["samples"]):
        line += f"; the published means are over {results['published_samples']} samples"
    return line


def failures(results: dict) -> list[str]:
    """Return a line for every sample that failed."""
    return [f"{record['group']}/{record['name']}: {record['error']}" for record in results["failed"]]


def _means(records):
    means = {}
    for name in TITLES:
        values = [record[name] for record in records if name in record]
        if values:
            means[name] = float(np.mean(values))
    return {**means, "samples": len(records)}


def _measures(results):
    return [name for name in TITLES if results.get(name) is not None]


def _rows(results):
    rows = list(results["groups"].items())
    published = {name: value for name, value in results.get("published", {}).items() if name in TITLES}
    if len(rows) > 1:
        rows.append(("all", results))
    if published:
        rows.append(("published", {**published, "samples": results["published_samples"] or ""}))
    return rows


def _cell(name, row):
    return f"{row[name]:.{TITLES[name][2]}f}" if row.get(name) is not None else ""

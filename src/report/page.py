"""An evaluation as one self-contained HTML page: no file beside it, nothing from a network."""

from __future__ import annotations

import base64
import json
import math
import os
from html import escape
from pathlib import Path

from src.report.examples import BRIGHTEST, Example, Examples, error_colors
from src.report.histogram import draw_histogram

TITLES = {
    "samples": "samples",
    "psnr": "PSNR, dB",
    "ssim": "SSIM",
    "psnr_baseline": "baseline: PSNR, dB",
    "ssim_baseline": "baseline: SSIM",
    "interpolation_error": "interpolation error",
    "lpips": "LPIPS",
    "tof": "tOF",
}
DECIMALS = {"psnr": 2, "ssim": 4}
HIGHEST = 100.0  # dB: stands for the infinite PSNR of equal pictures, as in the means
FOLDER = Path(__file__).parent


def write_report(folder: Path, results: dict, examples: Examples) -> Path:
    """Write report.html into the folder that holds the `samples.jsonl` of an evaluation; return its path.

    results: the content of metrics.json. Of it `published` ({measure: value}, besides `tolerance`, {measure: value})
    and `difference` are told where they stand.
    """
    lines = (folder / "samples.jsonl").read_text(encoding="utf-8").splitlines()
    values = [min(record["psnr"], HIGHEST) for record in map(json.loads, lines) if "psnr" in record]
    path, temporary = folder / "report.html", folder / ".report.html.unfinished"
    temporary.write_text(render_page(results, values, examples.worst, examples.best), encoding="utf-8")
    os.replace(temporary, path)
    return path


def render_page(results: dict, values: list[float], worst: list[Example], best: list[Example]) -> str:
    """Return the page. values: the PSNR of every sample, in dB."""
    title = f"{results['model']} on {results['dataset']}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        _protocol(results["protocol"]),
        _figures(results),
        _comparison(results),
        "<h2>Results</h2>" + _groups(results),
        "<h2>How the PSNR is spread</h2>" + _histogram(values),
        _legend() if worst else "",
        _samples("Worst samples", worst),
        _samples("Best samples", best),
    ]
    style, script = ((FOLDER / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="icon" href="data:,">\n<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n'
        "<main>\n" + "\n".join(part for part in parts if part) + f"\n</main>\n<script>\n{script}</script>\n</body>\n"
        "</html>\n"
    )


def _protocol(protocol):
    if not isinstance(protocol, dict):
        return f"<p>Protocol: {escape(str(protocol))}</p>"
    rows = "".join(f"<dt>{_title(key)}</dt><dd>{_number(key, value)}</dd>" for key, value in protocol.items())
    return f'<h2>Protocol</h2><dl class="facts panel">{rows}</dl>'


def _figures(results):
    figures = [(name, _number(name, results[name])) for name in TITLES if name in results]
    if "psnr" in results and "psnr_baseline" in results:
        figures.append(("gain, dB", f"{results['psnr'] - results['psnr_baseline']:+.2f}"))
    shown = "".join(f"<div><dt>{_title(name)}</dt><dd>{value}</dd></div>" for name, value in figures)
    return f'<dl class="figures">{shown}</dl>'


def _comparison(results):
    """Return the table of published against measured values; nothing where none is published."""
    published = {name: value for name, value in (results.get("published") or {}).items() if name in results}
    tolerances = (results.get("published") or {}).get("tolerance") or results.get("tolerance") or {}
    rows = []
    for name, value in published.items():
        difference = (results.get("difference") or {}).get(name, results[name] - value)
        tolerance = tolerances.get(name) if isinstance(tolerances, dict) else tolerances
        verdict = '<td class="quiet">no tolerance</td>'
        if tolerance is not None:
            within = abs(difference) <= tolerance
            verdict = f'<td class="{"good" if within else "bad"}">{"within" if within else "outside"}</td>'
        cells = (
            _number(name, value),
            _number(name, results[name]),
            f"{difference:+.{DECIMALS.get(name, 4)}f}",
            "" if tolerance is None else f"±{tolerance:g}",
        )
        cells = "".join(f"<td>{cell}</td>" for cell in cells)
        rows.append(f'<tr><th scope="row">{_title(name)}</th>{cells}{verdict}</tr>')
    if not rows:
        return ""
    head = ("measure", "published", "measured", "difference", "tolerance", "verdict")
    return "<h2>Published and measured</h2>" + _table("Published and measured values", head, rows)


def _groups(results):
    names = [name for name in TITLES if any(name in row for row in results["groups"].values())]
    rows = []
    for group, row in results["groups"].items():
        cells = "".join(f"<td>{_number(name, row[name]) if name in row else ''}</td>" for name in names)
        rows.append(f'<tr><th scope="row">{escape(group)}</th>{cells}</tr>')
    return _table("Results by group", ("group", *(TITLES[name] for name in names)), rows)


def _table(label, head, rows):
    titles = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    return (
        f'<div class="scroll panel" role="region" aria-label="{label}" tabindex="0"><table>'
        f"<thead><tr>{titles}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _histogram(values):
    drawn = {scheme: _data(draw_histogram(values, "PSNR, dB", scheme), "svg+xml") for scheme in ("light", "dark")}
    told = f"Histogram of the PSNR of {len(values)} samples, from {min(values):.2f} to {max(values):.2f} dB"
    return (
        '<figure class="histogram panel"><picture>'
        f'<source media="(prefers-color-scheme: dark)" srcset="{drawn["dark"]}">'
        f'<img src="{drawn["light"]}" width="832" height="312" alt="{told}"></picture>'
        f"<figcaption>{told}. Dashed: the mean.</figcaption></figure>"
    )


def _legend():
    ramp = f'<span class="ramp" style="background: linear-gradient(to right, {", ".join(error_colors())})"></span>'
    return (
        '<p class="legend"><span>Error maps: the absolute difference, mean of the channels, in levels of 255.</span>'
        f"<span>0</span>{ramp}<span>{BRIGHTEST} and more</span></p>"
    )


def _samples(title, examples):
    if not examples:
        return ""
    return f"<h2>{title}</h2>" + "".join(_sample(each) for each in examples)


def _sample(example):
    record = example.record
    name = escape(f"{record['group']} / {record['name']}")
    measures = [f"{TITLES[key]} {_number(key, record[key])}" for key in TITLES if key in record]
    small = " small" if max(example.size) <= 256 else ""
    size = f'width="{example.size[0]}" height="{example.size[1]}"'

    def picture(data, kind, place=""):
        return f'<img class="{place}{small}" src="{_data(data, "png")}" {size} alt="{kind} of {name}">'

    shrunk = f", shown at 1/{example.shrunk:.3g} of its size" if example.shrunk > 1 else ""
    return (
        f'<article class="sample panel"><header><h3>{name}</h3><span>{" · ".join(measures)}</span></header>'
        f'<div class="pair"><figure><div class="compare">{picture(example.truth, "True frame")}'
        f"{picture(example.prediction, 'Prediction', 'over')}"
        '<input class="slider" type="range" min="0" max="100" step="any" value="50" '
        f'aria-label="Share of the prediction that is shown, {name}">'
        '<div class="frame" aria-hidden="true"><b>prediction</b><b>truth</b></div></div>'
        f"<figcaption>Drag the border: prediction on the left, truth on the right{shrunk}</figcaption></figure>"
        f"<figure>{picture(example.error, 'Error map')}<figcaption>Error map</figcaption></figure></div></article>"
    )


def _title(name):
    return escape(TITLES.get(name, name.replace("_", " ")))


def _number(name, value):
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return escape(str(value))
    if math.isinf(value):
        return "∞"
    if isinstance(value, int):
        return str(value)
    return f"{value:.{DECIMALS.get(name.split('_')[0], 4)}f}"


def _data(content: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"

"""An evaluation as one self-contained HTML page: no file beside it, nothing from a network."""

from __future__ import annotations

import base64
import json
import math
import os
from html import escape
from pathlib import Path

from src.metrics.titles import TITLES
from src.report.examples import BRIGHTEST, Example, Examples, error_colors
from src.report.histogram import HEIGHT, WIDTH, draw_histogram

HIGHEST = 100.0  # dB: stands for the infinite PSNR of equal pictures, as in the means
FOLDER = Path(__file__).parent
# The browser itself sees to it that the page needs nothing but itself.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def write_report(folder: Path, results: dict, examples: Examples) -> Path:
    """Write report.html into the folder that holds the `samples.jsonl` of an evaluation; return its path.

    results: the content of metrics.json. `protocol` is a text or a dict; `published`, `tolerance` and `difference`,
    {measure: value}, `published_samples`, a number, and `failed`, a list of {group, name, error}, may be missing. A
    measure without a value, for want of a true frame, is missing or None.
    """
    lines = (folder / "samples.jsonl").read_text(encoding="utf-8").splitlines()
    values = [min(record["psnr"], HIGHEST) for record in map(json.loads, lines) if "psnr" in record]
    path, temporary = folder / "report.html", folder / ".report.html.unfinished"
    temporary.write_text(render_page(results, values, examples.worst, examples.best), encoding="utf-8")
    os.replace(temporary, path)
    return path


def render_page(results: dict, values: list[float], worst: list[Example], best: list[Example]) -> str:
    """Return the page. values: the PSNR of every sample, in dB."""
    title, protocol = f"{results['model']} on {results['dataset']}", results["protocol"]
    parts = [
        f"<h1>{escape(title)}</h1>",
        "" if isinstance(protocol, dict) else f"<p>Protocol: {escape(str(protocol))}</p>",
        _figures(results),
        _comparison(results),
        _facts("Protocol", protocol) if isinstance(protocol, dict) else "",
        _groups(results),
        _failures(results.get("failed") or []),
        _histogram(values) if values else "",
        _legend() if worst else "",
        _samples("Worst samples", worst),
        _samples("Best samples", best),
    ]
    style, script = ((FOLDER / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="icon" href="data:,">\n<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n'
        "<main>\n" + "\n".join(part for part in parts if part) + f"\n</main>\n<script>\n{script}</script>\n</body>\n"
        "</html>\n"
    )


def _facts(title, facts):
    rows = "".join(f"<dt>{_title(key)}</dt><dd>{_fact(value)}</dd>" for key, value in facts.items())
    return f'<h2>{title}</h2><dl class="facts panel">{rows}</dl>'


def _figures(results):
    names = ["samples", *_measures((results.get("groups") or {}).values())]
    figures = [(name, _number(name, results[name])) for name in dict.fromkeys(names) if results.get(name) is not None]
    if results.get("psnr") is not None and results.get("psnr_baseline") is not None:
        figures.append(("gain, dB", f"{results['psnr'] - results['psnr_baseline']:+.2f}"))
    shown = "".join(f"<div><dt>{_title(name)}</dt><dd>{value}</dd></div>" for name, value in figures)
    return f'<dl class="figures">{shown}</dl>'


def _comparison(results):
    """Return the table of published against measured values; nothing where none is published."""
    tolerances, differences = results.get("tolerance") or {}, results.get("difference") or {}
    rows = []
    for name, value in (results.get("published") or {}).items():
        measured, tolerance = results.get(name), tolerances.get(name)
        difference = None if measured is None else differences.get(name, measured - value)
        cells = (
            _number(name, value),
            "" if measured is None else _number(name, measured),
            "" if difference is None else f"{difference:+.{_decimals(name) + 1}f}",
            "" if tolerance is None else f"±{tolerance:g}",
        )
        cells = "".join(f"<td>{cell}</td>" for cell in cells)
        rows.append(f'<tr><th scope="row">{_title(name)}</th>{cells}{_verdict(difference, tolerance)}</tr>')
    head = ("measure", "published", "measured", "difference", "tolerance", "verdict")
    table = _table("Published and measured", head, rows)
    if table and "published_samples" in results:
        table += f"<p>Published over {results['published_samples']} samples, measured over {results['samples']}.</p>"
    return table


def _verdict(difference, tolerance):
    if difference is None or tolerance is None:
        return f'<td class="quiet">{"not measured" if difference is None else "no tolerance"}</td>'
    return '<td class="good">within</td>' if abs(difference) <= tolerance else '<td class="bad">outside</td>'


def _groups(results):
    groups = results.get("groups") or {}
    names = _measures(groups.values())
    rows = []
    for group, row in groups.items():
        cells = "".join(f"<td>{_number(name, row[name]) if name in row else ''}</td>" for name in names)
        rows.append(f'<tr><th scope="row">{escape(group)}</th>{cells}</tr>')
    return _table("Results", ("group", *map(_words, names)), rows)


def _measures(rows):
    """Return the names of all numbers in the rows, those that have a title first and in their order."""
    found = [name for row in rows for name, value in row.items() if isinstance(value, (int, float))]
    known = ["samples", *TITLES]
    return [name for name in known if name in found] + sorted(set(found) - set(known))


def _failures(failed):
    told = [(escape(_name_of(each)), escape(str(each["error"]))) for each in failed]
    rows = [f'<tr><th scope="row">{name}</th><td class="bad text">{error}</td></tr>' for name, error in told]
    return _table(f"Not measured: {len(failed)}", ("sample", "error"), rows)


def _table(title, head, rows):
    """Return a titled table; nothing where there is no row."""
    if not rows:
        return ""
    titles = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    return (
        f'<h2>{title}</h2><div class="scroll panel" role="region" aria-label="{title}" tabindex="0"><table>'
        f"<thead><tr>{titles}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _histogram(values):
    drawn = {scheme: _data(draw_histogram(values, "PSNR, dB", scheme), "svg+xml") for scheme in ("light", "dark")}
    told = f"Histogram of the PSNR of {len(values)} samples, from {min(values):.2f} to {max(values):.2f} dB"
    return (
        '<h2>How the PSNR is spread</h2><figure class="histogram panel"><picture>'
        f'<source media="(prefers-color-scheme: dark)" srcset="{drawn["dark"]}">'
        f'<img src="{drawn["light"]}" width="{WIDTH}" height="{HEIGHT}" alt="{told}"></picture>'
        f"<figcaption>{told}. Dashed: the mean.</figcaption></figure>"
    )


def _legend():
    ramp = f'<span class="ramp" style="background: linear-gradient(to right, {", ".join(error_colors())})"></span>'
    return (
        '<p class="legend"><span>Error maps: the absolute difference, mean of the channels, in levels of 255.</span>'
        f'<span class="scale">0{ramp}{BRIGHTEST} and more</span></p>'
    )


def _samples(title, examples):
    if not examples:
        return ""
    return f"<h2>{title}</h2>" + "".join(_sample(each) for each in examples)


def _sample(example):
    record = example.record
    name = escape(_name_of(record))
    measures = [_measured(key, record[key]) for key in _measures([record])]
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


def _name_of(record):
    return " / ".join(str(record[key]) for key in ("group", "name") if key in record)


def _measured(name, value):
    title, comma, unit = _title(name).partition(", ")
    return f"{title} {_number(name, value)}{' ' * bool(comma)}{unit}"


def _title(name):
    return escape(_words(name))


def _words(name):
    title, unit, _ = TITLES.get(name, (name.replace("_", " "), "", 0))
    return f"{title}, {unit}" if unit else title


def _fact(value):
    """Return a value of a protocol as text."""
    if isinstance(value, dict):
        return ", ".join(f"{_title(key)}: {_fact(each)}" for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_fact, value))
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    return f"{value:g}" if isinstance(value, float) else escape(str(value))


def _number(name, value):
    if math.isinf(value):
        return "∞"
    if isinstance(value, int):
        return str(value)
    return f"{value:.{_decimals(name)}f}"


def _decimals(name):
    return TITLES[name][2] if name in TITLES else 4


def _data(content: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"

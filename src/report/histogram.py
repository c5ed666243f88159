"""The histogram of a measure as an SVG picture."""

from __future__ import annotations

import io

import numpy as np

# of the text and of the bars, for each scheme of the page
INKS = {"light": ("#3d4450", "#2563a8"), "dark": ("#c3cad6", "#6fb1f5")}

WIDTH, HEIGHT = 640, 300  # pixels of the page


def draw_histogram(values: list[float], label: str, scheme: str) -> bytes:
    """Return an SVG of how often each value occurs, on a transparent ground; a dashed line marks the mean."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    ink, fill = INKS[scheme]
    # a fixed salt: the same values give the same bytes
    with matplotlib.rc_context({"svg.hashsalt": "histogram", "font.size": 11}):
        figure = Figure(figsize=(WIDTH / 106, HEIGHT / 106), constrained_layout=True, facecolor="none")
        axes = figure.subplots(subplot_kw={"facecolor": "none"})
        axes.hist(values, bins=_edges(values), color=fill, edgecolor="none", rwidth=0.92)
        axes.axvline(float(np.mean(values)), color=ink, linestyle="--", linewidth=1.2)
        axes.set_xlabel(label, color=ink)
        axes.set_ylabel("samples", color=ink)
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.tick_params(colors=ink)
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(ink)
        file = io.BytesIO()
        FigureCanvasSVG(figure).print_svg(file, metadata={"Date": None})
    return file.getvalue()


def _edges(values):
    low, high = min(values), max(values)
    if high - low < 0.5:
        middle = (low + high) / 2
        low, high = middle - 0.5, middle + 0.5
    count = int(np.clip(np.sqrt(len(values)) * 2, 8, 40))
    return np.linspace(low, high, count + 1)

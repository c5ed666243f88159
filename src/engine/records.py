"""What a training run tells while it goes on: metrics.jsonl, the bar, the curves, a sign of life while it compiles."""

from __future__ import annotations

import json
import math
import os
import sys
import threading
import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

HEARTBEAT_SECONDS = 20


class MetricsLog:
    """`metrics.jsonl`, one line a step, and the progress bar; a resumed run goes on behind its last saved step."""

    def __init__(self, folder: Path, term_names, done: int, steps: int, summary: bool = False):
        path = folder / "metrics.jsonl"
        self.names = ("loss", *term_names)
        _keep_steps(path, done)
        self.file = open(path, "a", encoding="utf-8")
        self.bar = tqdm(total=steps, initial=done, unit="step", desc="train", smoothing=0.05)
        self.summary = _open_summary(folder) if summary else None

    def add(self, step: int, values, applied: bool, **more) -> None:
        """Write a step's loss and terms; `skipped` marks one whose gradients were not finite."""
        line = {"step": step, **dict(zip(self.names, (_number(value) for value in values))), **more}
        if not applied:
            line["skipped"] = True
        self.file.write(json.dumps(line) + "\n")
        self.file.flush()
        if self.summary:
            _add_summary(self.summary, step, line)
        self.bar.set_postfix(loss=f"{values[0]:.4f}", refresh=False)
        self.bar.update(step - self.bar.n)

    def tell(self, text: str) -> None:
        """Print a line above the bar."""
        self.bar.write(text, file=sys.stderr)

    def close(self) -> None:
        """Close the log and the bar."""
        self.file.close()
        self.bar.close()
        if self.summary:
            self.summary.close()


class NoLog:
    """The log of a worker that writes nothing."""

    def add(self, step, values, applied, **more):
        """Write nothing."""

    def tell(self, text):
        """Say nothing."""

    def close(self):
        """There is nothing to close."""


def _open_summary(folder):
    from mindspore.train.summary import SummaryRecord

    return SummaryRecord(str(folder / "summary"))


def _add_summary(record, step, line):
    from mindspore import Tensor

    for name, value in line.items():
        if name != "step" and isinstance(value, float):
            record.add_value("scalar", name, Tensor(np.float32(value)))
    record.record(step)


def _number(value):
    # JSON knows neither infinities nor not-a-number
    return float(value) if math.isfinite(value) else str(float(value))


def _keep_steps(path: Path, done: int) -> None:
    """Cut a log down to the steps up to `done`: those after it are about to be made again."""
    if not path.exists():
        return
    kept = []
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        try:
            if json.loads(line)["step"] > done:
                break
        except (ValueError, KeyError):
            break  # the line that a kill cut off
        kept.append(line)
    temporary = path.with_name(f".{path.name}.unfinished")
    temporary.write_text("".join(kept), encoding="utf-8")
    os.replace(temporary, path)


def draw_curves(folder: Path) -> Path:
    """Draw the loss, its terms, the rate and the validation scores of metrics.jsonl into curves.png; return it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    lines = [line for line in lines if not line.get("skipped")]
    others = ("step", "rate", "loss_scale", "psnr")
    terms = [name for name in (lines[0] if lines else {}) if name not in others]
    scored = [line for line in lines if "psnr" in line]
    figure = Figure(figsize=(9, 7 if scored else 5), constrained_layout=True)
    axes = figure.subplots(3 if scored else 2, 1, sharex=True, height_ratios=(3, 1, 2) if scored else (3, 1))
    steps = [line["step"] for line in lines]
    for name in terms:
        values = [line[name] for line in lines]
        if any(values):
            (drawn,) = axes[0].plot(steps, values, linewidth=0.4, alpha=0.35)
            axes[0].plot(steps, _smoothed(values), linewidth=1.5, color=drawn.get_color(), label=name)
    axes[0].set(ylabel="loss and its terms", yscale="log")
    axes[0].legend(loc="upper right", fontsize="small")
    axes[1].plot(steps, [line["rate"] for line in lines], color="black", linewidth=1)
    axes[1].set(ylabel="learning rate")
    if scored:
        axes[2].plot([line["step"] for line in scored], [line["psnr"] for line in scored], marker="o", markersize=3)
        axes[2].set(ylabel="validation PSNR, dB")
    axes[-1].set(xlabel="step")
    for each in axes:
        each.grid(alpha=0.3)
    temporary = folder / ".curves.unfinished.png"
    FigureCanvasAgg(figure).print_png(temporary)
    os.replace(temporary, folder / "curves.png")
    return folder / "curves.png"


def _smoothed(values, share: float = 0.02):
    """Return the exponential moving average over about `share` of the values."""
    keep = 1 - 1 / max(1.0, share * len(values))
    smooth, weight, total = [], 0.0, 0.0
    for value in values:
        total, weight = keep * total + (1 - keep) * value, keep * weight + (1 - keep)
        smooth.append(total / weight)
    return smooth


class Heartbeat:
    """Context that says every 20 seconds that something long is still going on: graph compilation shows no progress."""

    def __init__(self, doing: str, tell):
        self.doing, self.tell = doing, tell
        self.done = threading.Event()

    def __enter__(self):
        self.start = time.monotonic()
        self.thread = threading.Thread(target=self._beat, daemon=True)
        self.thread.start()
        return self

    def _beat(self):
        while not self.done.wait(HEARTBEAT_SECONDS):
            self.tell(f"{self.doing}: {time.monotonic() - self.start:.0f} s")

    def stop(self) -> None:
        """Say no more."""
        self.done.set()

    def __exit__(self, *_):
        self.stop()

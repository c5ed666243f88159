"""What a run did, in `OUT.report.json` beside its result, and whether it kept what it promises."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import secrets
from pathlib import Path

from src.errors import PartialError
from src.video.fingerprint import weights_file
from src.video.images import image_files
from src.video.job import Run
from src.video.media import survey
from src.video.options import VideoOptions
from src.video.progress import note
from src.video.publish import is_video_name
from src.video.reader import Source
from src.video.timeline import Timeline

SUFFIX = ".report.json"


def report_of(source: Source, timeline: Timeline, run: Run, result: str, strict: bool, beside=()) -> dict:
    """Return what there is to tell of a run; `result`, and what stands `beside` it, is read again for what it holds.

    "broken" lists what it lacks of what it should be: frames, time, or, where `strict` asks, predictions.
    """
    found, seconds = _read_again(result)
    planned = float(run.shown_last - run.shown_first)
    told = {
        "frames": {
            "announced": source.count,
            "in": run.frames_in,
            "expected": timeline.count(run.frames_in, run.last, max(source.end, run.last)),
            "out": run.written,
            "found": found,
        },
        "rate": {"in": str(source.rate), "out": str(timeline.rate or "variable")},
        "seconds": {
            "in": float(source.end - source.start),
            "out": planned,
            "drift": 0.0 if seconds is None else round(seconds - planned, 6),
        },
        "preview": [float(side) for side in source.period] if source.period else None,
        "streams": {"kept": run.kept, "left_out": run.left_out},
        "cuts": run.tally.cuts,
        "repeats": run.tally.repeats,
        "predicted": run.tally.predicted,
        "recomputed": run.tally.recomputed,
        "unfit": run.tally.unfit,
        "beside": {each.kind: {"file": Path(each.final).name, "frames": _read_again(each.path)[0]} for each in beside},
    }
    return {**told, "broken": _broken(told, strict)}


def _broken(told, strict):
    frames, drift = told["frames"], told["seconds"]["drift"]
    broken = []
    if frames["in"] < frames["announced"]:
        broken.append(f"{frames['in']} of {frames['announced']} frames could be decoded")
    if not frames["expected"] == frames["out"] == frames["found"]:
        broken.append(f"needs {frames['expected']} frames; {frames['out']} were made, {frames['found']} are in it")
    if abs(drift) * max(frames["out"] - 1, 1) > max(told["seconds"]["out"], 0.001):
        broken.append(f"its frames drift by {drift:.3f} s")
    for kind, other in told["beside"].items():
        if other["frames"] != frames["out"]:
            broken.append(f"{kind} needs {frames['out']} frames; {other['frames']} are in it")
    if strict and told["unfit"]:
        broken.append(f"{told['unfit']} predictions are no pictures")
    return broken


def _read_again(path):
    """Return the number of frames that the result holds and, for a video, the seconds from the first to the last."""
    if not is_video_name(path):
        return len(image_files(path)), None
    surveyed = survey(path)
    ticks = surveyed.ticks
    return surveyed.pictures, float(int(ticks[-1] - ticks[0]) * surveyed.tick) if len(ticks) else 0.0


def write_report(report: dict, output_path: str) -> None:
    """Write the report beside the result, whole or not at all, and raise PartialError for broken promises in it."""
    final = Path(output_path + SUFFIX)
    unfinished = final.with_name(f".mindframes-{secrets.token_hex(6)}")
    try:
        unfinished.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(unfinished, final)
    except OSError as error:  # the result is there already, and its name may leave no room for a longer one
        note(f"{final}: the report cannot be written: {error.strerror}")
        with contextlib.suppress(OSError):
            unfinished.unlink()
    if report["broken"]:
        raise PartialError(f"{output_path}: {'; '.join(report['broken'])}")


def facts_of(options: VideoOptions, run: Run, weights: list[str], loading: float, working: float) -> dict:
    """Return what was asked for, by which weights, and the seconds it took.

    weights: the digest of each network's, in the order in which frames pass them.
    """
    facts = {
        "options": dataclasses.asdict(options),
        **_network(options, run, weights, -1),
        "times": {"loading": round(loading, 3), "working": round(working, 3)},
    }
    return {**facts, "upscale": _network(options.upscaler, run, weights, 0)} if options.upscale else facts


def _network(options, run, weights, place):
    return {
        "weights": {"file": Path(weights_file(options.model, options.ckpt_path)).name, "sha256": weights[place]},
        "tiles": {"side": run.tiles[place], "shrunk": run.shrunk[place]},
    }

"""The log goes on behind a resumed step; curves are drawn; a long silence is filled."""

import json
import math
import time

import numpy as np
import pytest

from src.engine import records
from src.engine.records import Heartbeat, MetricsLog, draw_curves
from src.video.images import read_image


def steps_in(folder):
    return [json.loads(line)["step"] for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_a_resumed_log_forgets_the_steps_that_are_made_again_and_a_line_cut_off(tmp_path):
    log = MetricsLog(tmp_path, ("term",), 0, 10)
    for step in range(1, 8):
        log.add(step, [0.5, 0.25], True, rate=0.1)
    log.close()
    with open(tmp_path / "metrics.jsonl", "a") as file:
        file.write('{"step": 8, "lo')
    log = MetricsLog(tmp_path, ("term",), 5, 10)
    log.add(6, [0.5, 0.25], True)
    log.close()
    assert steps_in(tmp_path) == [1, 2, 3, 4, 5, 6]
    MetricsLog(tmp_path, ("term",), 0, 10).close()
    assert steps_in(tmp_path) == []


def test_a_skipped_step_is_marked_and_every_line_is_json(tmp_path):
    log = MetricsLog(tmp_path, ("term",), 0, 2)
    log.add(1, [math.nan, math.inf], False, rate=0.1)
    log.close()
    line = (tmp_path / "metrics.jsonl").read_text()
    told = json.loads(line, parse_constant=pytest.fail)
    assert told == {"step": 1, "loss": "nan", "term": "inf", "rate": 0.1, "skipped": True}


@pytest.mark.parametrize("scored", [False, True])
def test_curves_show_what_the_log_holds(tmp_path, scored):
    log = MetricsLog(tmp_path, ("first", "second"), 0, 60)
    for step in range(1, 61):
        more = {"psnr": 20.0 + step / 10} if scored and step % 20 == 0 else {}
        values = [math.nan] * 3 if step == 30 else [1.0 / step, 0.75 / step, 0.25 / step]
        log.add(step, values, step != 30, rate=1e-4, **more)
    log.close()
    picture = read_image(draw_curves(tmp_path))
    assert picture.shape == (700 if scored else 500, 900, 3)
    # a white page with lines in at least three colours
    colours, counts = np.unique(picture.reshape(-1, 3), axis=0, return_counts=True)
    assert (colours[counts.argmax()] == 255).all()
    vivid = colours[(colours.max(1).astype(int) - colours.min(1) > 100) & (counts > 100)]
    assert len(vivid) >= 3
    assert [path.name for path in tmp_path.glob("*curves*")] == ["curves.png"]


def test_a_heartbeat_tells_until_it_is_stopped(monkeypatch):
    monkeypatch.setattr(records, "HEARTBEAT_SECONDS", 0.01)
    told = []
    with Heartbeat("compiling", told.append) as heartbeat:
        while len(told) < 2:
            time.sleep(0.01)
        heartbeat.stop()
        heartbeat.thread.join()
        count = len(told)
        time.sleep(0.05)
    assert len(told) == count
    assert all(line.startswith("compiling: ") for line in told)

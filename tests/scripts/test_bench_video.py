"""bench.py video: the job and its network alone take turns on the same frames, and both are told."""

import re
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from scripts import bench
from src.errors import UsageError
from src.video.reader import open_source
from tests.video.clips import Average

SMALL = ["video", "--sizes", "48x64", "--clip_frames", "4", "--rounds", "2"]


class Counted(Average):
    def __init__(self):
        self.shapes = []

    def __call__(self, frames, times):
        self.shapes.append(frames.shape)
        return super().__call__(frames, times)


@pytest.fixture
def counted(monkeypatch):
    predictor = Counted()
    module = SimpleNamespace(load_predictor=lambda *_: predictor)
    monkeypatch.setitem(sys.modules, "src.runtime.mindspore_graph", module)
    return predictor


def test_both_predict_the_same_frames_and_are_told(counted, capsys):
    bench.main(SMALL)
    title, _, network, job, ratio = capsys.readouterr().out.splitlines()
    assert title == "ifrnet_s, CPU, 64x48, 7 frames of the result, 2 rounds"
    assert counted.shapes == [(2, 3, 48, 64)] * (1 + 2 * 2 * 3), "once to compile, then two sides, rounds, three pairs"
    rates = [float(re.search(r"([0-9.]+) +([0-9.]+)$", line).group(1)) for line in (network, job)]
    told = [float(each) for each in re.findall(r"([0-9.]+)%", ratio)]
    assert len(told) == 3 and told[0] == pytest.approx(100 * rates[1] / rates[0], abs=0.2)


def test_a_clip_of_ones_own_is_read(counted, clip, capsys):
    bench.main(["video", "--video_path", str(clip), "--rounds", "1"])
    assert "48x32, 11 frames of the result, 1 rounds" in capsys.readouterr().out
    assert len(counted.shapes) == 1 + 2 * 5


def test_the_generated_clip_moves_and_has_grain(tmp_path):
    from scripts.bench_video import STEP, make_clip

    make_clip(tmp_path / "clip.mp4", (96, 128), 3)
    first, _, third = (frame.astype(float) for frame in open_source(str(tmp_path / "clip.mp4")).frames())
    right, down = 2 * STEP[0], 2 * STEP[1]
    apart = np.abs(first[down:, right:] - third[:-down, :-right]).mean()
    assert 0.5 < apart < 8 and np.abs(first - third).mean() > 2 * apart


@pytest.mark.parametrize(
    ("flags", "told"), [(["--sizes", "720"], "HEIGHTxWIDTH; got 720"), (["--network", "tdan_x4"], "makes new frames")]
)
def test_what_cannot_be_measured_is_refused(flags, told):
    with pytest.raises(UsageError, match=told):
        bench.main([*SMALL, *flags])

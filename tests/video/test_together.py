"""Windows that are predicted at once give the same frames in the same order, and are counted as they are looked at."""

from fractions import Fraction

import numpy as np
import pytest

from src.video.pipeline import Tally, interpolate, upscale
from src.video.timeline import Multiplied
from tests.runs import report_of, run
from tests.video.clips import Average, decoded, flat_frames, placed

LEVELS = [20, 50, 70, 200, 210, 250]
SCENES = [0, 0, 0, 1, 1, 1]


class Batched(Average):
    """Notes of how many samples it is asked at once."""

    def __init__(self, batch_size):
        self.batch_size, self.given = batch_size, []

    def together(self, samples):
        self.given.append([len(times) for _, times in samples])
        return [Average.__call__(self, *sample) for sample in samples]


def made(predictor, tally, multi=3):
    frames = placed(flat_frames(LEVELS, 4, 3), scenes=SCENES)
    for part in interpolate(frames, predictor, Multiplied(multi, Fraction(25)), tally=tally):
        for time, frame in part:
            yield time, int(frame[0, 0, 0]), dict(tally.counts)


@pytest.mark.parametrize(
    ("size", "given"), [(1, [[2]] * 4), (2, [[2, 2], [2], [2]]), (3, [[2, 2], [2, 2]]), (9, [[2, 2, 2, 2]])]
)
def test_frames_and_counts_are_those_of_one_window_after_the_other(size, given):
    predictor = Batched(size)
    assert list(made(predictor, Tally())) == list(made(Average(), Tally()))
    assert predictor.given == given


def test_nothing_is_predicted_before_it_is_looked_at():
    predictor, tally = Batched(2), Tally()
    frames = made(predictor, tally)
    next(frames)
    assert predictor.given == []
    next(frames)
    assert predictor.given == [[2, 2]] and tally.predicted == 1


def test_enlarged_frames_come_in_order():
    class Larger(Batched):
        inputs, scale = 3, 4

        def together(self, samples):
            self.given.append(len(samples))
            return [frames[1:2].repeat(4, axis=2).repeat(4, axis=3) for frames, _ in samples]

    predictor = Larger(4)
    parts = upscale(placed(flat_frames(LEVELS, 4, 3), scenes=SCENES), predictor)
    assert [int(frame[0, 0, 0]) for part in parts for _, frame in part] == LEVELS
    assert predictor.given == [4, 2]


class Half(Average):
    """Returns what is no picture, but for its `exact`."""

    def __init__(self, value, exact=None):
        self.value, self.exact = value, exact

    def __call__(self, frames, times):
        return np.full((len(times), *frames.shape[1:]), self.value, np.float32)


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0])
@pytest.mark.parametrize("timestep", ["arbitrary", "fixed"])
def test_what_is_no_picture_in_half_precision_is_made_again(monkeypatch, value, timestep):
    monkeypatch.setattr(Average, "timestep", timestep)
    tally = Tally()
    levels = [level for _, level, _ in made(Half(value, Average()), tally, 4)]
    assert levels == [level for _, level, _ in made(Average(), Tally(), 4)]
    assert (tally.predicted, tally.recomputed, tally.unfit) == (12, 12, 0)


def test_what_is_none_in_single_precision_either_is_replaced():
    tally = Tally()
    levels = [level for _, level, _ in made(Half(np.nan, Half(np.nan)), tally, 2)]
    assert levels == [20, 20, 50, 50, 70, 70, 200, 200, 210, 210, 250]
    assert (tally.predicted, tally.recomputed, tally.unfit) == (4, 0, 4)


def test_an_enlarged_frame_is_made_again_too():
    class Larger(Half):
        inputs, scale = 3, 4

        def __call__(self, frames, times):
            return np.full((1, 3, *(4 * side for side in frames.shape[2:])), self.value, np.float32)

    tally = Tally()
    parts = upscale(placed(flat_frames([100], 4, 3)), Larger(np.nan, Larger(0.5)), tally)
    assert [int(frame.mean()) for part in parts for _, frame in part] == [128]
    assert (tally.predicted, tally.recomputed, tally.unfit) == (1, 1, 0)


@pytest.mark.parametrize("flags", [(), ("--resume", "--part_frames", "2"), ("--strict",)])
def test_the_report_counts_what_was_made_again(clip, tmp_path, loaded, monkeypatch, flags):
    import src.runtime.choice as choice

    plain = decoded(run(clip, tmp_path / "plain.mkv", *flags))
    monkeypatch.setattr(choice, "video_predictor", lambda *_: Half(np.nan, Average()))
    result = run(clip, tmp_path / "out.mkv", *flags)
    assert [planes.tobytes() for planes, _ in decoded(result)] == [planes.tobytes() for planes, _ in plain]
    told = report_of(result)
    assert (told["predicted"], told["recomputed"], told["unfit"], told["broken"]) == (5, 5, 0, [])

"""Frames are wanted at the exact times, as many as the formulas say."""

from fractions import Fraction

import pytest

from src.video.timeline import Multiplied, Resampled

RATES = [Fraction(24000, 1001), Fraction(30000, 1001), Fraction(25), Fraction(45000, 1499), Fraction(60)]
ZERO = Fraction(0)


def walk(timeline, times, end):
    """Return all that is wanted of frames shown at `times`: (index of the frame, position, time)."""
    wanted = []
    for index, (first, second) in enumerate(zip(times, times[1:])):
        wanted += [(index, *each) for each in timeline.between(first, second)]
    return wanted + [(len(times) - 1, *each) for each in timeline.at_end(times[-1], end)]


def shows(times, index, position):
    """Return the time of the source that a frame of the result shows."""
    return times[index] + (position * (times[index + 1] - times[index]) if position else 0)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("target", [Fraction(60), Fraction(60000, 1001), Fraction(24), Fraction(10)])
@pytest.mark.parametrize("start", [ZERO, Fraction(1, 3)])
def test_any_rate_becomes_any_other_for_exactly_the_same_time(rate, target, start):
    times = [start + index / rate for index in range(31)]
    end = start + 31 / rate
    timeline = Resampled(target, start, rate)
    wanted = walk(timeline, times, end)
    assert [time for _, _, time in wanted] == [start + place / target for place in range(len(wanted))]
    assert 0 <= len(wanted) / target - 31 / rate < 1 / target
    for index, position, time in wanted:
        assert shows(times, index, position) == (time if time < times[-1] else times[-1])
        assert (position * timeline.parts).denominator == 1
    assert timeline.count(31, times[-1], end) == len(wanted)


@pytest.mark.parametrize(("rate", "target", "parts"), [(24, 60, 5), (25, 50, 2), (30, 120, 4), (60, 24, 2)])
def test_positions_are_parts_of_what_the_rates_have_in_common(rate, target, parts):
    assert Resampled(Fraction(target), ZERO, Fraction(rate)).parts == parts
    assert Resampled(Fraction(target), ZERO, None).parts is None


@pytest.mark.parametrize("slow", [1, 4])
def test_multiplied_frames_of_a_variable_rate_stand_evenly_between_their_neighbours(slow):
    times = [Fraction(time, 100) for time in (0, 4, 40, 44, 90)]
    timeline = Multiplied(4, None, slow)
    wanted = walk(timeline, times, Fraction(1))
    assert all(time == slow * shows(times, index, position) for index, position, time in wanted)
    assert all(earlier[2] < later[2] for earlier, later in zip(wanted, wanted[1:]))
    assert len(wanted) == timeline.count(5, times[-1], Fraction(1)) == 17
    assert timeline.rate is None and timeline.parts == 4


def test_slow_motion_stretches_time_at_the_rate_of_the_source():
    timeline = Multiplied(4, Fraction(30000, 1001), slow=4)
    assert timeline.rate == Fraction(30000, 1001)
    times = [index * Fraction(1001, 30000) for index in range(3)]
    assert [time for _, _, time in walk(timeline, times, ZERO)] == [index * Fraction(1001, 30000) for index in range(9)]


def test_slow_motion_at_another_rate():
    times = [Fraction(index, 24) for index in range(24)]
    wanted = walk(Resampled(Fraction(60), ZERO, Fraction(24), slow=2), times, Fraction(1))
    assert len(wanted) == 120 and wanted[5][2] == Fraction(5, 60) == 2 * shows(times, *wanted[5][:2])


def test_left_out_frames_leave_the_grid_as_it_is():
    timeline = Resampled(Fraction(50), ZERO, Fraction(25), to_last_frame=True, longest_gap=2)
    wanted = walk(timeline, [ZERO, Fraction(2, 25), Fraction(3, 25)], Fraction(4, 25))
    assert [4 * position for _, position, _ in wanted] == [0, 1, 2, 3, 0, 2, 0]
    assert timeline.count(4, Fraction(3, 25), Fraction(4, 25)) == 7 and timeline.parts == 4

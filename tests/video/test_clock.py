"""Timestamps of the result: exact at a constant rate, the frames' own at a variable one, and rising in any case."""

from fractions import Fraction

import pytest

from src.video.clock import Grid, Timestamps


@pytest.mark.parametrize("rate", [Fraction(50), Fraction(60000, 1001), Fraction(90000, 1499)])
@pytest.mark.parametrize("start", [Fraction(0), Fraction(1, 3), Fraction(7, 50)])
def test_grid_of_times_is_exact_in_the_rate_and_to_a_millisecond_in_the_start(rate, start):
    grid = Grid(start, rate)
    assert all((grid.ticks_at(index + 1) - grid.ticks_at(index)) * grid.tick == 1 / rate for index in (-2, 0, 7))
    assert abs(grid.ticks_at(0) * grid.tick - start) <= Fraction(1, 2000)


def test_own_times_are_kept_to_the_tick_and_rise_even_when_they_do_not():
    clock = Timestamps(Fraction(25))
    for time in ("0", "0.04", "0.04", "0.5"):
        clock.add(Fraction(time))
    assert [clock.ticks_at(index) for index in range(4)] == [0, 3600, 3601, 45000]


def test_own_times_go_on_at_the_average_rate_beyond_both_ends():
    clock = Timestamps(Fraction(25))
    for time in ("1", "1.5"):
        clock.add(Fraction(time))
    assert [clock.ticks_at(index) for index in (-2, -1, 2, 3)] == [82800, 86400, 138600, 142200]

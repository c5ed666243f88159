"""The contract of synthetic samples: determinism, ranges, times and the bound on motion."""

import numpy as np
import pytest

from src.data.synthetic import SyntheticMotion
from src.errors import UsageError

SIZE = (40, 56)


def test_samples_depend_on_seed_and_index_alone():
    one, other = SyntheticMotion(SIZE, 9, seed=5), SyntheticMotion(SIZE, 900, seed=5)
    order = [7, 0, 7, 3]
    backwards = {index: one[index] for index in reversed(order)}
    for index in order:
        for mine, theirs in zip(other[index], backwards[index]):
            np.testing.assert_array_equal(mine, theirs)
    assert np.abs(one[0][3] - one[1][3]).max() > 0.05
    assert np.abs(one[0][3] - SyntheticMotion(SIZE, 9, seed=6)[0][3]).max() > 0.05


def test_samples_keep_the_contract_of_shapes_types_and_ranges():
    for sample in map(SyntheticMotion(SIZE, 12, seed=5, time="arbitrary").__getitem__, range(12)):
        assert [a.shape for a in sample] == [(3, *SIZE), (3, *SIZE), (1, 1, 1), (3, *SIZE), (4, *SIZE)]
        assert all(a.dtype == np.float32 and a.flags.c_contiguous for a in sample)
        for frame in (sample[0], sample[1], sample[3]):
            assert frame.min() >= 0 and frame.max() <= 1
        assert np.isfinite(sample[4]).all()


def test_no_point_moves_further_than_the_limit_and_some_come_near():
    source = SyntheticMotion(SIZE, 150, seed=5, max_displacement=20)
    travelled = [np.hypot(*(flow[2:] - flow[:2])).max() for *_, flow in map(source.__getitem__, range(150))]
    assert max(travelled) <= 20 * 1.001
    assert max(travelled) > 12


def test_without_displacement_nothing_moves():
    source = SyntheticMotion(SIZE, 5, seed=5, max_displacement=0)
    assert all(np.abs(source[index][4]).max() < 1e-3 for index in range(5))


def test_arbitrary_times_are_spread_and_divide_the_path_of_the_flow():
    source = SyntheticMotion(SIZE, 60, seed=5, time="arbitrary")
    times = []
    for *_, time, _, flow in map(source.__getitem__, range(60)):
        time = float(time.item())
        times.append(time)
        # Layers move at almost constant velocity, so that (1 - t) flow0 + t flow1 stays near zero.
        bend = np.hypot(*((1 - time) * flow[:2] + time * flow[2:]))
        assert bend.max() < 1 + 0.05 * np.abs(flow).max()
    assert min(times) < 0.2 and max(times) > 0.8 and min(times) >= 0.05 and max(times) <= 0.95
    middle = SyntheticMotion(SIZE, 2, seed=5)
    assert float(middle[1][2].item()) == 0.5


@pytest.mark.parametrize("wrong", [dict(time="late"), dict(length=0), dict(size=(4, 64)), dict(max_displacement=-1.0)])
def test_impossible_arguments_are_refused(wrong):
    with pytest.raises(UsageError):
        SyntheticMotion(**{**dict(size=SIZE, length=1, seed=0), **wrong})


def test_indices_outside_are_refused():
    with pytest.raises(IndexError):
        SyntheticMotion(SIZE, 3, seed=5)[3]

"""Mixtures draw by weight and by index; MindSpore batches hold the samples in order."""

import numpy as np
import pytest

from src.data import COLUMNS, Mixture, create_dataset, plain_errors
from src.errors import InputError, UsageError


class Numbered:
    """A source whose samples say where they come from."""

    columns = COLUMNS

    def __init__(self, mark, length):
        self.mark, self.length = mark, length

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        frames = [np.full((3, 8, 10), value, np.float32) for value in (self.mark, index, self.mark + index)]
        return frames[0], frames[1], np.full((1, 1, 1), 0.5, np.float32), frames[2], np.ones((4, 8, 10), np.float32)


def marks(mixture):
    return np.array([mixture[index][0][0, 0, 0] for index in range(len(mixture))])


def test_mixture_draws_by_weight_and_the_same_again():
    mixture = Mixture([Numbered(1, 2000), Numbered(2, 2000), Numbered(3, 7)], [3, 0, 1], seed=1)
    assert len(mixture) == 2000
    drawn = marks(mixture)
    assert set(drawn) == {1, 3}
    assert 0.72 < (drawn == 1).mean() < 0.78
    np.testing.assert_array_equal(drawn, marks(mixture))
    assert (drawn != marks(Mixture(mixture.sources, [3, 0, 1], seed=2))).any()


def test_mixture_uses_all_samples_of_a_shorter_source():
    mixture = Mixture([Numbered(1, 300), Numbered(2, 7)], [1, 1], seed=1)
    samples = [mixture[index] for index in range(300)]
    assert {int(s[1][0, 0, 0]) for s in samples if s[0][0, 0, 0] == 2} == set(range(7))
    assert all(int(s[1][0, 0, 0]) == i for i, s in enumerate(samples) if s[0][0, 0, 0] == 1)


@pytest.mark.parametrize("weights", [[1], [1, -1], [0, 0], [1, 1, 1]])
def test_weights_that_do_not_fit_are_refused(weights):
    with pytest.raises(UsageError):
        Mixture([Numbered(1, 3), Numbered(2, 3)], weights, seed=0)


@pytest.mark.parametrize("workers", [1, 2])
def test_batches_hold_the_samples_in_order_and_drop_the_rest(workers):
    dataset = create_dataset(Numbered(1, 11), COLUMNS, 4, workers=workers)
    assert dataset.get_dataset_size() == 2
    for _ in range(2):
        batches = list(dataset.create_dict_iterator(output_numpy=True, num_epochs=1))
        assert len(batches) == 2
        for number, batch in enumerate(batches):
            assert set(batch) == set(COLUMNS)
            shapes = [batch[name].shape for name in COLUMNS]
            assert shapes == [(4, 3, 8, 10), (4, 3, 8, 10), (4, 1, 1, 1), (4, 3, 8, 10), (4, 4, 8, 10)]
            assert all(batch[name].dtype == np.float32 for name in COLUMNS)
            np.testing.assert_array_equal(batch["frame1"][:, 0, 0, 0], np.arange(4) + 4 * number)


def test_shards_share_the_source_without_overlap():
    seen = []
    for shard in range(2):
        dataset = create_dataset(Numbered(1, 12), COLUMNS, 3, num_shards=2, shard_id=shard)
        for batch in dataset.create_dict_iterator(output_numpy=True, num_epochs=1):
            seen += batch["frame1"][:, 0, 0, 0].astype(int).tolist()
    assert sorted(seen) == list(range(12))


def test_a_shard_outside_is_refused():
    with pytest.raises(UsageError, match="got 2"):
        create_dataset(Numbered(1, 4), COLUMNS, 2, num_shards=2, shard_id=2)


def test_an_objective_gets_its_columns_in_its_order_from_where_it_starts():
    dataset = create_dataset(Numbered(7, 10), ("target", "frame0"), 2, start=4)
    batches = list(dataset.create_dict_iterator(output_numpy=True, num_epochs=1))
    assert [list(batch) for batch in batches] == [["target", "frame0"]] * 3
    assert [batch["target"][:, 0, 0, 0].tolist() for batch in batches] == [[11, 12], [13, 14], [15, 16]]
    assert all((batch["frame0"] == 7).all() for batch in batches)


def test_a_column_that_the_source_lacks_is_named():
    with pytest.raises(UsageError, match="frame2, frame3; got frame0, frame1, time, target, flow"):
        create_dataset(Numbered(1, 4), ("frame1", "frame2", "frame3"), 2)


class Broken(Numbered):
    """A source whose fourth sample cannot be read."""

    def __getitem__(self, index):
        if index == 3:
            raise InputError("sample 3: a.png: cannot be decoded")
        return super().__getitem__(index)


def test_the_error_of_a_sample_comes_out_of_mindspore_as_it_was():
    source = Broken(1, 8)
    dataset = create_dataset(source, COLUMNS, 2)
    with pytest.raises(InputError, match="^sample 3: a.png: cannot be decoded$"), plain_errors(source):
        list(dataset.create_dict_iterator(output_numpy=True, num_epochs=1))
    with pytest.raises(RuntimeError, match="other"), plain_errors(Numbered(1, 8)):
        raise RuntimeError("other")


def test_more_workers_than_cores_are_no_error():
    dataset = create_dataset(Numbered(1, 8), COLUMNS, 4, workers=1000)
    batches = list(dataset.create_dict_iterator(output_numpy=True, num_epochs=1))
    assert [batch["frame1"][:, 0, 0, 0].tolist() for batch in batches] == [[0, 1, 2, 3], [4, 5, 6, 7]]

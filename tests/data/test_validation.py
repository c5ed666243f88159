"""A training is validated on the same few samples every time: spread evenly, read when they are asked for."""

import dataclasses

import numpy as np
import pytest

from src.config import Recipe
from src.data import evaluation
from src.data.evaluation import evaluation_cases
from src.data.validation import validation_samples
from src.errors import InputError
from tests.data import layouts


@pytest.fixture
def clips(tmp_path):
    """A recipe on the tiny clips: nine frames in a folder, nine in a video, so four odd ones in each."""
    return Recipe(dataset="clips", data_path=str(layouts.make("clips", tmp_path / "clips")), val_steps=1)


@pytest.mark.parametrize("dataset", ["clips", "shifts"])
@pytest.mark.parametrize("count, places", [(3, [0, 2, 5]), (1, [0]), (8, range(8)), (99, range(8))])
def test_of_clips_evenly_spread_frames_alone_are_kept(dataset, count, places, clips, monkeypatch):
    recipe = dataclasses.replace(clips, dataset=dataset)
    every = [sample for case in evaluation_cases(recipe) for sample in case.read()]
    converted = []
    to_float = evaluation._to_float
    monkeypatch.setattr(evaluation, "_to_float", lambda frame: converted.append(1) or to_float(frame))
    chosen = validation_samples(dataclasses.replace(recipe, val_samples=count))
    assert not converted
    for _ in range(2):
        samples = list(chosen)
        assert len(samples) == len(places)
        for sample, place in zip(samples, places):
            assert (sample.group, sample.name) == (every[place].group, every[place].name)
            np.testing.assert_array_equal(sample.frames, every[place].frames)
            np.testing.assert_array_equal(sample.truth, every[place].truth)
    assert len(converted) == 2 * 3 * len(places)


def test_of_a_dataset_the_entries_are_spread(tmp_path):
    folder = str(layouts.make("ucf101", tmp_path / "ucf101"))
    recipe = Recipe(val_dataset="ucf101", val_path=folder)
    names = [sample.name for sample in validation_samples(recipe)]
    assert [sample.name for sample in validation_samples(dataclasses.replace(recipe, val_samples=2))] == names[:2]
    assert len(list(validation_samples(Recipe(val_samples=5, height=32, width=32)))) == 5


def test_bad_samples_are_skipped_and_told_only_where_that_is_asked_for(tmp_path):
    folder = layouts.make("vimeo_triplet", tmp_path / "copy")
    (folder / "sequences/00001/0003/im2.png").write_bytes(b"")
    recipe = Recipe(dataset="vimeo_triplet", data_path=str(folder), on_bad_sample="skip")
    samples = validation_samples(recipe)
    assert samples.report() == ""
    assert [[each.name for each in samples] for _ in range(2)] == [["00002/0002"]] * 2
    assert samples.report().startswith("1 of 2 entries could not be read and were skipped; the first: ")
    assert "0003/im2.png" in samples.report()
    with pytest.raises(InputError, match="0003/im2.png"):
        list(validation_samples(dataclasses.replace(recipe, on_bad_sample="fail")))


def test_what_is_not_there_is_told_when_it_is_looked_for_not_when_it_is_read():
    with pytest.raises(InputError, match="/nowhere/tri_testlist.txt: does not exist"):
        validation_samples(Recipe(val_dataset="vimeo_triplet", val_path="/nowhere"))

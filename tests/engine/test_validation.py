"""Validation looks at its first sample when it is set up, so that a training does not find out at step `val_steps`."""

import numpy as np
import pytest

import train
from src.data.evaluation import Sample
from src.engine.validation import Validation
from src.errors import InputError, UsageError
from src.metrics.psnr import psnr
from src.runtime.padded import PaddedPredictor
from tests.data import layouts


class First(PaddedPredictor):
    """A predictor that returns its first frame."""

    inputs, outputs, scale, takes_time = 2, 1, 1, False

    def __init__(self):
        super().__init__(self, "fixed")
        self.network = self

    def set_train(self, mode):
        return self

    def fitting_size(self, height, width):
        return height, width

    def run(self, arrays):
        return arrays[0]


def sample(time=0.5):
    frames = np.random.default_rng(1).random((3, 3, 16, 16)).astype(np.float32)
    return Sample("a", "0", frames[:2], time, frames[2])


def test_the_mean_is_over_all_samples_every_time():
    samples = [sample(), sample()]
    validation = Validation(First(), samples)
    expected = psnr(samples[0].frames[0], samples[0].truth)
    assert [validation(), validation()] == pytest.approx([expected] * 2)


def test_nothing_to_validate_on_and_times_that_are_not_known_are_told_at_once():
    with pytest.raises(InputError, match="nothing to validate on"):
        Validation(First(), [])
    with pytest.raises(UsageError, match="only know the times n/2 of two frames; got 0.25"):
        Validation(First(), [sample(0.25)])


def test_a_dry_run_finds_that_there_is_nothing_to_validate_on(tmp_path):
    flags = ["--dry_run", "--val_steps", "1000", "--output_path", str(tmp_path / "run")]
    with pytest.raises(InputError, match="/nowhere/tri_testlist.txt"):
        train.main([*flags, "--val_dataset", "vimeo_triplet", "--val_path", "/nowhere"])
    gopro = str(layouts.make("gopro", tmp_path / "gopro"))
    with pytest.raises(UsageError, match="only know the times n/2 of two frames; got 0.125"):
        train.main([*flags, "--val_dataset", "gopro", "--val_path", gopro])

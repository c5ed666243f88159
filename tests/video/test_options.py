"""The arguments of infer.py: which values are meant, and which are refused before anything is done for them."""

from fractions import Fraction

import pytest

from src.errors import UsageError
from src.video.options import VideoOptions


def options(**values):
    return VideoOptions(input="in.mp4", output_path="out.mp4", **values)


@pytest.mark.parametrize(
    ("fps", "rate"),
    [
        ("60", Fraction(60)),
        ("59.94", Fraction(2997, 50)),
        ("60000/1001", Fraction(60000, 1001)),
        ("59.94005994005994", Fraction(5994005994005994, 10**14)),
        ("60.", Fraction(60)),
        (".5", Fraction(1, 2)),
    ],
)
def test_a_rate_is_a_number_or_a_fraction(fps, rate):
    assert options(fps=fps).target_rate() == rate


@pytest.mark.parametrize(
    "fps", ["1e9999", "1e2", "1E-9999", "9" * 30, "1/" + "9" * 30, "60/0", "fast", "60/1.001", "."]
)
def test_a_rate_is_no_number_that_is_work_to_compute(fps):
    with pytest.raises(UsageError, match="fps is a number or a fraction such as 60000/1001; got"):
        options(fps=fps)


@pytest.mark.parametrize("fps", ["0", "-25", "1000.1", "9999999999"])
def test_a_rate_lies_in_its_range(fps):
    with pytest.raises(UsageError, match=f"fps lies above 0 and up to 1000; got {fps}"):
        options(fps=fps)

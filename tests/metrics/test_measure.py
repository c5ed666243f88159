"""What cannot be measured is told with both sizes."""

import numpy as np
import pytest

from src.errors import InputError
from src.metrics.measure import CEILING, measure
from src.metrics.temporal import flow_difference
from src.protocols import Protocol

PICTURE = np.full((3, 26, 30), 0.5, np.float32)


def test_equal_pictures_count_as_100_db():
    assert measure(PICTURE, PICTURE, Protocol())["psnr"] == CEILING


def test_a_size_that_differs_is_told():
    with pytest.raises(InputError, match="needs the 26 x 30 pixels of the predicted one; got 26 x 29"):
        measure(PICTURE, PICTURE[:, :, 1:], Protocol())


def test_borders_that_leave_too_little_are_told():
    assert measure(PICTURE, PICTURE, Protocol(crop=7))["ssim"] == pytest.approx(1)
    with pytest.raises(InputError, match="at least 11 pixels a side without borders of 8; got 26 x 30"):
        measure(PICTURE, PICTURE, Protocol(crop=8))


def test_temporal_consistency_needs_a_central_part():
    still = np.full((3, 48, 48), 0.5, np.float32)
    assert flow_difference(still, still, still, still) == 0
    with pytest.raises(InputError, match="at least 48 x 48 pixels; got 47 x 48"):
        flow_difference(*(still[:, 1:],) * 4)

"""make_strip.py: which frames stand side by side, and what it refuses."""

import numpy as np
import pytest

from scripts import make_strip
from src.errors import UsageError
from src.video.images import read_image, write_image


@pytest.fixture
def doubled(tmp_path):
    """A folder of seven grey frames, of the levels 0, 5, 20, ... 180."""
    for number in range(7):
        write_image(tmp_path / f"{number}.png", np.full((8, 12, 3), 5 * number**2, np.uint8))
    return tmp_path


def test_the_pair_its_predicted_frame_and_its_average_stand_in_order(doubled, tmp_path_factory):
    output = tmp_path_factory.mktemp("strip") / "strip.png"
    make_strip.main([str(doubled), str(output), "--pair", "2"])
    picture = read_image(output)
    assert picture.shape == (8, 4 * 12 + 3 * make_strip.GAP, 3)
    starts = [column * (12 + make_strip.GAP) for column in range(4)]
    assert [int(picture[0, start, 0]) for start in starts] == [80, 125, 130, 180]


def test_a_pair_before_the_first_is_refused(doubled):
    with pytest.raises(UsageError, match="pair is at least 0; got -1"):
        make_strip.main([str(doubled), "none.png", "--pair", "-1"])

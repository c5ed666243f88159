import numpy as np
import pytest

from src.video.cuts import cut_score
from src.video.duplicates import is_duplicate
from src.video.frames import brightness, chosen_depth, in_depth, to_network, to_pixels
from tests.video.clips import picture

KINDS = [(np.uint8, 255), (np.uint16, 65535)]


@pytest.mark.parametrize(("kind", "white"), KINDS)
def test_every_level_comes_back_from_the_network_as_it_went(kind, white):
    levels = np.arange(white + 1).astype(kind)
    frame = np.stack([levels, levels[::-1], np.roll(levels, 7)], axis=-1)[None]
    given = to_network(frame)
    assert given.dtype == np.float32 and given.shape == (3, 1, white + 1)
    assert (given[0, 0, 0], given[0, 0, -1]) == (0, 1)
    back = to_pixels(given, frame.dtype)
    assert back.dtype == kind and back.flags.c_contiguous
    np.testing.assert_array_equal(back, frame)


@pytest.mark.parametrize(("kind", "white"), KINDS)
def test_predictions_are_clipped_and_rounded_to_the_levels_of_the_kind(kind, white):
    predicted = np.float32([-0.2, 1.2, 100.4 / white, 100.6 / white]).reshape(1, 1, 4).repeat(3, axis=0)
    assert to_pixels(predicted, np.dtype(kind))[0, :, 0].tolist() == [0, white, 100, 101]


def test_levels_of_8_bits_survive_16_and_the_others_are_rounded():
    levels = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(in_depth(in_depth(levels, np.uint16), np.uint8), levels)
    assert in_depth(levels, np.uint16)[-1] == 65535
    assert in_depth(np.array([128, 129, 65535], np.uint16), np.uint8).tolist() == [0, 1, 255]


def test_what_is_judged_by_its_look_is_judged_alike_in_both_depths():
    rng = np.random.default_rng(0)
    first, near = picture(64, 48), picture(64, 48, 30)
    noisy = np.clip(first + rng.integers(-3, 4, first.shape), 0, 255).astype(np.uint8)
    deep_first, deep_near, deep_noisy = (in_depth(frame, np.uint16) for frame in (first, near, noisy))
    assert abs(brightness(deep_first) - brightness(first)) < 1e-6
    assert abs(cut_score(deep_first, deep_near) - cut_score(first, near)) < 0.01
    for one, other, same in ((first, noisy, True), (first, near, False)):
        assert is_duplicate(one, other) is is_duplicate(*(in_depth(f, np.uint16) for f in (one, other))) is same
    assert cut_score(deep_first, deep_noisy) < 0.05


@pytest.mark.parametrize(
    ("wanted", "bits", "depth"), [("auto", 8, 8), ("auto", 10, 16), ("8", 12, 8), ("10", 8, 16), ("10", 16, 16)]
)
def test_depth_of_frames(wanted, bits, depth):
    assert chosen_depth(wanted, bits) == depth

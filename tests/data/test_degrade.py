"""BI and BD against independent ways to compute them, and against numbers of MMagic's data converter."""

import numpy as np
import pytest
from PIL import Image

from src.data.degrade import REACH, quarter

# What MMagic's converter of Vimeo90K makes of default_rng(0).integers(0, 256, (8, 12, 3)).
PUBLISHED = {
    "BI": [[[119, 106, 124], [130, 180, 141], [151, 113, 128]], [[148, 128, 129], [139, 148, 118], [133, 138, 123]]],
    "BD": [[[121, 109, 124], [131, 172, 136], [149, 115, 129]], [[146, 129, 128], [138, 147, 120], [136, 140, 123]]],
}


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def pillow_bicubic(image):
    """Pillow's kernel is Matlab's; only at the edges, which it cuts off, it is another."""
    around = np.pad(image, ((16, 16), (16, 16), (0, 0)), "symmetric").astype(np.float32)
    size = around.shape[1] // 4, around.shape[0] // 4
    planes = [Image.fromarray(around[..., channel]).resize(size, Image.BICUBIC) for channel in range(3)]
    return np.stack([np.asarray(plane)[4:-4, 4:-4] for plane in planes], -1)


def direct_gaussian(image):
    """The 12 x 12 Gaussian around the centre of every 4 x 4 block, summed as it is defined."""
    offsets = np.arange(12) - 5.5
    kernel = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * 1.6**2))
    kernel /= kernel.sum()
    around = np.pad(image, ((4, 4), (4, 4), (0, 0)), "edge").astype(np.float64)
    rows, columns = (range(0, side, 4) for side in image.shape[:2])
    return np.array([[np.einsum("ij,ijc->c", kernel, around[y : y + 12, x : x + 12]) for x in columns] for y in rows])


@pytest.mark.parametrize("kind, reference", [("BI", pillow_bicubic), ("BD", direct_gaussian)])
def test_small_frames_are_the_rounded_reference(kind, reference):
    image = noise(40, 64)
    image[:, 32:] = np.where(image[:, 32:] > 127, 255, 0)  # overshoots
    expected = np.clip(reference(image), 0, 255)
    difference = np.abs(quarter(image, kind) - expected)
    assert quarter(image, kind).dtype == np.uint8
    assert difference.max() < 0.5 + 1e-3


@pytest.mark.parametrize("kind", PUBLISHED)
def test_small_frames_are_those_of_the_published_data(kind):
    np.testing.assert_array_equal(quarter(noise(8, 12), kind), PUBLISHED[kind])


@pytest.mark.parametrize("kind", PUBLISHED)
def test_nothing_beyond_the_reach_has_an_influence(kind):
    image, other = noise(64, 64), noise(64, 64, seed=1)
    other[: 32 + REACH, : 32 + REACH] = image[: 32 + REACH, : 32 + REACH]
    np.testing.assert_array_equal(quarter(image, kind)[:8, :8], quarter(other, kind)[:8, :8])


def test_a_size_that_four_does_not_divide_is_refused():
    with pytest.raises(ValueError, match="divisible by 4; got 62 x 64"):
        quarter(noise(62, 64), "BI")

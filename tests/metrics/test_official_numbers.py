"""Every measure against the numbers that the published evaluations compute on the same pictures."""

import numpy as np
import pytest

from src.metrics.measure import measure
from src.metrics.temporal import flow_difference
from src.protocols import Protocol
from tests.reference_weights import reference_frames
from tests.stored_numbers import stored

SHAPES = ((3, 37, 53), (3, 64, 48), (3, 40, 41))
PROTOCOLS = {
    "ifrnet": Protocol(interpolation_error=True),
    "flavr": Protocol(clipped=False, psnr="floored"),
    "mmagic_rgb": Protocol(psnr="single", ssim="planes"),
    "mmagic_rgb_cropped": Protocol(psnr="single", ssim="planes", crop=8),
    "mmagic_y": Protocol(psnr="single", ssim="planes", channel="y"),
    "mmagic_y_cropped": Protocol(psnr="single", ssim="planes", channel="y", crop=8),
}


def pictures(number):
    """A true frame of 8 bits and a noisy prediction that leaves [0, 1], as the stored numbers have them."""
    shape = SHAPES[number]
    (true,) = reference_frames((1, *shape), 1, 30 + number)[:, 0]
    true = (np.rint(true * 255) / 255).astype(np.float32)
    noise = np.random.RandomState(40 + number).standard_normal(shape)
    return (true + 0.15 * noise).astype(np.float32), true


@pytest.mark.parametrize("number", range(len(SHAPES)))
@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_measure_equals_the_official_one(name, number):
    prediction, true = pictures(number)
    scores = measure(prediction, true, PROTOCOLS[name])
    np.testing.assert_allclose(list(scores.values()), stored("metrics.npz")[f"{number}/{name}"], atol=1e-5)


def test_temporal_consistency_equals_that_of_its_authors():
    true = reference_frames((1, 3, 70, 90), 7, 50)[:, 0]
    noise = np.random.RandomState(51).standard_normal(true.shape)
    predicted = true.astype(np.float64) + 0.05 * noise
    values = [flow_difference(*predicted[i - 1 : i + 1], *true[i - 1 : i + 1]) for i in range(1, 7)]
    np.testing.assert_allclose(values, stored("metrics.npz")["tecogan"], atol=1e-5)


def test_rounding_is_to_8_bits():
    prediction, true = pictures(0)
    rounded = np.rint(np.clip(prediction, 0, 1) * 255) / 255
    protocol = Protocol(rounded=True)
    assert measure(prediction, true, protocol) == measure(rounded.astype(np.float32), true, protocol)
    assert measure(prediction, true, protocol)["psnr"] != measure(prediction, true, Protocol())["psnr"]

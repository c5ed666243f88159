"""LPIPS with the weights of torchvision and the lpips package, against that package."""

import numpy as np
import pytest

from src.engine.start import load_perceptual
from src.errors import WeightsError
from src.losses.perceptual import PerceptualDistance
from src.runtime.mindspore_distance import GraphDistance
from tests.engine.perceptual_files import CONVOLUTIONS, WIDTHS
from tests.metrics.test_official_numbers import pictures
from tests.reference_weights import reference_weights
from tests.stored_numbers import stored
from tests.weights.torch_writer import write_archive


def vgg_weights():
    shapes = {f"features.{place}.weight": (outgoing, incoming, 3, 3) for place, incoming, outgoing in CONVOLUTIONS}
    shapes.update({f"features.{place}.bias": (outgoing,) for place, _, outgoing in CONVOLUTIONS})
    return reference_weights(shapes)


def channel_weights():
    shapes = {f"lin{stage}.model.1.weight": (1, width, 1, 1) for stage, width in enumerate(WIDTHS)}
    return {name: np.abs(values) for name, values in reference_weights(shapes).items()}


def test_lpips_equals_the_official_one(tmp_path):
    distance = GraphDistance(PerceptualDistance(as_published=True))
    vgg = write_archive(tmp_path / "vgg16.pth", vgg_weights())
    load_perceptual(distance.network, vgg, write_archive(tmp_path / "lpips.pth", channel_weights()))
    prediction, true = pictures(0)
    assert distance(np.clip(prediction, 0, 1), true) == pytest.approx(stored("metrics.npz")["lpips"][0], abs=1e-5)


def test_weights_without_biases_are_refused(tmp_path):
    weights = {f"features.{place}.weight": np.zeros((2, 3, 3, 3), np.float32) for place, *_ in CONVOLUTIONS}
    files = write_archive(tmp_path / "vgg16.pth", weights), write_archive(tmp_path / "lpips.pth", channel_weights())
    with pytest.raises(WeightsError, match="bias"):
        load_perceptual(PerceptualDistance(as_published=True), *files)

"""The exact flow of rendered layers, against closed forms and against the images themselves."""

import dataclasses

import cv2
import numpy as np
import pytest

from src.data.layers import Layer, Motion, exact_flow, render
from src.data.synthetic import SyntheticMotion

SIZE = (48, 64)


def backdrop(motion, texture=None):
    if texture is None:
        noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3)).astype(np.uint8)
        texture = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 4), None, 0, 255, cv2.NORM_MINMAX)
    tones = (np.linspace(0, 1, 256)[:, None, None] * np.ones(3)).astype(np.float32)
    return Layer(motion=motion, texture=texture, density=1.0, offset=np.array([80.0, 90.0]), tones=tones)


def pull(image, flow):
    """Fetch image(p + flow(p)) bilinearly, and tell which points lie inside the image."""
    h, w = flow.shape[1:]
    y, x = np.mgrid[:h, :w] + flow[::-1].astype(np.float64)
    inside = (x >= 0) & (x <= w - 1) & (y >= 0) & (y <= h - 1)
    x, y = np.clip(x, 0, w - 1.001), np.clip(y, 0, h - 1.001)
    left, top = x.astype(int), y.astype(int)
    fx, fy = (x - left)[..., None], (y - top)[..., None]
    upper = image[top, left] * (1 - fx) + image[top, left + 1] * fx
    lower = image[top + 1, left] * (1 - fx) + image[top + 1, left + 1] * fx
    return upper * (1 - fy) + lower * fy, inside


EVERYTHING = dict(
    angle=0.7, spin=0.15, growth=0.2, stretch=0.1, sway=2.0, swing=3.0, wave_rate=0.2, wave_phase=1.0,
    tilt=(0.003, -0.002), tilt_centre=(30.0, 20.0),
)


@pytest.mark.parametrize("time", [0.5, 0.2])
def test_flow_of_a_translation_is_the_travelled_part_of_the_velocity(time):
    motion = Motion(np.array([30.0, 20.0]), np.array([7.5, -3.25]), angle=0.4)
    flow = exact_flow([backdrop(motion)], SIZE, time)
    expected = np.array([-time * 7.5, time * 3.25, (1 - time) * 7.5, -(1 - time) * 3.25])
    np.testing.assert_allclose(flow, np.broadcast_to(expected[:, None, None], flow.shape), atol=2e-4)


def test_flow_of_a_turn_and_zoom_is_the_similarity_about_the_moving_centre():
    centre, velocity, time = np.array([30.0, 20.0]), np.array([4.0, -2.0]), 0.3
    motion = Motion(centre, velocity, angle=1.1, spin=0.2, growth=0.1)
    flow = exact_flow([backdrop(motion)], SIZE, time)
    points = np.mgrid[: SIZE[0], : SIZE[1]][::-1].reshape(2, -1)
    for pair, end in ((flow[:2], 0.0), (flow[2:], 1.0)):
        turn, zoom = 0.2 * (end - time), np.exp(0.1 * (end - time))
        rotation = zoom * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        middle, end_middle = (centre + velocity * (t - 0.5) for t in (time, end))
        expected = rotation @ (points - middle[:, None]) + end_middle[:, None] - points
        np.testing.assert_allclose(pair.reshape(2, -1), expected, atol=1e-3)


def test_map_to_the_frame_inverts_map_to_the_layer_with_every_deformation():
    motion = Motion(np.array([30.0, 20.0]), np.array([5.0, 3.0]), **EVERYTHING)
    y, x = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)
    for time in (0.0, 0.37, 1.0):
        back_x, back_y = motion.to_frame(*motion.to_layer(x, y, time), time)
        np.testing.assert_allclose(back_x, x, atol=1e-3)
        np.testing.assert_allclose(back_y, y, atol=1e-3)


@pytest.mark.parametrize("time", [0.5, 0.8])
def test_frames_fetched_along_the_flow_show_the_target(time):
    layers = [backdrop(Motion(np.array([30.0, 20.0]), np.array([5.0, 3.0]), **EVERYTHING))]
    target, flow = render(layers, SIZE, time), exact_flow(layers, SIZE, time)
    assert np.abs(flow).max() > 2
    for pair, end in ((flow[:2], 0.0), (flow[2:], 1.0)):
        fetched, inside = pull(render(layers, SIZE, end), pair)
        assert inside.mean() > 0.7
        error = np.abs(fetched - target)[inside]
        assert error.mean() < 0.003 and error.max() < 0.03
        unmoved = np.abs(render(layers, SIZE, end) - target).mean()
        assert error.mean() < unmoved / 8


def test_flow_belongs_to_the_front_layer_in_scenes_with_occlusion():
    source = SyntheticMotion((64, 80), 1, seed=5)
    smooth = cv2.GaussianBlur(np.random.default_rng(1).integers(0, 256, (256, 256, 3)).astype(np.uint8), (0, 0), 5)
    checked = 0
    for number in range(8):
        layers = source.draw_layers(np.random.default_rng(number))
        layers = [dataclasses.replace(layer, texture=smooth, softness=1.0) for layer in layers]
        grey = [np.full((256, 1, 3), i, np.float32) for i in range(len(layers))]
        names = [dataclasses.replace(layer, tones=tone) for layer, tone in zip(layers, grey)]
        flow = exact_flow(layers, source.size, 0.5)
        target_names = render(names, source.size, 0.5)
        fetched_names, inside = pull(render(names, source.size, 0.0), flow[:2])
        # Where one and the same layer is fully seen in both frames, nothing hides the point.
        pure = (np.abs(target_names - target_names.round()) + np.abs(fetched_names - target_names)).max(2) < 1e-3
        seen = pure & inside
        fetched, _ = pull(render(layers, source.size, 0.0), flow[:2])
        error = np.abs(fetched - render(layers, source.size, 0.5))[seen]
        assert error.mean() < 0.004, number
        assert np.quantile(error, 0.99) < 0.03, number
        checked += seen.mean()
    assert checked / 8 > 0.6

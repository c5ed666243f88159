"""Exported files: what stands beside them is read strictly, and frames of any size go through files of a few sizes."""

import numpy as np
import pytest

from src.errors import UsageError, WeightsError
from src.runtime.exported import find_exports, golden_difference, manifest_path, read_manifest, write_golden
from src.runtime.exported_predictor import load_exported
from src.runtime.options import InferOptions
from tests.runtime.exports import manifest, write_export


def options(path, model="ifrnet_s"):
    return InferOptions(input="in.mp4", output_path="out.mp4", runtime="mindir", model=model, ckpt_path=str(path))


def blend(path, facts):
    """Open a network that weighs two frames by time."""

    def run(arrays):
        for each, wanted in zip(arrays, facts.inputs):
            assert list(each.shape) == wanted["shape"] and each.dtype == np.float32
        first, second, time = arrays
        return first * (1 - time) + second * time

    return run


def two_frames(height, width):
    return np.random.RandomState(4).rand(2, 3, height, width).astype(np.float32)


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("size", [(16, 24), (7, 5), (1, 1)])
def test_any_size_comes_back_cropped_whatever_the_batch(tmp_path, size, batch):
    path = write_export(tmp_path / "net.mindir", batch=batch)
    frames = two_frames(*size)
    predicted = load_exported(options(path), ".mindir", blend)(frames, [0.25, 0.75])
    assert predicted.shape == (2, 3, *size)
    np.testing.assert_allclose(predicted[0], 0.75 * frames[0] + 0.25 * frames[1], atol=1e-6)
    np.testing.assert_allclose(predicted[1], 0.25 * frames[0] + 0.75 * frames[1], atol=1e-6)


def test_a_bundle_takes_the_smallest_size_that_fits_and_opens_it_once(tmp_path):
    for size in [(16, 24), (32, 48), (64, 16)]:
        write_export(tmp_path / f"net_{size[0]}x{size[1]}.mindir", size=size)
    opened = []

    def noted(path, facts):
        opened.append(path.name)
        return blend(path, facts)

    predictor = load_exported(options(tmp_path / "net.mindir"), ".mindir", noted)
    for size in [(10, 20), (16, 25), (9, 3), (60, 9)]:
        assert predictor(two_frames(*size), [0.5]).shape == (1, 3, *size)
    assert opened == ["net_16x24.mindir", "net_32x48.mindir", "net_64x16.mindir"]
    with pytest.raises(UsageError, match="up to 16x24, 32x48, 64x16; got 65x16"):
        predictor(two_frames(65, 16), [0.5])


def test_a_network_of_three_outputs_answers_each_of_its_times(tmp_path):
    path = write_export(tmp_path / "net.mindir", outputs=3, takes_time=False)
    predictor = load_exported(
        options(path), ".mindir", lambda path, facts: lambda arrays: np.stack([arrays[0] * k for k in (1, 0.5, 0)], 1)
    )
    frames = two_frames(5, 7)
    np.testing.assert_allclose(predictor(frames, [0.5, 0.25]), np.stack([frames[0] / 2, frames[0]]), atol=1e-6)
    with pytest.raises(UsageError, match=r"only know the times n/4 of two frames; got 0\.3"):
        predictor(frames, [0.3])


def test_a_batch_is_that_of_the_export_or_one(tmp_path):
    path = write_export(tmp_path / "net.mindir", batch=3)
    with pytest.raises(UsageError, match="exported for a batch of 3; got batch_size 2"):
        load_exported(options(path), ".mindir", blend, batch_size=2)
    runs = []

    def counted(path, facts):
        run = blend(path, facts)
        return lambda arrays: runs.append(1) or run(arrays)

    samples = [(two_frames(7, 5) / (index + 1), [0.25, 0.5]) for index in range(2)]
    for batch_size, expected in ((1, 4), (3, 2)):
        runs.clear()
        predictor = load_exported(options(path), ".mindir", counted, batch_size)
        for (frames, _), predicted in zip(samples, predictor.together(samples)):
            np.testing.assert_allclose(predicted[0], 0.75 * frames[0] + 0.25 * frames[1], atol=1e-6)
            np.testing.assert_allclose(predicted[1], 0.5 * frames[0] + 0.5 * frames[1], atol=1e-6)
        assert len(runs) == expected


def test_batches_of_a_network_of_three_outputs(tmp_path):
    path = write_export(tmp_path / "net.mindir", outputs=3, takes_time=False, batch=2)

    def fading(path, facts):
        return lambda arrays: np.stack([arrays[0] * k for k in (1, 0.5, 0)], 1)

    predictor = load_exported(options(path), ".mindir", fading, batch_size=2)
    samples = [(two_frames(5, 7) / (index + 1), [0.5, 0.25]) for index in range(3)]
    for _ in range(2):
        for (frames, _), predicted in zip(samples, predictor.together(samples)):
            np.testing.assert_allclose(predicted, np.stack([frames[0] / 2, frames[0]]), atol=1e-6)
    np.testing.assert_allclose(predictor(samples[2][0], [0.75]), 0 * samples[2][0][:1], atol=1e-6)


def test_another_network_than_the_named_one_is_refused(tmp_path):
    path = write_export(tmp_path / "net.mindir")
    with pytest.raises(UsageError, match="holds ifrnet_s; got --model ifrnet_l"):
        load_exported(options(path, "ifrnet_l"), ".mindir", blend)


def test_what_a_name_stands_for(tmp_path):
    with pytest.raises(WeightsError, match="neither an exported network"):
        find_exports(str(tmp_path / "net.onnx"), ".onnx")
    with pytest.raises(UsageError, match=r"takes a \.onnx file.*got 'net.ckpt'"):
        find_exports("net.ckpt", ".onnx")
    for name in ("net_16x24.onnx", "net_s_16x24.onnx", "net_axb.onnx", "net_8x8.mindir"):
        (tmp_path / name).touch()
    assert find_exports(str(tmp_path / "net.onnx"), ".onnx") == [tmp_path / "net_16x24.onnx"]
    (tmp_path / "net.onnx").touch()
    assert find_exports(str(tmp_path / "net.onnx"), ".onnx") == [tmp_path / "net.onnx"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"model": "ifrnet_s"}', "\0"])
def test_a_damaged_manifest_is_refused_by_its_name(tmp_path, text):
    path = write_export(tmp_path / "net.mindir")
    manifest_path(path).write_text(text)
    with pytest.raises(WeightsError, match="net.json is no manifest"):
        read_manifest(path)


@pytest.mark.parametrize("inputs", [[], [{}], [{"name": "frame0", "shape": ["a", 3, "b", "c"]}]])
def test_a_manifest_whose_shapes_are_none_is_refused(tmp_path, inputs):
    path = write_export(tmp_path / "net.mindir", inputs=inputs)
    with pytest.raises(WeightsError, match="net.json is no manifest"):
        read_manifest(path)


def test_the_manifest_of_another_format_is_refused(tmp_path):
    path = write_export(tmp_path / "net.onnx")
    path.rename(tmp_path / "net.mindir")
    with pytest.raises(WeightsError, match="net.json is the manifest of an export in format ONNX"):
        read_manifest(tmp_path / "net.mindir")


def test_missing_files_are_named(tmp_path):
    with pytest.raises(WeightsError, match="net.mindir does not exist"):
        read_manifest(tmp_path / "net.mindir")
    path = write_export(tmp_path / "net.mindir")
    with pytest.raises(WeightsError, match="net.golden.npz is missing"):
        golden_difference(blend(path, manifest()), path)
    manifest_path(path).unlink()
    with pytest.raises(WeightsError, match="net.json is missing"):
        read_manifest(path)


def test_the_golden_difference_is_the_largest_one(tmp_path):
    path = write_export(tmp_path / "net.mindir")
    frames = list(two_frames(16, 24)[:, None])
    time = np.full((1, 1, 1, 1), 0.5, np.float32)
    golden = 0.5 * frames[0] + 0.5 * frames[1]
    golden[0, 1, 2, 3] += 0.25
    write_golden(tmp_path / "net.golden.npz", [*frames, time], [golden])
    assert golden_difference(blend(path, manifest()), path) == pytest.approx(0.25, abs=1e-6)
    with pytest.raises(WeightsError, match=r"returns the shape \(1, 3, 16, 12\)"):
        golden_difference(lambda arrays: golden[..., :12], path)
    (tmp_path / "net.golden.npz").write_bytes(b"PK\3\4")
    with pytest.raises(WeightsError, match="net.golden.npz is damaged"):
        golden_difference(blend(path, manifest()), path)

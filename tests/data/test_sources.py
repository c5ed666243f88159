"""A recipe's dataset, split and options reach the source it trains on and the samples it is measured on."""

import dataclasses

import numpy as np
import pytest

from src.config import Recipe
from src.data import COLUMNS
from src.data.evaluation import evaluation_cases
from src.data.sources import bad_samples, learned_timestep, training_source
from src.data.validation import validation_samples
from src.errors import InputError, UsageError
from src.video.images import read_image
from tests.data import layouts

FOUR = ("frame0", "frame1", "frame2", "frame3", "target")
SEVEN = (*(f"frame{index}" for index in range(7)), "target")


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    """A function that gives a recipe on the tiny copy of a dataset, made once."""
    root, made = tmp_path_factory.mktemp("datasets"), {}

    def recipe(name, **options):
        made.setdefault(name, root / name if name in made else layouts.make(name, root / name))
        sizes = {"height": 32, "width": 32, "batch_size": 2, "max_steps": 4}
        return Recipe(**{"dataset": name, "data_path": str(made[name]), **sizes, **options})

    return recipe


def samples_of(recipe, inputs=2):
    return [sample for case in evaluation_cases(recipe, inputs) for sample in case.read()]


@pytest.mark.parametrize(
    "name, columns, shape",
    [
        ("vimeo_triplet", COLUMNS, (3, 32, 32)),
        ("gopro", ("frame0", "frame1", "target"), (7, 3, 32, 32)),
        ("adobe240", FOUR, (7, 3, 32, 32)),
        ("vimeo_septuplet", FOUR, (3, 32, 32)),
        ("vimeo_bi", SEVEN, (3, 32, 32)),
        ("vimeo_bd", SEVEN, (3, 32, 32)),
    ],
)
def test_a_source_gives_what_the_objective_asks_for(name, columns, shape, copies):
    source = training_source(copies(name), columns, outputs=shape[0] if len(shape) == 4 else 1)
    assert source.columns == columns and len(source) == 8
    assert dict(zip(columns, source[7]))["target"].shape == shape
    assert bad_samples(source) == ""


def test_triplets_of_columns_are_the_default(copies):
    flow = training_source(copies("vimeo_triplet"))[0][COLUMNS.index("flow")]
    assert set(np.abs(flow[:, 0, 0])) == {1, 2}
    without = training_source(copies("vimeo_triplet", flow_path="/nowhere"), COLUMNS[:4])
    assert len(without[0]) == 4


def test_options_reach_the_dataset(copies):
    assert training_source(copies("gopro", multi=4), FOUR, outputs=3)[0][4].shape == (3, 3, 32, 32)
    with pytest.raises(InputError, match="/nowhere/.*flow_t0.flo"):
        training_source(copies("vimeo_triplet", flow_path="/nowhere"))
    whole = training_source(copies("vimeo_triplet", augmentation=False, height=64, width=64, split="test"), COLUMNS[:2])
    files = [entry.frames[0] for entry in whole.entries]
    assert {each.parts[-2] for each in files} == {"0003", "0002"}
    pictures = [read_image(file).transpose(2, 0, 1) / np.float32(255) for file in files]
    assert any(np.array_equal(whole[0][0], picture) for picture in pictures)


@pytest.mark.parametrize(
    "name, columns, outputs, multi, says",
    [
        ("gopro", ("frame0", "frame1", "target"), 1, 8, "1 frame, .*; got 7 in those of gopro; give multi 2"),
        ("adobe240", FOUR, 3, 8, "3 frames, .*; got 7 in those of adobe240; give multi 4"),
        ("gopro", FOUR, 7, 2, "7 frames, .*; got 1 in those of gopro; give multi 8"),
        ("vimeo_septuplet", FOUR, 7, 8, "7 frames, .*; got 1 in those of vimeo_septuplet$"),
    ],
)
def test_a_network_without_a_time_needs_as_many_true_frames_as_it_returns(name, columns, outputs, multi, says, copies):
    """One frame held against seven would learn their mean, and nothing would tell."""
    with pytest.raises(UsageError, match=says):
        training_source(copies(name, multi=multi), columns, outputs=outputs)
    training_source(copies("gopro"), COLUMNS[:4])


@pytest.mark.parametrize(
    "name, options, columns, timestep",
    [
        ("vimeo_triplet", {"time": "arbitrary"}, COLUMNS, "fixed"),
        ("gopro", {"time": "middle"}, COLUMNS[:4], "arbitrary"),
        ("gopro", {"multi": 2, "time": "arbitrary"}, COLUMNS[:4], "fixed"),
        ("adobe240", {}, FOUR, "fixed"),
        ("clips", {"time": "arbitrary"}, COLUMNS, "arbitrary"),
        ("clips", {"time": "arbitrary", "synthetic_share": 0.0}, COLUMNS, "fixed"),
    ],
)
def test_weights_know_the_times_of_their_samples(name, options, columns, timestep, copies):
    recipe = copies(name, **options)
    source = training_source(recipe, columns, outputs=7)
    assert learned_timestep(recipe, source, columns) == timestep
    if "time" in columns:
        times = {float(source[index][2].item()) for index in range(len(source))}
        assert (times == {0.5}) == (timestep == "fixed")


@pytest.mark.parametrize("time, timestep", [("middle", "fixed"), ("arbitrary", "arbitrary")])
def test_generated_motion_teaches_the_times_of_the_recipe(time, timestep):
    recipe = Recipe(time=time, height=32, width=32, max_steps=2)
    assert learned_timestep(recipe, training_source(recipe), COLUMNS) == timestep


def test_a_network_without_a_time_is_not_trained_on_arbitrary_ones():
    with pytest.raises(UsageError, match="time arbitrary is for networks that take a time, which toflow_vfi does not"):
        training_source(Recipe(model="toflow_vfi", time="arbitrary"), ("frame0", "frame1", "target"))


def test_bad_samples_are_told_when_they_are_skipped(tmp_path):
    folder = layouts.make("vimeo_septuplet", tmp_path / "copy")
    (folder / "sequences/00001/0002/im5.png").write_bytes(b"")
    values = {"dataset": "vimeo_septuplet", "data_path": str(folder), "height": 32, "width": 32, "max_steps": 3}
    skipping = training_source(Recipe(**values, on_bad_sample="skip"), FOUR)
    for index in range(len(skipping)):
        skipping[index]
    assert bad_samples(skipping).startswith("bad samples: 1 of 3 entries") and "0002/im5.png" in bad_samples(skipping)
    with pytest.raises(InputError, match="0002/im5.png"):
        failing = training_source(Recipe(**values), FOUR)
        for index in range(3):
            failing[index]


@pytest.mark.parametrize("name", ["ucf101", "snu_film", "vid4_bi"])
def test_a_benchmark_is_not_trained_on(name, copies):
    with pytest.raises(UsageError, match=f"vimeo_triplet, .*have; got {name}"):
        training_source(copies(name))


@pytest.mark.parametrize(
    "name, inputs, count, small",
    [
        ("vimeo_triplet", 2, 2, 64),
        ("vimeo_septuplet", 4, 2, 64),
        ("gopro", 2, 8 * 7, 64),
        ("ucf101", 2, 3, 64),
        ("snu_film", 2, 16, 64),
        ("middlebury_other", 4, 3, 64),
        ("davis", 4, 3, 64),
        ("davis", 2, 3, 64),
        ("vid4_bd", 5, 11, 16),
        ("reds", 5, 3 + 5 + 6 + 7, 16),
        ("spmcs_bi", 7, 11, 16),
    ],
)
def test_the_test_split_is_measured_on(name, inputs, count, small, copies):
    recipe = copies(name)
    samples = samples_of(recipe, inputs)
    assert len(samples) == count
    assert len({(sample.group, sample.name) for sample in samples}) == count
    for sample in samples:
        assert sample.frames.shape == (inputs, 3, small, small) and sample.truth.shape == (3, 64, 64)
        assert sample.frames.dtype == sample.truth.dtype == np.float32
    cases = evaluation_cases(recipe, inputs)
    assert sum(case.count for case in cases) == count
    assert [each.name for case in cases for each in case.read()] == [sample.name for sample in samples]


def test_a_moving_picture_is_where_its_time_says(copies):
    """The copy moves by 2 pixels along x a frame: 16 in a window of GoPro."""
    for sample in samples_of(copies("gopro"))[:7]:
        step = round(sample.time * 8)
        moved = np.roll(sample.frames[0], (-step, 2 * step), (1, 2))
        np.testing.assert_array_equal(moved[:, : 64 - step, 2 * step :], sample.truth[:, : 64 - step, 2 * step :])


def test_one_difficulty_can_be_chosen_and_truth_is_needed(copies):
    assert {sample.group for sample in samples_of(copies("snu_film", split="hard"))} == {"hard"}
    with pytest.raises(UsageError, match="middlebury_eval comes without true frames"):
        validation_samples(copies("middlebury_eval", val_samples=1))
    with pytest.raises(UsageError, match="split of gopro is one of train, test; got 'hard'"):
        evaluation_cases(copies("gopro", split="hard"))
    (first, *_) = evaluation_cases(copies("middlebury_eval"))[0].read()
    assert first.name == "Army" and first.truth is None


@pytest.mark.parametrize("name", ["synthetic", "shifts", "clips"])
def test_pairs_are_not_given_to_a_network_of_more_frames(name, copies):
    recipe = copies("clips", model="tdan_x4", val_samples=2)
    recipe = dataclasses.replace(recipe, dataset=name)
    for samples_of in (evaluation_cases, validation_samples):
        with pytest.raises(UsageError, match=f"samples of {name} have 2 frames, where tdan_x4 takes 5"):
            samples_of(recipe, 5)


def test_the_central_part_is_that_of_frames_and_truth(copies):
    (whole,) = evaluation_cases(copies("davis"), 4)[0].read()
    (part,) = evaluation_cases(copies("davis"), 4, view=(48, 41))[0].read()
    # 23 columns are left out: torchvision's CenterCrop rounds 11.5 to 12
    np.testing.assert_array_equal(part.frames, whole.frames[:, :, 8:56, 12:53])
    np.testing.assert_array_equal(part.truth, whole.truth[:, 8:56, 12:53])
    with pytest.raises(InputError, match="00000.png: the protocol needs at least 65 x 64 pixels; got 64 x 64"):
        list(evaluation_cases(copies("davis"), 4, view=(65, 64))[0].read())

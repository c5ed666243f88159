"""The cards of configs/protocols: each is clear, belongs to a dataset and to networks there are, and is found."""

import pytest

from src import protocols
from src.config import ON_DISK, Recipe, read_recipe
from src.errors import UsageError
from src.models import MODELS
from src.protocols import CARDS, Protocol, choose_protocol, protocol_names, read_protocol

# As printed in the publications: protocol, network, PSNR, SSIM.
PUBLISHED = [
    ("vimeo_triplet", "ifrnet_s", 35.59, 0.9786),
    ("vimeo_triplet", "ifrnet_l", 36.20, 0.9808),
    ("ucf101", "ifrnet", 35.29, 0.9693),
    ("snu_film_easy", "ifrnet_l", 40.10, 0.9906),
    ("snu_film_medium", "ifrnet_s", 35.92, 0.9792),
    ("snu_film_hard", "ifrnet", 30.41, 0.9358),
    ("snu_film_extreme", "ifrnet_s", 25.05, 0.8582),
    ("middlebury_other", "ifrnet", 37.50, 0.9861),
    ("gopro", "ifrnet", 29.84, 0.920),
    ("adobe240", "ifrnet", 31.93, 0.943),
    ("vimeo_triplet_mmagic", "toflow_vfi", 33.3294, 0.9465),
    ("vimeo_septuplet_mmagic", "flavr_2x", 36.334, 0.96015),
    ("vid4_bi_toflow", "toflow_vsr_x4", 24.4377, 0.7433),
    ("vid4_bi", "tdan_x4", 26.49, 0.792),
    ("vid4_bd", "tdan_x4", 26.87, 0.815),
    ("spmcs_bi", "tdan_x4", 30.42, 0.856),
    ("spmcs_bd", "tdan_x4", 30.77, 0.868),
]


@pytest.mark.parametrize("name", protocol_names())
def test_a_card_is_clear(name):
    card = read_protocol(name)
    assert card.name == name and card.title and card.frames
    assert set(card.published) <= set(MODELS)
    measures = {measure for values in card.published.values() for measure in values}
    assert measures == set(card.tolerance)
    assert bool(card.published) == bool(card.source)


def test_every_dataset_has_a_card():
    assert {read_protocol(name).dataset for name in protocol_names()} == {"synthetic", *ON_DISK}


@pytest.mark.parametrize("name, model, psnr, ssim", PUBLISHED)
def test_a_card_tells_what_is_published(name, model, psnr, ssim):
    published = read_protocol(name).published[model]
    assert (published["psnr"], published["ssim"]) == (psnr, ssim)


def test_snu_film_is_padded_and_scaled_as_published():
    for mode in ("easy", "medium", "hard", "extreme"):
        card = read_protocol(f"snu_film_{mode}")
        assert (card.pad_multiple, card.pad_sides, card.flow_scale, card.split) == (20, "both", 0.8, mode)


@pytest.mark.parametrize(
    "recipe, name, multi",
    [("ifrnet_gopro", "gopro", 8), ("flavr_8x_gopro", "gopro_flavr", 8), ("flavr_4x_gopro", "gopro_flavr_4x", 4)],
)
def test_gopro_is_measured_in_its_central_part(recipe, name, multi):
    card, _ = choose_protocol(Recipe(**read_recipe(str(CARDS.parent / f"{recipe}.yaml"))))
    assert (card.name, card.multi, card.size("view")) == (name, multi, (512, 512))


@pytest.mark.parametrize("name", ["vid4_bi", "vid4_bd", "spmcs_bi", "spmcs_bd"])
def test_super_resolution_is_measured_in_brightness_without_borders(name):
    card = read_protocol(name)
    assert (card.channel, card.crop, card.borders, card.ssim, card.psnr) == ("y", 8, "mirrored", "planes", "single")


@pytest.mark.parametrize(
    "text, says",
    [
        ("chanel: y", "unknown key 'chanel', did you mean 'channel'"),
        ("channel: yuv", "channel is one of rgb, y; got 'yuv'"),
        ("crop: wide", "crop is a whole number; got 'wide'"),
        ("view: 480", "view is a text; got 480"),
        ("view: 480,840", "view is HEIGHTxWIDTH; got '480,840'"),
        ("dataset: vimeo", "dataset is one of"),
        ("published: {ifrnet: 35.8}", "published ifrnet is {measure: number}; got 35.8"),
        ("tolerance: {psrn: 0.1}", "unknown measure 'psrn' in tolerance, did you mean 'psnr'"),
        ("published: [ifrnet]", "published is key: value lines"),
    ],
)
def test_what_a_card_cannot_mean_is_refused(text, says, tmp_path, monkeypatch):
    (tmp_path / "odd.yaml").write_text(f"{text}\n")
    monkeypatch.setattr(protocols, "CARDS", tmp_path)
    monkeypatch.setattr(protocols, "protocol_names", lambda: ("odd",))
    with pytest.raises(UsageError) as error:
        read_protocol.__wrapped__("odd")
    assert says in str(error.value)


@pytest.mark.parametrize(
    "values, name",
    [
        ({"model": "ifrnet", "dataset": "vimeo_triplet"}, "vimeo_triplet"),
        ({"model": "toflow_vfi", "dataset": "vimeo_triplet"}, "vimeo_triplet_mmagic"),
        ({"model": "flavr_2x", "dataset": "vimeo_septuplet"}, "vimeo_septuplet"),
        ({"model": "toflow_vsr_x4", "dataset": "vid4_bi"}, "vid4_bi_toflow"),
        ({"model": "ifrnet", "dataset": "snu_film", "split": "hard"}, "snu_film_hard"),
        ({"model": "ifrnet", "dataset": "shifts"}, "clips"),
        ({"model": "ifrnet", "dataset": "gopro", "split": "train"}, "gopro"),
    ],
)
def test_a_recipe_finds_its_card(values, name):
    protocol, recipe = choose_protocol(Recipe(**values))
    assert protocol.name == name and recipe == Recipe(**values)


def test_a_named_card_brings_its_dataset():
    protocol, recipe = choose_protocol(Recipe(dataset="vimeo_triplet", multi=4, protocol="snu_film_easy"))
    assert (protocol.name, recipe.dataset, recipe.split, recipe.multi) == ("snu_film_easy", "snu_film", "easy", 4)
    assert choose_protocol(Recipe(multi=4, protocol="gopro"))[1].multi == 8
    with pytest.raises(UsageError, match="protocol is one of .*got 'vimeo_triple', did you mean 'vimeo_triplet'"):
        choose_protocol(Recipe(protocol="vimeo_triple"))


def test_a_dataset_of_several_cards_needs_one_named():
    with pytest.raises(UsageError, match="one of the protocols snu_film_easy, .*: give --protocol"):
        choose_protocol(Recipe(dataset="snu_film"))


def test_published_values_are_compared_with_what_they_are_of_alone():
    card = Protocol(multi=8, samples=3, published={"ifrnet": {"psnr": 30.0}}, tolerance={"psnr": 0.1})
    compared = {"published": {"psnr": 30.0}, "tolerance": {"psnr": 0.1}, "published_samples": 3}
    assert card.compared(Recipe(model="ifrnet", multi=8)) == compared
    assert not card.compared(Recipe(model="ifrnet", multi=4))
    assert not card.compared(Recipe(model="ifrnet_s", multi=8))
    assert not card.compared(Recipe(model="ifrnet", multi=8, split="train"))

"""eval.py on mini datasets laid out as the published ones, against what upstream's own scripts print on them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import eval as program
from src.config import parse_recipe
from src.engine import device
from src.engine.checkpoint import Card, save_weights
from src.errors import UsageError, run_command
from src.runtime.options import EvalOptions
from src.video.images import read_image, write_image
from tests.data import layouts
from tests.models import official_ifrnet, official_tdan
from tests.stored_numbers import stored

ROOT = Path(__file__).resolve().parents[1]
CLOSE = 1e-3
FILES = {"metrics.json", "samples.jsonl", "results.md", "results.csv"}
# The sizes at which upstream's scripts were run.
SIZES = {"vimeo_triplet": (64, 80), "snu_film": (50, 70), "middlebury_other": (50, 70), "vid4_bi": (64, 80)}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A function that returns the path of a mini dataset, or of a network's formula weights, made once."""
    root = tmp_path_factory.mktemp("files")

    def path_of(name):
        path = root / name
        if path.exists():
            return path
        if name.endswith(".ckpt"):
            official, numbers = (official_tdan, "tdan") if name == "tdan_x4.ckpt" else (official_ifrnet, "ifrnet_s")
            arguments = ("fused",) if official is official_tdan else ("ifrnet_s", "fused")
            network = official.official_network(*arguments, stored(f"{numbers}.npz"))
            save_weights(network, path, Card(path.stem))
            return path
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(layouts, "SIZE", SIZES[name])
            layouts.make(name, path)
        for truth in ("Dimetrodon", "Venus"):  # of Middlebury's, which are large once they are padded, one will do
            shutil.rmtree(path / "other-gt-interp" / truth, ignore_errors=True)
        return path

    return path_of


def run(output, **flags):
    """Run eval.py in this process; return its exit code."""
    arguments = [text for name, value in flags.items() for text in (f"--{name}", str(value))]
    try:
        run_command(program.main, [*arguments, "--output_path", str(output)])
    except SystemExit as end:
        return end.code
    return 0


def result(folder):
    return json.loads((folder / "metrics.json").read_text())


@pytest.mark.parametrize(
    "protocol, dataset, model",
    [
        ("vimeo_triplet", "vimeo_triplet", "ifrnet_s"),
        ("snu_film_extreme", "snu_film", "ifrnet_s"),
        ("middlebury_other", "middlebury_other", "ifrnet_s"),
        ("vid4_bi", "vid4_bi", "tdan_x4"),
    ],
)
def test_upstream_s_script_and_ours_print_the_same(protocol, dataset, model, files, tmp_path, capsys):
    flags = {"protocol": protocol, "data_path": files(dataset), "model": model, "ckpt_path": files(f"{model}.ckpt")}
    assert run(tmp_path, **flags) == 0
    results, printed = result(tmp_path), stored("evaluation.npz")[protocol]
    measures = ("psnr", "ssim", "interpolation_error")[: len(printed)]
    assert [results[name] for name in measures] == pytest.approx(list(printed), abs=CLOSE)
    assert results["protocol"]["name"] == protocol and results["dataset"] == dataset
    assert (results["protocol"]["flow_scale"] == 0.8) == (dataset == "snu_film")
    assert set(results["difference"]) == set(measures) and results["published_samples"] > results["samples"]
    last = capsys.readouterr().out.splitlines()[-1]
    assert f"psnr {results['psnr']:.3f}, ssim {results['ssim']:.5f}" in last and "published" in last


@pytest.fixture(scope="module")
def default_run(tmp_path_factory):
    """The folder that eval.py writes on three samples, with no flag that it could do without."""
    folder = tmp_path_factory.mktemp("default")
    assert run(folder, eval_samples=3) == 0
    return folder


def test_generated_data_and_the_shipped_network_are_the_default(default_run):
    results = result(default_run)
    assert (results["model"], results["dataset"], results["samples"]) == ("ifrnet_s", "synthetic", 3)
    assert results["psnr"] > 20 and not results["failed"] and "published" not in results
    assert {file.name for file in default_run.iterdir()} == FILES


@pytest.mark.parametrize("flags", [{"dataset": "adobe240"}, {"time": "arbitrary"}])
def test_weights_of_the_middle_are_not_scored_at_other_times(flags, tmp_path, capsys):
    path = {"data_path": layouts.make("adobe240", tmp_path / "data")} if "dataset" in flags else {}
    assert run(tmp_path / "out", **flags, **path, height=32, width=32) == 2
    assert "these weights only know the times n/2 of two frames; got 0." in capsys.readouterr().err


def test_middlebury_s_evaluation_set_gives_files_to_hand_in(tmp_path):
    folder = layouts.make("middlebury_eval", tmp_path / "data")
    assert run(tmp_path / "out", dataset="middlebury_eval", data_path=folder) == 0
    files = sorted(file.relative_to(tmp_path / "out").as_posix() for file in (tmp_path / "out").rglob("*.png"))
    assert files == [f"submission/{name}/frame10i11.png" for name in ("Army", "Teddy")]
    assert read_image(tmp_path / "out" / files[0]).shape == (64, 64, 3)
    assert result(tmp_path / "out")["psnr"] is None


def test_a_sample_that_cannot_be_read_ends_in_a_listed_partial_result(files, tmp_path, capsys):
    folder = Path(shutil.copytree(files("vimeo_triplet"), tmp_path / "data"))
    image = folder / "sequences/00002/0002/im2.png"
    image.write_bytes(image.read_bytes()[:100])
    assert run(tmp_path / "out", dataset="vimeo_triplet", data_path=folder) == 7
    results = result(tmp_path / "out")
    assert results["samples"] == 1 and [each["name"] for each in results["failed"]] == ["00002/0002"]
    assert "error: 1 samples failed, listed in" in capsys.readouterr().err


def wrong_layout(folder):
    (folder / "tri_testlist.txt").unlink()
    return "tri_testlist.txt: does not exist; Vimeo90K triplets expected in"


def missing_truth(folder):
    for image in folder.rglob("im2.png"):
        image.unlink()
    return "0003/im2.png: does not exist; Vimeo90K triplets expected in"


def another_size(folder):
    for image in folder.rglob("im2.png"):
        write_image(image, read_image(image)[1:])
    return "0003/im2.png: needs 64 x 80 pixels to fit"


def empty_list(folder):
    (folder / "tri_testlist.txt").write_text("\n")
    return "tri_testlist.txt: needs one entry a line; got none"


def empty_folder(folder):
    shutil.rmtree(folder)
    folder.mkdir()
    return "found: no layout of a known dataset (an empty folder)"


@pytest.mark.parametrize("spoil", [wrong_layout, missing_truth, another_size, empty_list, empty_folder])
def test_bad_input_is_told_with_its_path_and_what_was_expected(spoil, files, tmp_path, capsys):
    folder = Path(shutil.copytree(files("vimeo_triplet"), tmp_path / "data"))
    says = spoil(folder)
    assert run(tmp_path / "out", dataset="vimeo_triplet", data_path=folder) == 3
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith("error: ") and says in told and str(folder) in told


def test_a_folder_without_clips_is_bad_input(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert run(tmp_path / "out", dataset="clips", data_path=tmp_path / "empty") == 3
    assert "needs videos or folders of frames" in capsys.readouterr().err


def test_the_device_is_started_as_the_flags_say(tmp_path, monkeypatch):
    class Started(Exception):
        pass

    def start_device(device_target, device_id, **settings):
        raise Started(device_target, device_id, settings)

    monkeypatch.setattr(device, "start_device", start_device)
    flags = ["--deterministic", "--memory_limit", "4", "--compile_cache", "cache", "--output_path", str(tmp_path)]
    with pytest.raises(Started) as started:
        program.main(flags)
    settings = {"deterministic": True, "memory_limit": 4.0, "compile_cache": "cache"}
    assert started.value.args == ("CPU", 0, settings)


@pytest.mark.parametrize("flags", [["--dry_run"], ["--resume"], ["--amp_level", "O1"]])
def test_what_only_training_does_is_refused_as_a_flag_and_harmless_in_a_recipe(flags, tmp_path):
    with pytest.raises(UsageError, match=f"{flags[0]} is for training alone"):
        program.main([*flags, "--output_path", str(tmp_path / "none")])
    assert not (tmp_path / "none").exists()
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("amp_level: O1\ndry_run: true\nresume: true\n", encoding="utf-8")
    assert parse_recipe(["--config_path", str(recipe), "--no-resume"], "", EvalOptions).amp_level == "O1"


@pytest.mark.skipif(
    shutil.which("msrun", path=os.path.dirname(sys.executable)) is None, reason="msrun comes with MindSpore 2.3"
)
def test_two_workers_write_the_files_of_one_bit_by_bit(default_run, tmp_path):
    launch = [sys.executable, str(ROOT / "scripts/distribute.py"), "--program", "eval.py", "--worker_num", "2", "--"]
    done = subprocess.run(
        [*launch, "--eval_samples", "3", "--output_path", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "3 samples" in done.stdout
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (default_run / name).read_bytes(), name

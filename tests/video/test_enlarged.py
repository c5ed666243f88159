"""Super-resolution and interpolation in one pass."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from src.video.enlarged import Enlarging
from src.video.pipeline import Tally, interpolate
from src.video.reader import open_source
from src.video.timeline import Multiplied
from tests.data.moving_clip import moving_frames, write_folder
from tests.runs import exit_code, names, report_of, run
from tests.video.clips import Average, decoded, packets_of, picture, placed, write_clip
from tests.video.test_resume import Killed, checksums

COMBINED = ("--upscale", "tdan_x4", "--upscale_ckpt", "weights", "--tile", "off")
SHARES = np.array([1, 2, 5, 2, 1], np.float32) / 11  # no level comes to lie halfway between two


class Weighing:
    """Enlarges five frames, weighed by their places, by repeating pixels; tells how often it was asked."""

    inputs, outputs, scale, timestep = 5, 1, 4, "fixed"

    def __init__(self):
        self.sizes = []

    def __call__(self, frames, times):
        self.sizes.append(frames.shape[2:])
        return np.tensordot(SHARES, frames, 1)[None].repeat(4, axis=2).repeat(4, axis=3)


@pytest.fixture
def networks(loaded, monkeypatch, tmp_path_factory):
    """Put both networks in the place of MindSpore's; the lists tell what they were asked for."""
    monkeypatch.chdir(tmp_path_factory.mktemp("here"))
    Path("weights").write_bytes(b"of the network that enlarges")
    enlarger, asked = Weighing(), []

    def load_predictor(name, *_, **options):
        asked.append((name, options))
        return enlarger if name == "tdan_x4" else Average()

    monkeypatch.setattr(sys.modules["src.runtime.mindspore_graph"], "load_predictor", load_predictor)
    enlarger.asked = asked
    return enlarger


def expected(scenes, multi):
    """Mirror each scene at its ends, weigh, repeat pixels, and average; the nearer frame stands beside a cut."""
    large = []
    for scene in scenes:
        mirrored = np.pad(np.stack(scene).astype(np.float64), [(2, 2), (0, 0), (0, 0), (0, 0)], mode="reflect")
        made = [np.tensordot(SHARES, mirrored[index : index + 5], 1) for index in range(len(scene))]
        large.append([np.rint(frame).repeat(4, axis=0).repeat(4, axis=1) for frame in made])
    frames = []
    for number, scene in enumerate(large):
        for frame, following in zip(scene, scene[1:]):
            frames += [frame + (following - frame) * step / multi for step in range(multi)]
        if number + 1 < len(large):
            following = large[number + 1][0]
            frames += [scene[-1] if 2 * step <= multi else following for step in range(multi)]
    return [*frames, large[-1][-1]]


@pytest.mark.parametrize("multi", [2, 4])
def test_both_networks_see_whole_frames_and_neither_looks_across_a_cut(tmp_path, networks, multi):
    scenes = [moving_frames(6, (3, 1), seed=1), moving_frames(6, (-2, 4), seed=2)]
    folder = write_folder(tmp_path / "in", [frame for scene in scenes for frame in scene])
    result = run(folder, tmp_path / "out", "--multi", str(multi), *COMBINED)
    made = [cv2.imread(str(result / name))[..., ::-1] for name in names(result)]
    wanted = expected(scenes, multi)
    assert len(made) == len(wanted) == 11 * multi + 1
    assert max(np.abs(one - other).max() for one, other in zip(made, wanted)) <= 0.5, "nothing is lost between the two"
    told = report_of(result)
    assert told["cuts"] == [0.24] and told["repeats"] == multi - 1 and told["broken"] == []
    assert told["predicted"] == 12 + 10 * (multi - 1) and len(networks.sizes) == 12, "each frame is enlarged once"
    assert told["upscale"]["weights"]["file"] == "weights" and told["weights"]["file"] == "ifrnet_s.ckpt"


@pytest.mark.parametrize(("flags", "count"), [("--multi 3", 16), ("--fps 60", 15), ("--slow 2", 11)])
def test_size_rate_sound_and_the_number_of_frames(clip, tmp_path, networks, flags, count):
    result = run(clip, tmp_path / "out.mp4", *flags.split(), *COMBINED)
    shown = open_source(str(result))
    assert (shown.width, shown.height, len(decoded(result))) == (192, 128, count)
    assert report_of(result)["frames"]["expected"] == count and report_of(result)["broken"] == []
    assert packets_of(result, "audio") == ([] if "slow" in flags else packets_of(clip, "audio"))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_run_that_was_cut_off_goes_on_to_the_same_frames(tmp_path, networks, monkeypatch, share):
    frames = moving_frames(7, (3, 1), seed=1, size=(24, 32)) + moving_frames(6, (-2, 4), seed=2, size=(24, 32))
    path = write_clip(tmp_path / "in.mp4", frames, sounds=[440])
    flags = (*COMBINED, "--multi", "2", "--resume", "--part_frames", "3")
    whole = run(path, tmp_path / "whole.mp4", *flags)
    assert len(networks.sizes) == 13
    enlarge, networks.sizes = Weighing.__call__, []

    def dies(self, *given):
        if len(self.sizes) > 12 * share:
            raise Killed
        return enlarge(self, *given)

    monkeypatch.setattr(Weighing, "__call__", dies)
    with pytest.raises(Killed):
        run(path, tmp_path / "out.mp4", *flags)
    monkeypatch.setattr(Weighing, "__call__", enlarge)
    result = run(path, tmp_path / "out.mp4", *flags)
    assert checksums(result) == checksums(whole)
    for key in ("frames", "cuts", "repeats", "predicted", "unfit", "broken"):
        assert report_of(result)[key] == report_of(whole)[key]
    assert len(networks.sizes) <= 13 + 3 + 1, "no more than one part is made twice"


def test_parts_of_other_weights_that_enlarge_are_refused(clip, tmp_path, networks, monkeypatch, capsys):
    monkeypatch.setattr(Average, "__call__", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    (tmp_path / "w").write_bytes(b"w")
    asked = [clip, "--output_path", tmp_path / "out.mp4", "--resume", "--upscale", "tdan_x4", "--upscale_ckpt"]
    assert exit_code([*asked, "weights"]) == 130
    assert exit_code([*asked, tmp_path / "w"]) == 2
    assert "begun with upscale_weights " in capsys.readouterr().err


def test_each_network_has_tiles_of_its_own(tmp_path, networks, capsys):
    path = write_clip(tmp_path / "in.mp4", [picture(240, 208, index) for index in range(3)])
    told = report_of(run(path, tmp_path / "out", *COMBINED, "--tile", "192"))
    assert told["tiles"] == told["upscale"]["tiles"] == {"side": 192, "shrunk": 0}
    assert networks.sizes == 4 * 3 * [(192, 192)]
    capsys.readouterr()
    run(path, tmp_path / "none", "--dry_run", *COMBINED)
    said = capsys.readouterr().out
    assert said.startswith("5 frames; ") and said.count("GB for whole frames") == 2


def test_motion_is_estimated_at_the_size_of_the_source_unless_told_otherwise(clip, tmp_path, networks):
    run(clip, tmp_path / "out.mp4", *COMBINED)
    assert networks.asked == [("tdan_x4", {}), ("ifrnet_s", {"flow_scale": 0.25})]
    run(clip, tmp_path / "full.mp4", "--flow_scale", "1", *COMBINED)
    assert networks.asked[2:] == [("tdan_x4", {}), ("ifrnet_s", {})]
    run(clip, tmp_path / "other.mp4", "--model", "flavr_2x", *COMBINED)
    assert networks.asked[5] == ("flavr_2x", {}), "which has no such option"


def test_a_batch_is_that_of_the_network_that_makes_new_frames(clip, tmp_path, networks):
    run(clip, tmp_path / "out.mp4", "--batch_size", "4", *COMBINED)
    asked = [(name, options.get("batch_size", 1)) for name, options in networks.asked]
    assert asked == [("tdan_x4", 1), ("ifrnet_s", 4)], "frames are enlarged one by one: the rest would be copies"


def test_predictions_that_are_no_pictures_are_counted_once(clip, tmp_path, networks, monkeypatch):
    monkeypatch.setattr(Weighing, "__call__", lambda self, frames, times: np.full((1, 3, 128, 192), np.nan))
    result = run(clip, tmp_path / "out.mp4", *COMBINED)
    assert report_of(result)["unfit"] == 6
    assert np.abs(next(open_source(str(result)).frames()).astype(int) - 40).max() < 3


def test_frames_that_are_not_looked_at_are_not_enlarged():
    network, tally = Weighing(), Tally()
    enlarging = Enlarging(network, tally)
    frames = enlarging.enlarged(placed([picture(8, 8, index) for index in range(10)]))
    made = enlarging.counted(interpolate(frames, Average(), Multiplied(2, 25), tally=tally, skip=6))
    assert [len(list(each)) for each in made] == [0] * 6 + [2, 2, 2, 1]
    assert len(network.sizes) == 4 and tally.predicted == 4 + 3


def test_flags_that_do_not_fit_together_end_with_2(clip, tmp_path, networks, capsys):
    for flags, told in (
        (["--upscale", "tdan_x4"], "give its --upscale_ckpt"),
        (["--upscale_ckpt", "w"], "goes with upscale"),
        (["--model", "tdan_x4", *COMBINED], "got tdan_x4"),
        (["--upscale", "ifrnet_s", "--upscale_ckpt", "w"], "upscale is one of tdan_x4"),
    ):
        assert exit_code([clip, "--output_path", tmp_path / "out.mp4", *flags]) == 2
        assert told in capsys.readouterr().err
    assert networks.asked == []

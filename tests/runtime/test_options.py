"""The arguments of the commands that predict frames."""

import pytest

from src.runtime.options import InferOptions
from src.video.options import VideoOptions


@pytest.mark.parametrize("options_class", [InferOptions, VideoOptions])
@pytest.mark.parametrize("given", ["out", "out/", "out//", "./out/.", "out/./"])
def test_names_beside_a_result_do_not_lie_within_it_however_it_is_spelled(options_class, given):
    assert options_class(input="in.mp4", output_path=given).output_path == "out"


@pytest.mark.parametrize(("given", "meant"), [(".", ""), ("./", ""), ("..", ".."), ("deep/..", "")])
def test_folders_that_are_told_by_no_name_get_their_own(tmp_path, monkeypatch, given, meant):
    inside = tmp_path / "inside"
    (inside / "deep").mkdir(parents=True)
    monkeypatch.chdir(inside)
    assert InferOptions(input="in.mp4", output_path=given).output_path == str((inside / meant).resolve())

"""The parts of the C++ program that do without MindSpore, by their own tests, with sanitizers."""

from tests.ascend310_infer.builds import BUILDS, build


def test_the_unit_tests_pass_with_address_and_undefined_behaviour_sanitizers():
    done = build("--test", BUILDS / "debug")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "100% tests passed" in done.stdout


def test_a_build_without_mindspore_lite_says_what_is_missing(tmp_path):
    done = build(tmp_path, MS_LITE_HOME="")
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr.startswith("error: MS_LITE_HOME is not set")


def test_a_folder_that_is_not_mindspore_lite_is_named(tmp_path):
    done = build(tmp_path / "build", MS_LITE_HOME=str(tmp_path))
    assert done.returncode == 5
    assert "MS_LITE_HOME needs include/api/model.h" in done.stderr

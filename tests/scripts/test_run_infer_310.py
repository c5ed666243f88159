"""run_infer_310.sh: the ModelZoo's argument order, what is missing named before anything is built, exit codes."""

import pytest

# Notes how it is called and prints the program that it has built.
BUILD = """#!/usr/bin/env bash
echo "build [$MS_LITE_HOME] [$1]" >>"$STUB_LOG"
echo "$1/infer"
exit "${STUB_BUILD_EXIT:-0}"
"""


@pytest.fixture
def ready(project):
    """A project with a complete environment, an export, and a MindSpore Lite of its own."""
    project.add_python("python3", "3.11")
    assert project.run("run_tests.sh").returncode == 0
    project.calls()
    (project.root / "ascend310_infer").mkdir()
    (project.root / "ascend310_infer" / "build.sh").write_text(BUILD)
    (project.root / ".venv-lite/lib/python3.7/site-packages/mindspore_lite").mkdir(parents=True)
    (project.root / "outputs").mkdir()
    (project.root / "outputs" / "ifrnet_s.mindir").touch()
    (project.elsewhere / "my export.mindir").touch()
    (project.elsewhere / "my clip.mp4").touch()
    return project


def scored(project, mindir, data, device, flags="[--device_target] [CPU]"):
    return (
        f"python [{project.root}/scripts/score_program.py] [--mindir_path] [{mindir}] [--data_path] [{data}]"
        f" [--output_path] [{project.root}/outputs/infer_310] [--program] [{project.root}/ascend310_infer/build/infer]"
        f" [--] [--device_id] [{device}] {flags}"
    )


def test_the_bare_command_takes_the_export_and_the_sample_of_the_project(ready):
    done = ready.run("run_infer_310.sh")
    assert done.returncode == 0, done.stderr
    built, sample, score = ready.calls()
    lite = f"{ready.root}/.venv-lite/lib/python3.7/site-packages/mindspore_lite"
    assert built == f"build [{lite}] [{ready.root}/ascend310_infer/build]"
    assert sample == f"python [{ready.root}/scripts/make_sample.py] [{ready.root}/outputs/sample.mp4]"
    assert score == scored(ready, f"{ready.root}/outputs/ifrnet_s.mindir", f"{ready.root}/outputs/sample.mp4", 0)


def test_export_then_data_then_device_then_flags(ready):
    arguments = ("my export.mindir", "my clip.mp4", "3", "--device_target", "Ascend", "--threads=2")
    assert ready.run("run_infer_310.sh", *arguments, MS_LITE_HOME="/opt/lite").returncode == 0
    built, score = ready.calls()
    assert built.startswith("build [/opt/lite]")
    flags = "[--device_target] [Ascend] [--threads=2]"
    assert score == scored(ready, "my export.mindir", "my clip.mp4", 3, flags)


def test_the_exit_codes_of_the_build_and_of_the_program_come_back(ready):
    assert ready.run("run_infer_310.sh", STUB_BUILD_EXIT="5").returncode == 5
    assert len(ready.calls()) == 1
    assert ready.run("run_infer_310.sh", "my export.mindir", "my clip.mp4", STUB_EXIT="4").returncode == 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("absent.mindir",), "there is none at 'absent.mindir'"),
        (("my export.mindir", "absent.mp4"), "there is none at 'absent.mp4'"),
        (("my export.mindir", "my clip.mp4", "first"), "got 'first'"),
        (("my export.mindir", "my clip.mp4", "0", "more"), "unexpected argument 'more'"),
    ],
)
def test_wrong_arguments_are_named_before_anything_is_built(ready, arguments, words):
    done = ready.run("run_infer_310.sh", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert ready.calls() == []


def test_the_bare_command_names_the_export_and_then_mindspore_lite_as_missing(project):
    done = project.run("run_infer_310.sh")
    assert done.returncode == 2
    assert "MINDIR_PATH is a file that export.py wrote" in done.stderr
    (project.elsewhere / "my export.mindir").touch()
    done = project.run("run_infer_310.sh", "my export.mindir")
    assert done.returncode == 5
    assert "MS_LITE_HOME" in done.stderr and "setup_lite.sh" in done.stderr

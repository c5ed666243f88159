"""The set-up that run_tests.sh and run_demo.sh share: which Python, when to install, when not to."""

import shutil
import signal

import pytest

PYTEST = (
    "python [-m] [pytest] [-q] [--durations=10] [-n] [auto] [--maxprocesses] [4] [--dist] [loadfile] "
    "[--no-loadscope-reorder]"
)


def installations(calls):
    return [call for call in calls if "[pip]" in call]


def environments_made(calls):
    return [call for call in calls if "[venv]" in call]


def test_a_machine_without_an_acceptable_python_gets_one_line_and_code_5(project):
    project.add_python("python3", "3.13")
    project.add_python("python", "3.8")
    done = project.run("run_tests.sh")
    assert done.returncode == 5
    assert len(done.stderr.splitlines()) == 1
    for part in ("3.9, 3.10, 3.11, 3.12", "3.13 (", "3.8 (", "MINDFRAMES_PYTHON"):
        assert part in done.stderr
    assert not (project.root / ".venv").exists()


def test_a_python_without_venv_is_named_as_such(project):
    project.add_python("python3", "3.11 without venv")
    done = project.run("run_tests.sh")
    assert done.returncode == 5
    assert "3.11 without venv" in done.stderr


def test_a_shim_that_fails_is_skipped_for_a_later_python(project):
    shim = project.commands / "python3.11"
    shim.write_text("#!/usr/bin/env bash\necho 'pyenv: python3.11: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    project.add_python("python3.10", "3.10")
    assert project.run("run_tests.sh").returncode == 0
    assert environments_made(project.calls()) == [f"python3.10 [-m] [venv] [{project.root}/.venv]"]


def test_a_python_behind_a_failing_shim_of_the_same_name_is_found(project, tmp_path):
    shim = project.commands / "python3.11"
    shim.write_text("#!/usr/bin/env bash\nexit 127\n")
    shim.chmod(0o755)
    project.add_python("python3.11", "3.11", tmp_path / "second")
    assert project.run("run_tests.sh", PATH=f"{project.commands}:{tmp_path / 'second'}").returncode == 0


def test_pythons_of_pyenv_are_found_off_path(project):
    project.add_python("python", "3.12", project.elsewhere / ".pyenv" / "versions" / "3.12.1" / "bin")
    assert project.run("run_tests.sh").returncode == 0
    assert len(environments_made(project.calls())) == 1


def test_the_named_python_is_the_only_one_considered(project, tmp_path):
    project.add_python("python3.11", "3.11")
    named = project.add_python("mine", "3.9", tmp_path / "other place")
    assert project.run("run_tests.sh", MINDFRAMES_PYTHON=str(named)).returncode == 0
    assert environments_made(project.calls())[0].startswith("mine ")

    shutil.rmtree(project.root / ".venv")
    done = project.run("run_tests.sh", MINDFRAMES_PYTHON=str(tmp_path / "absent"))
    assert done.returncode == 5
    assert str(tmp_path / "absent") in done.stderr


def test_a_second_start_installs_nothing_and_says_nothing_of_it(project):
    project.add_python("python3", "3.11")
    first = project.run("run_tests.sh")
    assert "Setting up .venv with MindSpore 2.8.0" in first.stderr
    assert len(installations(project.calls())) == 1
    second = project.run("run_tests.sh")
    assert (second.returncode, second.stderr) == (0, "")
    assert project.calls() == ["python [-m] [ruff] [check] [.]", PYTEST]


@pytest.mark.parametrize("changed", ["requirements.txt", "requirements-runtimes.txt"])
def test_changed_requirements_are_installed_into_the_same_environment(project, changed):
    project.add_python("python3", "3.11")
    project.run("run_tests.sh")
    project.calls()
    with open(project.root / changed, "a") as file:
        file.write("six\n")
    assert project.run("run_tests.sh").returncode == 0
    calls = project.calls()
    assert (len(environments_made(calls)), len(installations(calls))) == (0, 1)


def test_an_installation_that_was_cut_off_is_redone_from_nothing(project):
    project.add_python("python3", "3.11")
    assert project.run("run_tests.sh", STUB_PIP="cut-off").returncode == 128 + signal.SIGKILL
    project.calls()
    leftover = project.root / ".venv" / "half-written"
    leftover.touch()
    assert project.run("run_tests.sh").returncode == 0
    calls = project.calls()
    assert (len(environments_made(calls)), len(installations(calls))) == (1, 1)
    assert not leftover.exists()


@pytest.mark.parametrize(("failure", "code", "text"), [("fail", 5, "no such wheel"), ("full", 6, "No space left")])
def test_a_failed_installation_shows_pip_and_is_tried_again(project, failure, code, text):
    project.add_python("python3", "3.11")
    done = project.run("run_tests.sh", STUB_PIP=failure)
    assert done.returncode == code
    assert text in done.stderr
    assert "pip install -r requirements.txt failed" in done.stderr.splitlines()[-1]
    project.calls()
    assert project.run("run_tests.sh").returncode == 0
    assert len(installations(project.calls())) == 1


def test_an_environment_made_by_hand_is_completed_not_replaced(project):
    project.add_python("python", "3.11", project.root / ".venv" / "bin")
    assert project.run("run_tests.sh").returncode == 0
    calls = project.calls()
    assert (len(environments_made(calls)), len(installations(calls))) == (0, 1)


def test_an_environment_whose_python_is_gone_is_made_anew(project):
    project.add_python("python3", "3.11")
    project.run("run_tests.sh")
    project.calls()
    (project.root / ".venv" / "bin" / "python").unlink()
    assert project.run("run_tests.sh").returncode == 0
    assert len(environments_made(project.calls())) == 1


@pytest.mark.skipif(shutil.which("flock") is None, reason="two starts at once are kept apart by flock")
def test_two_starts_at_once_install_once(project):
    project.add_python("python3", "3.11")
    both = [project.start("run_tests.sh", STUB_PIP="slow") for _ in range(2)]
    errors = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("Waiting for another start" in error for error in errors) == 1
    assert len(installations(project.calls())) == 1


@pytest.mark.parametrize(
    ("version", "python", "folder"), [("2.0.0", "3.9", ".venv-2.0.0"), ("2.10.0", "3.12", ".venv-2.10.0")]
)
def test_another_mindspore_has_its_own_environment_list_and_no_linter(project, version, python, folder):
    project.add_python("python3.11", "3.13")
    project.add_python("python3", python)
    assert project.run("run_tests.sh", version, "--", "-k", "two words").returncode == 0
    made, installed, tested = project.calls()
    assert made == f"python3 [-m] [venv] [{project.root}/{folder}]"
    assert installed.endswith(f"[-r] [{project.root}/requirements-{version}.txt]")
    assert tested == f"{PYTEST} [-k] [two words]"


def test_a_python_too_new_for_an_old_mindspore_is_refused(project):
    project.add_python("python3", "3.11")
    done = project.run("run_tests.sh", "2.0.0")
    assert done.returncode == 5
    assert "MindSpore 2.0.0 needs one of Python 3.9 " in done.stderr


@pytest.mark.parametrize("arguments", [("2.9.0",), ("2.8",), ("",), ("2.8.0", "tests"), ("-k", "x")])
def test_wrong_arguments_print_the_usage_and_end_with_2(project, arguments):
    project.add_python("python3", "3.11")
    done = project.run("run_tests.sh", *arguments)
    assert done.returncode == 2
    assert "usage: bash scripts/run_tests.sh [MINDSPORE_VERSION]" in done.stderr
    assert project.calls() == []


def test_an_unknown_mindspore_is_answered_with_the_supported_ones(project):
    assert "2.0.0, 2.8.0, 2.10.0; got '2.9.0'" in project.run("run_tests.sh", "2.9.0").stderr

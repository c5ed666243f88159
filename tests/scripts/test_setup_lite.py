"""The set-up of MindSpore Lite: a Python 3.7 of its own, or one line that says what is missing."""


def test_lite_gets_an_environment_of_python_3_7(project):
    project.add_python("python3", "3.11")
    project.add_python("python3.7", "3.7")
    done = project.run("setup_lite.sh")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"{project.root}/.venv-lite/bin/python"
    calls = project.calls()
    assert calls[0] == f"python3.7 [-m] [venv] [{project.root}/.venv-lite]"
    assert f"[{project.root}/requirements-lite.txt]" in calls[1]


def test_without_a_python_3_7_it_ends_with_5_and_says_so(project):
    project.add_python("python3", "3.11")
    done = project.run("setup_lite.sh")
    assert done.returncode == 5 and "needs one of Python 3.7" in done.stderr
    assert not (project.root / ".venv-lite").exists()


def test_arguments_are_refused(project):
    assert project.run("setup_lite.sh", "2.0.0").returncode == 2

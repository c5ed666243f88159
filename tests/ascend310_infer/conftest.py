"""The C++ program built against MindSpore Lite, and an export for it; skipped where they cannot be had."""

import subprocess

import pytest

from tests.ascend310_infer.builds import BUILDS, EXPORTING_PYTHON, LITE_HOME, build, export_mixture


@pytest.fixture(scope="session")
def lite_home():
    if not LITE_HOME.is_dir():
        pytest.skip("MindSpore Lite is not there: MS_LITE_HOME, or .venv-lite by scripts/setup_lite.sh")
    return LITE_HOME


@pytest.fixture(scope="session")
def lite_python(lite_home):
    """The Python whose site-packages hold MindSpore Lite."""
    python = lite_home.parents[3] / "bin" / "python"
    if not python.exists():
        pytest.skip("MS_LITE_HOME is not in the site-packages of a Python environment")
    return python


@pytest.fixture(scope="session")
def exporting_python():
    if not EXPORTING_PYTHON.exists():
        pytest.skip("MindSpore Lite reads exports of MindSpore 2.0.0; .venv-2.0.0 (run_tests.sh 2.0.0) is not there")
    return EXPORTING_PYTHON


@pytest.fixture(scope="session")
def program(lite_home):
    done = build(BUILDS / "release", MS_LITE_HOME=str(lite_home))
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="session")
def mixture(exporting_python, tmp_path_factory):
    return export_mixture(exporting_python, tmp_path_factory.mktemp("mixture"))


@pytest.fixture
def infer(program):
    """Run the program on CPU; `input` is given to its standard input, and both outputs are bytes."""

    def run(mindir, *flags, target="CPU", input=b""):  # noqa: A002
        command = [program, "--mindir_path", str(mindir), "--device_target", target, *(str(flag) for flag in flags)]
        return subprocess.run(command, input=input, capture_output=True)

    return run

"""Exit codes: what each failure ends a process with."""

import errno

import pytest

from src import errors


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.UsageError("a"), 2),
        (errors.InputError("a"), 3),
        (errors.WeightsError("a"), 4),
        (errors.EnvironmentFault("a"), 5),
        (errors.ResourceError("a"), 6),
        (errors.PartialError("a"), 7),
        (MemoryError(), 6),
        (OSError(errno.ENOSPC, "No space left on device"), 6),
        (KeyboardInterrupt(), 130),
    ],
)
def test_a_failure_is_one_line_and_its_exit_code(error, code, capsys):
    def main(argv):
        raise error

    with pytest.raises(SystemExit) as end:
        errors.run_command(main, [])
    assert end.value.code == code
    written = capsys.readouterr().err
    assert written.startswith("error: ") and written.count("\n") == 1


def test_a_message_over_several_lines_becomes_one(capsys):
    def main(argv):
        raise errors.InputError("first\n  second")

    with pytest.raises(SystemExit):
        errors.run_command(main, [])
    assert capsys.readouterr().err == "error: first second\n"


def test_a_defect_of_ours_keeps_its_traceback():
    def main(argv):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        errors.run_command(main, [])

"""Every failure a user can cause, with the exit code that an entry point ends with.

0 ok, 2 usage or configuration, 3 bad input data, 4 bad weights or failed integrity, 5 environment or device,
6 out of memory or disk, 7 finished with failed items, 130 / 143 interrupted and resumable.
"""

import errno
import signal
import sys

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class MindFramesError(Exception):
    """A failure told in one line: what was expected and what was met."""

    exit_code = 1


class UsageError(MindFramesError, ValueError):
    """A flag, a configuration key or a combination of them that cannot be meant."""

    exit_code = 2


class InputError(MindFramesError):
    """A video, an image or a dataset that cannot be read as what it should be."""

    exit_code = 3


class WeightsError(MindFramesError):
    """A checkpoint that is damaged, or belongs to another model."""

    exit_code = 4


class EnvironmentFault(MindFramesError):
    """MindSpore, a device or a library that is missing or of an unsupported version."""

    exit_code = 5


class ResourceError(MindFramesError):
    """Memory or disk that is used up."""

    exit_code = 6


class PartialError(MindFramesError):
    """A run that finished, though some of its items failed; the message lists them."""

    exit_code = 7


class Interrupted(MindFramesError):
    """A run that a signal ended, and that can be taken up again; the exit code is 128 + the signal's number."""

    def __init__(self, number: int, told: str):
        super().__init__(f"{signal.Signals(number).name}: {told}")
        self.exit_code = 128 + number


class DivergedError(UsageError):
    """A training run whose loss or gradients stopped being finite, step after step."""


def exit_code_of(error):
    """Return the exit code that belongs to an exception, or None when it is a defect of ours."""
    if isinstance(error, MindFramesError):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return 128 + signal.SIGINT
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in _FULL):
        return ResourceError.exit_code
    return None


def told(error):
    """Return the message of an exception in one line."""
    return " ".join(str(error).split()) or type(error).__name__


def leave_on_termination(*_):
    """A termination ends like an interrupt, so that nothing unfinished is left behind."""
    sys.exit(128 + signal.SIGTERM)


def run_command(main, argv=None):
    """Run `main(argv)` as a process: one line on stderr for a user's failure, a traceback for a defect of ours."""
    try:
        main(sys.argv[1:] if argv is None else argv)
    except BaseException as error:
        code = exit_code_of(error)
        if code is None:
            raise
        print(f"error: {told(error)}", file=sys.stderr)
        sys.exit(code)

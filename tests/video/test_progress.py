import io
import sys

import pytest

from src.video.progress import Counter, note, shown


class Terminal(io.StringIO):
    """A text stream that says it is a terminal."""

    def isatty(self):
        return True


def test_sparse_lines_where_there_is_no_terminal(capsys):
    assert list(shown(iter(range(1000)), 1000)) == list(range(1000))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[0].startswith("100/1000 frames, ") and lines[0].endswith(" left") and " fps, " in lines[0]
    assert lines[-1].startswith("1000/1000 frames, ")


def test_slow_runs_speak_every_half_minute(capsys, monkeypatch):
    clock = iter(range(0, 10000, 20))
    monkeypatch.setattr("src.video.progress.time.monotonic", lambda: next(clock))
    list(shown(iter(range(8)), 1000))
    said = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in said] == ["2/1000", "4/1000", "6/1000", "8/1000"]


def test_a_bar_with_rate_and_time_left_on_a_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert list(shown(iter(range(20)), 20)) == list(range(20))
    assert "100%" in sys.stderr.getvalue() and "20/20" in sys.stderr.getvalue() and "frames/s" in sys.stderr.getvalue()


@pytest.mark.parametrize("total", [0, 3])
def test_more_frames_than_foretold_all_pass(total):
    assert list(shown(iter(range(9)), total)) == list(range(9))


def test_a_note_is_one_line_on_stderr(capsys):
    note("left out")
    assert capsys.readouterr() == ("", "note: left out\n")


def test_frames_made_elsewhere_are_counted_the_same_way(capsys):
    counter = Counter(1000)
    for _ in range(1000):
        counter.add()
    counter.end()
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in lines] == [f"{tenth}00/1000" for tenth in range(1, 11)]


def test_a_counter_of_nothing_says_nothing(capsys):
    counter = Counter(0)
    counter.end()
    assert capsys.readouterr().err == ""

"""Parts of a job: kept whole or not at all, refused to another job, and joined to what one encoder would have made."""

import errno
from fractions import Fraction

import numpy as np
import pytest

from src.errors import UsageError
from src.video.parts import Ending, Part, Parts
from src.video.reader import open_source
from src.video.writer import Pace, Piece, encoded_pieces, open_sink
from tests.video.clips import decoded, flat_frames, gray_levels, levels_of, packets_of, write_at, write_clip

PIECES = [Piece(b"abc", 0, True), Piece(b"d", 1, False)]
PART = Part([Fraction(1, 3), Fraction(2, 3)], [0.5], {"unfit": 1}, [256, 64], [0, 1], 1, PIECES)
ENDING = Ending(2, 390, Fraction(130, 3))


def test_parts_come_back_as_they_were_kept(tmp_path):
    parts = Parts(str(tmp_path / "out.mp4"), {"multi": 2}, tiles=[256, 64])
    parts.add(1, PART)
    parts.add(0, PART)
    parts.end(ENDING)
    for facts in ({"multi": 2}, None):
        again = Parts(str(tmp_path / "out.mp4"), facts, tiles=[0, 0])
        assert list(again) == [PART, PART] and again.ending == ENDING and again.whole == {0: 2, 1: 2}
        assert again.tiles == [256, 64]
    again.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("done", "expected", "gaps"),
    [
        ((), 3, [(0, None)]),
        ((0, 1), 3, [(2, None)]),
        ((0, 1, 2), 3, [(3, None)]),
        ((0, 3, 4), 8, [(1, 3), (5, None)]),
        ((0, 1, 5), 3, [(2, 5), (6, None)]),
        ((), 0, [(0, None)]),
    ],
)
def test_what_is_missing_reaches_to_the_end_of_the_source_until_that_was_met(tmp_path, done, expected, gaps):
    parts = Parts(str(tmp_path / "out.mp4"), {})
    for number in done:
        parts.add(number, PART)
    assert Parts(str(tmp_path / "out.mp4"), {}).gaps(expected) == parts.gaps(expected) == gaps
    parts.end(Ending(6, 40, Fraction(1)))
    assert {number for gap in parts.gaps(expected) for number in range(*gap)} == set(range(6)) - set(done)


def test_what_others_add_is_seen_after_looking_again(tmp_path):
    parts, other = (Parts(str(tmp_path / "out.mp4"), {}) for _ in range(2))
    assert parts.gaps(2) == [(0, None)]
    other.add(0, PART)
    parts.look_again()
    assert parts.gaps(2) == [(1, None)]


@pytest.mark.parametrize(
    ("key", "value"), [("multi", 3), ("input", "other"), ("weights", "other"), ("cuts", "off"), ("new", 1)]
)
def test_parts_of_another_job_are_refused_by_the_name_of_what_differs(tmp_path, key, value):
    facts = {"multi": 2, "input": "ab", "weights": "cd", "cuts": "on"}
    Parts(str(tmp_path / "out.mp4"), facts).add(0, PART)
    with pytest.raises(UsageError, match=f"begun with {key} .*got {value!r}"):
        Parts(str(tmp_path / "out.mp4"), {**facts, key: value})
    assert Parts(str(tmp_path / "out.mp4"), facts).whole == {0: 2}


def test_damaged_parts_are_made_again(tmp_path):
    parts = Parts(str(tmp_path / "out.mp4"), {})
    for number in range(3):
        parts.add(number, PART)
    data = parts.folder / "000001.data"
    data.write_bytes(b"abx" + data.read_bytes()[3:])
    assert Parts(str(tmp_path / "out.mp4"), {}).gaps(3) == [(1, 2), (3, None)]
    (parts.folder / "000000.json").write_text("{")
    (parts.folder / "000002.data").unlink()
    assert Parts(str(tmp_path / "out.mp4"), {}).gaps(3) == [(0, None)]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"tiles": ["x"], "facts": {}}'])
def test_a_damaged_manifest_is_told(tmp_path, content):
    folder = tmp_path / "out.mp4.parts"
    folder.mkdir()
    (folder / "manifest.json").write_text(content)
    with pytest.raises(UsageError, match="is damaged; remove"):
        Parts(str(tmp_path / "out.mp4"), {})


def test_where_there_can_be_no_folder_is_told(tmp_path):
    (tmp_path / "out.mp4.parts").write_text("a file")
    (tmp_path / "file").touch()
    reasons = {"out.mp4": "File exists", "file/out.mp4": "Not a directory", "n" * 250: "File name too long"}
    for output, reason in reasons.items():
        with pytest.raises(UsageError, match=f"parts: cannot hold the parts of the result: {reason}"):
            Parts(str(tmp_path / output), {})
    assert (tmp_path / "out.mp4.parts").read_text() == "a file"


def test_a_full_disk_is_no_mistake_of_the_user(tmp_path, monkeypatch):
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        Parts(str(tmp_path / "out.mp4"), {})


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "webm"])
@pytest.mark.parametrize("lengths", [(10,), (1, 1, 2, 6), (5, 5)])
def test_joined_pieces_show_the_same_frames_at_the_same_times(tmp_path, suffix, lengths):
    levels = gray_levels(10)
    source = open_source(str(write_clip(tmp_path / "in.mp4", flat_frames(levels), sounds=[440])))
    path, pace = str(tmp_path / f"out.{suffix}"), Pace(source.rate)
    frames = list(source.frames())
    with open_sink(path, source, pace) as sink:
        for length in lengths:
            some, frames = frames[:length], frames[length:]
            sink.join([Fraction(0)] * length, encoded_pieces(path, source, pace, 1, some))
    np.testing.assert_allclose(levels_of(path), levels, atol=2)
    times = [float(time) for _, time in decoded(path)]
    np.testing.assert_allclose(np.array(times) - times[0], np.arange(10) / 25, atol=1e-3)
    assert suffix == "webm" or packets_of(path, "audio")


def test_joined_pieces_of_a_variable_rate_keep_their_times(tmp_path):
    moments = (0, 40, 80, 400, 440, 480, 900)
    source = open_source(str(write_at(tmp_path / "in.mp4", flat_frames(gray_levels(7)), moments)))
    path, pace = str(tmp_path / "out.mp4"), Pace(None)
    timed = list(source.timed_frames())
    with open_sink(path, source, pace) as sink:
        for some in (timed[:3], timed[3:]):
            sink.join([time for time, _ in some], encoded_pieces(path, source, pace, 1, [frame for _, frame in some]))
    np.testing.assert_allclose([float(time) for _, time in decoded(path)], np.array(moments) / 1000, atol=1e-4)

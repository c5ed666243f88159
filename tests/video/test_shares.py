"""How parts are dealt out: every missing one to one worker, evenly, and the open end to the last."""

import itertools

import pytest

from src.errors import UsageError
from src.video.shares import Span, share_from, share_text, shares_of, spans_of


def numbers(spans, end):
    return [number for start, stop in spans for number in range(start, end if stop is None else stop)]


@pytest.mark.parametrize("count", [1, 2, 3, 8])
@pytest.mark.parametrize(
    "gaps", [[Span(0, None)], [Span(2, 4), Span(7, None)], [Span(0, 1), Span(3, 5), Span(6, 7)], [Span(12, None)], []]
)
def test_every_missing_part_is_made_once_and_the_work_is_even(gaps, count):
    shares = shares_of(gaps, 10, count)
    lengths = [len(numbers(share, 10)) for share in shares]
    missing = numbers(gaps, 10)
    assert list(itertools.chain(*(numbers(share, 10) for share in shares))) == missing
    assert len(shares) == min(count, len(missing) + (gaps == [Span(12, None)]))
    assert not shares or max(lengths) - min(lengths) <= 1
    ends = [stop for share in shares for _, stop in share if stop is None]
    assert ends == [None] * bool(gaps and gaps[-1].stop is None) and (not ends or shares[-1][-1].stop is None)


def test_parts_in_a_row_are_made_in_one_go():
    assert spans_of([0, 1, 2, 5, 7, 8]) == [(0, 3), (5, 6), (7, 9)]


def test_a_share_is_written_as_one_word():
    share = [Span(0, 4), Span(7, 9), Span(12, None)]
    assert share_text(share) == "0:4,7:9,12:" and share_from("0:4,7:9,12:") == share


@pytest.mark.parametrize("text", ["", "0", "0:4,", "a:b", "-1:3", "0:4 7:9"])
def test_other_words_are_refused(text):
    with pytest.raises(UsageError, match="a share is written as"):
        share_from(text)

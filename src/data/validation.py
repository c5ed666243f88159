"""What a training is validated on: cases that are found once, before it starts, and read anew every time."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from src.data.entries import told_skipped
from src.data.evaluation import Case, Sample, clip_case, evaluation_cases
from src.data.folders import find_clips, odd_frames
from src.data.sources import GENERATED
from src.errors import InputError, UsageError


class ValidationSamples:
    """Iterable of the samples of cases, the same ones every time; none of them is kept.

    skips_bad: a case that cannot be read is left out, and `report` says how many are bad and names the first; without
    it InputError comes from it.
    """

    def __init__(self, cases: Sequence[Case], skips_bad: bool = False):
        self.cases, self.skips_bad = list(cases), skips_bad
        self.bad: dict[int, str] = {}

    def __iter__(self) -> Iterator[Sample]:
        for number, case in enumerate(self.cases):
            try:
                yield from case.read()
            except InputError as error:
                if not self.skips_bad:
                    raise
                self.bad[number] = str(error)

    def report(self) -> str:
        """Say how many cases could not be read and what was wrong with the first of them; empty when all could."""
        return told_skipped(self.bad, len(self.cases))


def validation_samples(recipe, inputs: int = 2) -> ValidationSamples:
    """Find what a training is validated on: val_dataset in val_path, `val_samples` of it, spread evenly.

    Without a val_dataset those are the training recipe's own dataset and folder, of a published one the test split.
    Clips are decoded once to choose so many of their frames. Raises what `evaluation_cases` does, and UsageError for a
    dataset whose true frames are not published.
    """
    chosen = dataclasses.replace(
        recipe,
        dataset=recipe.val_dataset or recipe.dataset,
        data_path=recipe.val_path or recipe.data_path,
        split="",
        eval_samples=recipe.val_samples or recipe.eval_samples,
    )
    cases, is_published = evaluation_cases(chosen, inputs), chosen.dataset not in GENERATED
    if not any(case.has_truth for case in cases):
        raise UsageError(f"{chosen.dataset} comes without true frames, so that nothing can be measured on it")
    if recipe.val_samples and is_published:
        cases = _spread(cases, recipe.val_samples)
    elif recipe.val_samples and chosen.dataset != "synthetic":
        cases = _spread_clips(find_clips(chosen.data_path), recipe.val_samples)
    return ValidationSamples(cases, skips_bad=is_published and recipe.on_bad_sample == "skip")


def _spread(items, count):
    if count >= len(items):
        return items
    return [items[index * len(items) // count] for index in range(count)]


def _spread_clips(clips, count):
    places = [(number, index) for number, clip in enumerate(clips) for index, _ in odd_frames(clip)]
    chosen: dict[int, list[int]] = {}
    for number, index in _spread(places, count):
        chosen.setdefault(number, []).append(index)
    return [clip_case(clips[number], indices=indices) for number, indices in chosen.items()]

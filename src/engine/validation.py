"""Validation during training: the mean PSNR of a network over the samples that all workers share."""

from __future__ import annotations

from itertools import islice

import numpy as np

from src.engine.parallel import ALONE, average_scores
from src.errors import InputError
from src.metrics.measure import CEILING
from src.metrics.psnr import psnr


class Validation:
    """Callable that measures a predictor.

    samples: an iterable of the same samples every time. Every worker takes its share of them. The first one is read at
    once, so that a training does not find out later: raises InputError when there is none, and what stands against
    reading or predicting it.
    """

    def __init__(self, predictor, samples, workers=ALONE):
        self.predictor, self.samples, self.workers = predictor, samples, workers
        first = next(iter(samples), None)
        if first is None:
            raise InputError("nothing to validate on: expected at least one sample that can be read, found none")
        predictor.check(first.frames, [first.time])

    def __call__(self) -> float:
        """Return the mean PSNR in dB, equal on all workers."""
        self.predictor.network.set_train(False)
        scores = []
        for sample in islice(self.samples, self.workers.rank, None, self.workers.count):
            predicted = self.predictor(sample.frames, [sample.time])[0]
            scores.append([min(psnr(predicted, sample.truth), CEILING)])
        self.predictor.network.set_train(True)
        values = np.array(scores, np.float64).reshape(-1, 1)
        return float(average_scores(values, np.ones(len(values)), self.workers)[0])

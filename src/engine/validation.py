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

    samples: a function that returns the samples, the same ones every time. Every worker takes its share of them.
    """

    def __init__(self, predictor, samples, workers=ALONE):
        self.predictor, self.samples, self.workers = predictor, samples, workers

    def __call__(self) -> float:
        """Return the mean PSNR in dB, equal on all workers; raise InputError when there is no sample."""
        self.predictor.network.set_train(False)
        scores = []
        for sample in islice(self.samples(), self.workers.rank, None, self.workers.count):
            predicted = self.predictor(sample.frames, [sample.time])[0]
            scores.append([min(psnr(predicted, sample.truth), CEILING)])
        self.predictor.network.set_train(True)
        if not scores and self.workers.count == 1:
            raise InputError("nothing to validate on: expected at least one sample, found none")
        values = np.array(scores, np.float64).reshape(-1, 1)
        return float(average_scores(values, np.ones(len(values)), self.workers)[0])

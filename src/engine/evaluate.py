"""The evaluation loop: predict, measure as the protocol says, compare with what costs nothing, write the results."""

from __future__ import annotations

import json
from pathlib import Path

from tqdm import tqdm

from src.engine.parallel import ALONE, Workers, barrier
from src.engine.results import finished, merge_records, summarise, write_results
from src.errors import InputError
from src.metrics.measure import measure
from src.metrics.temporal import flow_difference


class Evaluation:
    """What is done with every sample: predicted, then measured by `protocol` (see src.protocols).

    distance: a function of a prediction and the truth, (3, H, W) both, that gives their LPIPS; None to leave it out.
    """

    def __init__(self, predictor, protocol, distance=None):
        self.predictor, self.protocol, self.distance = predictor, protocol, distance
        self.before = None

    def look(self, case) -> None:
        """Predict the last sample of a case that another worker measures, so that the next one can be told from it."""
        try:
            for sample in case.read():
                self.before = sample, self.predictor(sample.frames, [sample.time])[0]
        except InputError:
            self.before = None

    def measure(self, case):
        """Yield (record, sample, prediction) for every sample of a case.

        A record names the sample and holds its measures, those of its `baseline` too. Where something cannot be read or
        measured, the last one holds an `error` instead, and sample and prediction are None.
        """
        try:
            for sample in case.read():
                prediction = self.predictor(sample.frames, [sample.time])[0]
                name = {"group": sample.group, "name": sample.name}
                yield {**name, **self._scores(sample, prediction)}, sample, prediction
                self.before = sample, prediction
        except InputError as error:
            self.before = None
            yield {"group": case.group, "name": case.name, "error": " ".join(str(error).split())}, None, None

    def _scores(self, sample, prediction):
        if sample.truth is None:
            return {}
        scores = measure(prediction, sample.truth, self.protocol)
        baseline = measure(sample.baseline, sample.truth, self.protocol)
        scores.update({f"{name}_baseline": value for name, value in baseline.items()})
        if self.protocol.temporal and self.before is not None and self.before[0].group == sample.group:
            (earlier, earlier_prediction) = self.before
            scores["tof"] = flow_difference(earlier_prediction, prediction, earlier.truth, sample.truth)
        if self.distance:
            scores["lpips"] = self.distance(prediction, sample.truth)
        return scores


def evaluate(
    evaluation: Evaluation, cases, folder: Path, facts: dict, workers: Workers = ALONE, observer=None
) -> dict | None:
    """Measure all cases and write samples.jsonl, metrics.json, results.md and results.csv into `folder`.

    facts: what metrics.json says besides: model, dataset, protocol, and what is published. workers: those that share
    the cases, in blocks; the results are those of one worker, bit for bit. observer: its `see(record, sample,
    prediction)` is called for every sample of this worker that was predicted, then its `leave(folder, rank)`. Returns
    the content of metrics.json to worker 0 and None to the others. Raises InputError when nothing could be measured.
    """
    start, stop = (len(cases) * rank // workers.count for rank in (workers.rank, workers.rank + 1))
    if start < stop and start > 0 and evaluation.protocol.temporal and cases[start - 1].group == cases[start].group:
        evaluation.look(cases[start - 1])
    folder.mkdir(parents=True, exist_ok=True)
    counts = [case.count for case in cases[start:stop]]
    bar = tqdm(total=sum(counts) if all(counts) else None, unit="frame", desc="evaluate", disable=not workers.writes)
    with finished(_part(folder, workers.rank)) as file, bar:
        for case in cases[start:stop]:
            for record, sample, prediction in evaluation.measure(case):
                file.write(json.dumps(record) + "\n")
                if observer and sample:
                    observer.see(record, sample, prediction)
                bar.update()
    if observer:
        observer.leave(folder, workers.rank)
    if workers.count > 1:
        barrier(workers)
    if not workers.writes:
        return None
    records = merge_records([_part(folder, rank) for rank in range(workers.count)], folder / "samples.jsonl")
    results = summarise(records, facts)
    write_results(results, folder)
    return results


def _part(folder, rank):
    return folder / f".samples_{rank}.jsonl"

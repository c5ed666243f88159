"""The training loop: MindSpore's Model over a step that can be taken up again exactly where it was."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
from mindspore import Model, Tensor
from mindspore.train.callback import Callback

from src.engine.interruption import StopSignals
from src.engine.parallel import ALONE
from src.engine.records import Heartbeat, MetricsLog, NoLog, draw_curves
from src.engine.run import Run
from src.engine.state import clear_states
from src.errors import DivergedError, InputError


class Loop(Callback):
    """Counts, writes, scores and saves what `Model.train` does step by step.

    A step is `accumulate_steps` calls. score: a function that measures the network on the validation set, or None.
    """

    def __init__(self, run, log, score, heartbeat, signals):
        super().__init__()
        self.run, self.log, self.score, self.heartbeat, self.signals = run, log, score, heartbeat, signals
        self.sums, self.calls = 0.0, 0
        self.ended_early = False

    def on_train_step_end(self, run_context):
        self.heartbeat.stop()
        arguments = run_context.original_args()
        values, squares, applied = (each.asnumpy() for each in arguments.net_outputs)
        recipe, facts = self.run.recipe, self.run.facts
        self.sums, self.calls = self.sums + values, self.calls + 1
        if self.calls < recipe.accumulate_steps:
            return
        *values, asked_to_stop = self.sums / self.calls
        self.sums, self.calls = 0.0, 0
        facts["step"] += self.run.stride
        step = facts["step"]
        facts["bad_in_a_row"] = 0 if applied else facts["bad_in_a_row"] + 1
        facts["skipped"] += not applied
        more = {"rate": self.run.rate(bool(applied))}
        if self.run.step.dynamic_scale:
            more["loss_scale"] = float(self.run.step.scale.asnumpy())
        if self.score and (step % recipe.val_steps == 0 or step == self.run.steps):
            more["psnr"] = self._validate()
        self.log.add(step, values, bool(applied), **more)
        if facts["bad_in_a_row"] >= recipe.max_bad_steps:
            self.run.save()
            raise self._diverged(values, squares, arguments.train_dataset_element)
        stops = self._is_interrupted(asked_to_stop > 0) or self.ended_early or step == self.run.steps
        if stops or step % recipe.save_steps == 0:
            self.run.save()
        if stops:
            run_context.request_stop()

    def _is_interrupted(self, told: bool) -> bool:
        """Return whether a signal ends the run after this step; `told`: another worker met one before it."""
        if self.run.workers.count == 1:
            return self.signals.met is not None
        if told:
            self.signals.met = self.signals.met or signal.SIGTERM
        elif self.signals.met is not None:
            # all workers have to end with the same step, or the last one waits for the others' gradients
            self.run.step.stop.set_data(Tensor(np.float32(1)))
        return told

    def _validate(self):
        with self.run.averaged_weights():
            psnr = self.score()
            self.run.note_score(psnr)
        facts = self.run.facts
        self.log.tell(f"step {facts['step']}: validation PSNR {psnr:.3f} dB, best {facts['best_psnr']:.3f} dB")
        self.ended_early = 0 < self.run.recipe.early_stop <= facts["validations_since_best"]
        return psnr

    def _diverged(self, values, squares, columns):
        """Name the first tensor that is not finite: a column of the data, a term of the loss, a gradient."""
        count = self.run.recipe.max_bad_steps
        for name, column in zip(self.run.columns, columns or ()):
            if not np.isfinite(column.asnumpy()).all():
                return InputError(f"{count} steps in a row without a finite loss: the column {name} is not finite")
        names = ["the loss term " + name for name in self.run.terms]
        names += ["the gradient of " + name for name in self.run.weight_names]
        bad = [name for name, value in zip(names, [*values[1:], *squares]) if not np.isfinite(value)]
        first = bad[0] if bad else "the sum of all gradients"
        return DivergedError(f"{count} steps in a row with gradients that are not finite, first of all {first}")


def fit(
    network, objective, dataset_from, length, recipe, folder: Path, score=None, workers=ALONE, timestep: str = "fixed"
) -> Path:
    """Train `network` by `objective` and return its checkpoint in `folder`.

    dataset_from(start=sample): the batches from that sample on. length: (steps of the whole run, steps of an epoch).
    score(): the validation PSNR of the network; None makes no validation. timestep: as `Run` takes it.
    Files: state.safetensors, metrics.jsonl, curves.png, MODEL.ckpt, and with a score MODEL_best.ckpt.
    Raises Interrupted after SIGTERM or SIGINT, when the state is saved; DivergedError or InputError after
    `max_bad_steps` steps in a row without finite gradients.
    """
    run = Run(network, objective, recipe, folder, length, workers, timestep)
    tell = print if workers.writes else _say_nothing
    if recipe.resume:
        run.resume(tell)
    elif workers.writes:
        clear_states(folder)
    done = run.facts["step"]
    if workers.count > 1:
        share = f"{run.steps} steps of {recipe.batch_size * recipe.accumulate_steps} samples of its own"
        print(f"worker {workers.rank} of {workers.count}: {share}", flush=True)
    log = MetricsLog(folder, objective.terms, done, run.steps, recipe.summary) if workers.writes else NoLog()
    try:
        if done < run.steps:
            start = done * recipe.batch_size * recipe.accumulate_steps * workers.count
            _train(run, log, dataset_from(start=start), score)
    finally:
        log.close()
    if workers.writes:
        draw_curves(folder)
        if run.facts["skipped"]:
            print(f"{run.facts['skipped']} of {run.facts['step']} steps were skipped: gradients were not finite")
    return run.weights_path()


def _train(run, log, dataset, score):
    told = "the run is saved; the same command with --resume goes on"
    with StopSignals(told) as signals, Heartbeat("compiling the training graph", log.tell) as heartbeat:
        loop = Loop(run, log, score, heartbeat, signals)
        model = Model(run.step)
        if run.stride == 1:
            model.train(1, dataset, callbacks=[loop], dataset_sink_mode=False)
        else:
            rounds = (run.steps - run.facts["step"]) // run.stride
            model.train(rounds, dataset, callbacks=[loop], dataset_sink_mode=True, sink_size=run.stride)


def _say_nothing(text):
    pass

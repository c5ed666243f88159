"""The training loop: MindSpore's Model over a step that can be taken up again exactly where it was."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from mindspore import Model, Tensor
from mindspore.train.callback import Callback

from src.engine.checkpoint import Card, save_weights
from src.engine.interruption import StopSignals
from src.engine.optimizer import AdamW, CosineRate
from src.engine.records import Heartbeat, MetricsLog, draw_curves
from src.engine.state import newest_state, write_state
from src.engine.step import TrainStep
from src.errors import DivergedError, InputError, UsageError, WeightsError

# What may differ between a run and its resumption without changing a number of it.
UNBOUND = ("output_path", "resume", "overwrite", "workers", "save_steps", "device_id")


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
        values, self.sums, self.calls = self.sums / self.calls, 0.0, 0
        facts["step"] += 1
        step = facts["step"]
        facts["bad_in_a_row"] = 0 if applied else facts["bad_in_a_row"] + 1
        facts["skipped"] += not applied
        more = {"rate": self.run.rate(step)}
        if self.run.step.dynamic_scale:
            more["loss_scale"] = float(self.run.step.scale.asnumpy())
        if self.score and (step % recipe.val_steps == 0 or step == self.run.steps):
            more["psnr"] = self._validate()
        self.log.add(step, values, bool(applied), **more)
        if facts["bad_in_a_row"] >= recipe.max_bad_steps:
            self.run.save()
            raise self._diverged(values, squares, arguments.train_dataset_element)
        stops = self.signals.met is not None or self.ended_early or step == self.run.steps
        if stops or step % recipe.save_steps == 0:
            self.run.save()
        if stops:
            run_context.request_stop()

    def _validate(self):
        facts, recipe = self.run.facts, self.run.recipe
        with self.run.averaged_weights():
            psnr = self.score()
            facts["validations_since_best"] += 1
            if psnr > facts["best_psnr"]:
                facts.update(best_psnr=psnr, best_step=facts["step"], validations_since_best=0)
                self.run.save_best()
        self.log.tell(f"step {facts['step']}: validation PSNR {psnr:.3f} dB, best {facts['best_psnr']:.3f} dB")
        self.ended_early = 0 < recipe.patience <= facts["validations_since_best"]
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


class Run:
    """One training run: its network, step and facts, and the files they are kept in."""

    def __init__(self, network, objective, recipe, folder: Path, steps: int, average=None, writes: bool = True):
        self.network, self.recipe, self.folder, self.steps, self.writes = network, recipe, folder, steps, writes
        self.columns, self.terms = objective.columns, objective.terms
        schedule = CosineRate(recipe.rate, recipe.rate_end, steps, recipe.warmup_steps)
        optimizer = AdamW(network.trainable_params(), schedule, recipe.weight_decay)
        self.step = TrainStep(
            objective,
            optimizer,
            recipe.accumulate_steps,
            recipe.clip_norm,
            recipe.amp_level != "O0",
            recipe.ema_decay,
            average,
        )
        self.step.set_train()
        places = {id(parameter): name for name, parameter in network.parameters_and_names()}
        self.weight_names = [places[id(parameter)] for parameter in network.trainable_params()]
        self.card = Card(recipe.model, "arbitrary" if recipe.time == "arbitrary" else "fixed")
        self.facts = {
            "step": 0,
            "skipped": 0,
            "bad_in_a_row": 0,
            "best_psnr": -float("inf"),
            "best_step": 0,
            "validations_since_best": 0,
            "recipe": dataclasses.asdict(recipe),
        }

    def rate(self, step: int) -> float:
        """Return the learning rate of a step, counted from 1."""
        recipe = self.recipe
        cosine = 0.5 * (1 + np.cos(np.pi * (step - 1) / self.steps))
        return float(
            (recipe.rate_end + (recipe.rate - recipe.rate_end) * cosine) * min(step / max(recipe.warmup_steps, 1), 1)
        )

    def _tensors(self):
        return {name: parameter for name, parameter in self.step.parameters_and_names()}

    def save(self) -> None:
        """Write the state of the run, and the weights as they are used."""
        if not self.writes:
            return
        tensors = {name: parameter.asnumpy() for name, parameter in self._tensors().items()}
        write_state(self.folder, tensors, self.facts)
        with self.averaged_weights():
            save_weights(self.network, self.weights_path(), self.card)

    def save_best(self) -> None:
        """Write the weights of the best validation so far."""
        if self.writes:
            save_weights(self.network, self.weights_path("_best"), self.card)

    def weights_path(self, suffix: str = "") -> Path:
        """Return the file that the weights go to."""
        return self.folder / f"{self.recipe.model}{suffix}.ckpt"

    def resume(self, tell) -> None:
        """Take up the newest whole state in the folder, if there is any.

        Raises UsageError, naming the first field, when it comes from another recipe.
        """
        state = newest_state(self.folder, tell)
        if state is None:
            tell(f"no training state in {self.folder}: starting at step 0")
            return
        tensors, facts = state
        for name, value in dataclasses.asdict(self.recipe).items():
            before = facts["recipe"].get(name)
            if name not in UNBOUND and before != value:
                raise UsageError(f"the run in {self.folder} was started with {name} {before!r}; got {value!r}")
        parameters = self._tensors()
        if set(parameters) != set(tensors):
            odd = sorted(set(parameters) ^ set(tensors))
            raise WeightsError(f"the state in {self.folder} does not fit this network: {odd[0]} is in one of them only")
        for name, parameter in parameters.items():
            parameter.set_data(Tensor(tensors[name]))
        self.facts = facts
        tell(f"resumed at step {facts['step']} of {self.steps}")

    def averaged_weights(self):
        """Return a context in which the network holds the moving average of its weights, where one is kept."""
        return _Averaged(self.step)


class _Averaged:
    def __init__(self, step):
        self.pairs = list(zip(step.weights, step.averages)) if step.averages is not None else []

    def __enter__(self):
        self.kept = [weight.asnumpy() for weight, _ in self.pairs]
        for weight, average in self.pairs:
            weight.set_data(Tensor(average.asnumpy()))

    def __exit__(self, *_):
        for (weight, _), values in zip(self.pairs, self.kept):
            weight.set_data(Tensor(values))


def fit(network, objective, dataset_from, recipe, folder: Path, steps: int, score=None, workers=None) -> Path:
    """Train `network` by `objective` for `steps` steps and return its checkpoint in `folder`.

    dataset_from(sample): the dataset from that sample on, as many batches as are asked for. score(): the validation
    PSNR of the network, or None. workers: the workers of a distributed run (rank, count, average), or None.
    Files: state.safetensors, metrics.jsonl, curves.png, MODEL.ckpt, MODEL_best.ckpt.
    Raises Interrupted after SIGTERM or SIGINT, when the state is saved; DivergedError or InputError after
    `max_bad_steps` steps in a row without finite gradients.
    """
    count, rank = (workers.count, workers.rank) if workers else (1, 0)
    run = Run(network, objective, recipe, folder, steps, workers.average if workers else None, writes=rank == 0)
    told = _printer(rank)
    if recipe.resume:
        run.resume(told)
    done = run.facts["step"]
    log = MetricsLog(folder, objective.terms, done, steps, quiet=rank != 0)
    try:
        if done < steps:
            _train(run, log, dataset_from(done * recipe.batch_size * recipe.accumulate_steps * count), score)
    finally:
        log.close()
    if rank == 0:
        draw_curves(folder)
    return run.weights_path()


def _train(run, log, dataset, score):
    told = "the run is saved; the same command with --resume goes on"
    with StopSignals(told) as signals, Heartbeat("compiling the training graph", log.tell) as heartbeat:
        loop = Loop(run, log, score, heartbeat, signals)
        Model(run.step).train(1, dataset, callbacks=[loop], dataset_sink_mode=False)


def _printer(rank):
    return print if rank == 0 else lambda text: None

"""The training loop: MindSpore's Model over a step that can be taken up again exactly where it was."""

from __future__ import annotations

import dataclasses
import signal
from pathlib import Path

import numpy as np
from mindspore import Model, Tensor
from mindspore.train.callback import Callback

from src.engine.checkpoint import Card, save_weights
from src.engine.device import can_sink
from src.engine.interruption import StopSignals
from src.engine.optimizer import create_optimizer
from src.engine.parallel import ALONE
from src.engine.records import Heartbeat, MetricsLog, NoLog, draw_curves
from src.engine.schedule import Plateau, rate_at
from src.engine.state import clear_states, newest_state, write_state
from src.engine.step import TrainStep
from src.errors import DivergedError, InputError, UsageError, WeightsError

# What may differ between a run and its resumption without changing a number: where things lie, how they are run.
UNBOUND = (
    "output_path", "data_path", "flow_path", "val_path", "ckpt_path", "flow_ckpt", "encoder_ckpt", "vgg_ckpt",
    "lpips_ckpt", "resume", "overwrite", "dry_run", "workers", "save_steps", "max_bad_steps", "on_bad_sample",
    "summary", "device_id", "memory_limit", "compile_cache",
)  # fmt: skip


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
        more = {"rate": self.run.rate(step)}
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


class Run:
    """One training run: its network, step and facts, and the files they are kept in.

    length: (steps of the whole run, steps of an epoch).
    """

    def __init__(self, network, objective, recipe, folder: Path, length: tuple[int, int], workers=ALONE):
        self.network, self.recipe, self.folder, self.workers = network, recipe, folder, workers
        # between two reports of a device that takes many steps on its own, nothing can be counted
        self.stride = recipe.sink_steps if recipe.sink_steps and can_sink(recipe.device_target) else 1
        self.steps, self.steps_per_epoch = length[0] // self.stride * self.stride, length[1]
        self.columns, self.terms = objective.columns, objective.terms
        self.optimizer = create_optimizer(network.trainable_params(), recipe, self.steps, self.steps_per_epoch)
        self.step = TrainStep(
            objective,
            self.optimizer,
            recipe.accumulate_steps,
            recipe.clip_norm,
            recipe.amp_level != "O0",
            recipe.ema_decay,
            workers,
        )
        self.step.set_train()
        self.plateau = Plateau(recipe.decay, recipe.patience, recipe.cooldown)
        places = {id(parameter): name for name, parameter in network.parameters_and_names()}
        self.weight_names = [places[id(parameter)] for parameter in network.trainable_params()]
        self.card = Card(recipe.model, "arbitrary" if recipe.time == "arbitrary" else "fixed")
        self.facts = {
            "step": 0,
            "worker_count": workers.count,
            "skipped": 0,
            "bad_in_a_row": 0,
            "best_psnr": None,
            "best_step": 0,
            "validations_since_best": 0,
            "plateau": self.plateau.state_dict(),
            "recipe": dataclasses.asdict(recipe),
        }

    def rate(self, step: int) -> float:
        """Return the learning rate of a step, counted from 1."""
        return rate_at(self.recipe, step, self.steps, self.steps_per_epoch) * self.plateau.scale

    def note_score(self, psnr: float) -> None:
        """Take a validation's score: keep the best weights, and let a rate on a plateau fall."""
        facts = self.facts
        facts["validations_since_best"] += 1
        if facts["best_psnr"] is None or psnr > facts["best_psnr"]:
            facts.update(best_psnr=psnr, best_step=facts["step"], validations_since_best=0)
            if self.workers.writes:
                save_weights(self.network, self.weights_path("_best"), self.card)
        if self.recipe.schedule == "plateau":
            # the mean squared error that the PSNR stands for: lower is better, as the plateau wants it
            self.optimizer.set_rate_factor(self.plateau.update(10.0 ** (-psnr / 10)))
            facts["plateau"] = self.plateau.state_dict()

    def _tensors(self):
        return {name: parameter for name, parameter in self.step.parameters_and_names() if name != "stop"}

    def save(self) -> None:
        """Write the state of the run, and the weights as they are used."""
        if not self.workers.writes:
            return
        tensors = {name: parameter.asnumpy() for name, parameter in self._tensors().items()}
        write_state(self.folder, tensors, self.facts)
        with self.averaged_weights():
            save_weights(self.network, self.weights_path(), self.card)

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
        started = {**facts["recipe"], "worker count": facts["worker_count"]}
        for name, value in {**dataclasses.asdict(self.recipe), "worker count": self.workers.count}.items():
            before = started.get(name)
            if name not in UNBOUND and before != value:
                raise UsageError(f"the run in {self.folder} was started with {name} {before!r}; got {value!r}")
        parameters = self._tensors()
        if set(parameters) != set(tensors):
            odd = sorted(set(parameters) ^ set(tensors))
            raise WeightsError(f"the state in {self.folder} does not fit this network: {odd[0]} is in one of them only")
        for name, parameter in parameters.items():
            parameter.set_data(Tensor(tensors[name]))
        self.facts = facts
        self.plateau.load_state_dict(facts["plateau"])
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


def fit(network, objective, dataset_from, length, recipe, folder: Path, score=None, workers=ALONE) -> Path:
    """Train `network` by `objective` and return its checkpoint in `folder`.

    dataset_from(start=sample): the batches from that sample on. length: (steps of the whole run, steps of an epoch).
    score(): the validation PSNR of the network; None makes no validation.
    Files: state.safetensors, metrics.jsonl, curves.png, MODEL.ckpt, and with a score MODEL_best.ckpt.
    Raises Interrupted after SIGTERM or SIGINT, when the state is saved; DivergedError or InputError after
    `max_bad_steps` steps in a row without finite gradients.
    """
    run = Run(network, objective, recipe, folder, length, workers)
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

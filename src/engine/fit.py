"""The training loop: MindSpore's Model over a step that reports every term of the loss."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from mindspore import Model, nn, ops
from mindspore.train.callback import Callback
from tqdm import tqdm

from src.engine.checkpoint import Card, save_weights
from src.engine.optimizer import AdamW, CosineRate
from src.engine.parallel import ALONE, ScalarAverage, gradient_average


class TrainStep(nn.TrainOneStepCell):
    """One optimisation step in graph mode.

    objective: a Cell that maps a batch's columns to (loss, terms), all scalars. Returns the same after the step, as
    means over all workers.
    """

    def __init__(self, objective, optimizer, workers=ALONE):
        super().__init__(objective, optimizer)
        self.average_gradients = gradient_average(self.weights, workers)
        self.average_scalars = ScalarAverage(workers)
        self.differentiated = ops.value_and_grad(objective, None, self.weights, has_aux=True)

    def construct(self, *columns):
        (loss, terms), gradients = self.differentiated(*columns)
        means = self.average_scalars((loss,) + terms)
        return ops.depend(means[0], self.optimizer(self.average_gradients(gradients))), means[1:]


class MetricsLog(Callback):
    """Writes `metrics.jsonl`, one line a step, and moves the progress bar; stops at a loss that is not finite."""

    def __init__(self, path: Path, term_names, rate, steps: int):
        super().__init__()
        self.term_names = term_names
        self.rate = rate
        self.file = open(path, "w", encoding="utf-8")
        self.bar = tqdm(total=steps, unit="step", desc="train", smoothing=0.05)

    def on_train_step_end(self, run_context):
        arguments = run_context.original_args()
        loss, terms = arguments.net_outputs
        step = arguments.cur_step_num
        loss = float(loss.asnumpy())
        line = {"step": step, "loss": loss, "rate": self.rate(step)}
        line.update((name, float(term.asnumpy())) for name, term in zip(self.term_names, terms))
        self.file.write(json.dumps(line) + "\n")
        self.file.flush()
        self.bar.set_postfix(loss=f"{loss:.4f}", refresh=False)
        self.bar.update()
        if not np.isfinite(loss):
            raise FloatingPointError(f"the loss of step {step} is {loss}")

    def on_train_end(self, run_context):
        self.close()

    def close(self):
        """Close the log and the bar."""
        self.file.close()
        self.bar.close()


class CheckpointEvery(Callback):
    """Saves the network's weights every `steps` steps, and at the end, as OUT/<model>.ckpt."""

    def __init__(self, network, path: Path, card: Card, steps: int):
        super().__init__()
        self.network, self.path, self.card, self.steps = network, path, card, steps

    def on_train_step_end(self, run_context):
        if run_context.original_args().cur_step_num % self.steps == 0:
            save_weights(self.network, self.path, self.card)

    def on_train_end(self, run_context):
        save_weights(self.network, self.path, self.card)


def fit(network, objective, dataset, recipe, folder: Path, workers=ALONE) -> Path:
    """Train `network` by `objective` over one pass of `dataset`; return the checkpoint's path in `folder`.

    objective(columns...) -> (loss, terms), with the terms' names in `objective.terms`. recipe gives the rates, decay,
    model name and saving interval. Of several workers only the first writes.
    """
    steps = dataset.get_dataset_size()
    schedule = CosineRate(recipe.rate, recipe.rate_end, steps, recipe.warmup_steps)
    optimizer = AdamW(network.trainable_params(), schedule, recipe.weight_decay)
    step = TrainStep(objective, optimizer, workers)
    step.set_train()
    checkpoint = folder / f"{recipe.model}.ckpt"
    callbacks = []
    if workers.writes:
        log = MetricsLog(folder / "metrics.jsonl", objective.terms, rate_course(recipe, steps), steps)
        card = Card(recipe.model, "arbitrary" if recipe.time == "arbitrary" else "fixed")
        callbacks = [log, CheckpointEvery(network, checkpoint, card, recipe.save_steps)]
    try:
        Model(step).train(1, dataset, callbacks=callbacks, dataset_sink_mode=False)
    finally:
        for log in callbacks[:1]:
            log.close()
    return checkpoint


def rate_course(recipe, steps: int):
    """Return the learning rate as a function of the step number, counted from 1, for the log."""

    def rate(step):
        fallen = recipe.rate_end + (recipe.rate - recipe.rate_end) * 0.5 * (1 + np.cos(np.pi * (step - 1) / steps))
        return float(fallen * min(step / max(recipe.warmup_steps, 1), 1))

    return rate

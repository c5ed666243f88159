"""A training run as it is kept: what is trained, how far it is, and the files that it is taken up from."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from mindspore import Tensor

from src.engine.checkpoint import Card, save_weights
from src.engine.device import can_sink
from src.engine.optimizer import create_optimizer
from src.engine.outputs import weights_file
from src.engine.parallel import ALONE
from src.engine.schedule import Plateau, rate_at
from src.engine.state import newest_state, write_state
from src.engine.step import TrainStep
from src.errors import UsageError, WeightsError

# What may differ between a run and its resumption without changing a number: where things lie, how they are run.
UNBOUND = (
    "output_path", "data_path", "flow_path", "val_path", "ckpt_path", "flow_ckpt", "encoder_ckpt", "vgg_ckpt",
    "lpips_ckpt", "resume", "overwrite", "dry_run", "workers", "save_steps", "max_bad_steps", "on_bad_sample",
    "summary", "device_id", "memory_limit", "compile_cache",
)  # fmt: skip


class Run:
    """One training run: its network, step and facts, and the files they are kept in.

    length: (steps of the whole run, steps of an epoch). timestep: the times that the data teaches, for the card.
    """

    def __init__(
        self, network, objective, recipe, folder: Path, length: tuple[int, int], workers=ALONE, timestep: str = "fixed"
    ):
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
        self.card = Card(recipe.model, timestep)
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

    def rate(self, applied: bool) -> float:
        """Return the learning rate of the step just made, or that it would have had unless it was `applied`.

        Steps that were skipped do not count: the rate's course stands still as long as the weights do.
        """
        place = self.optimizer.global_step.asnumpy().item() + (not applied)
        return rate_at(self.recipe, place, self.steps, self.steps_per_epoch) * self.plateau.scale

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
        return weights_file(self.folder, self.recipe.model, suffix)

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

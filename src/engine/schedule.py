"""The learning rate's course: within the graph, as a plain function for the log, and after each validation."""

from __future__ import annotations

import math
from bisect import bisect_right

from mindspore import ops
from mindspore.common import dtype
from mindspore.nn.learning_rate_schedule import LearningRateSchedule

# A score is better when it is below the best one by more than this part of it.
_THRESHOLD = 1e-4


class CosineRate(LearningRateSchedule):
    """Rate that falls from `start` to `end` along half a cosine over `steps`, after a linear rise over `warmup`.

    rate(step) = end + (start - end) * (1 + cos(pi * step / steps)) / 2 (IFRNet's published schedule), with the step
    rounded down to a multiple of `stair` (IFR+'s, with the steps of an epoch).
    """

    def __init__(self, start: float, end: float, steps: int, warmup: int = 0, stair: int = 1):
        super().__init__()
        self.start, self.end, self.steps, self.warmup = start, end, float(steps), float(max(warmup, 1))
        self.stair = max(stair, 1)

    def construct(self, global_step):
        step = ops.cast(global_step, dtype.float32)
        reached = ops.cast(ops.cast(global_step, dtype.int32) // self.stair * self.stair, dtype.float32)
        ratio = 0.5 * (1.0 + ops.cos(ops.minimum(reached / self.steps, 1.0) * math.pi))
        return (self.end + (self.start - self.end) * ratio) * ops.minimum((step + 1.0) / self.warmup, 1.0)


class SteppedRate(LearningRateSchedule):
    """Rate `start`, multiplied by `decay` after each of the `milestones`, after a linear rise over `warmup` steps.

    milestones: counts of steps done; none of them keeps the rate constant.
    """

    def __init__(self, start: float, decay: float = 1.0, milestones: tuple[int, ...] = (), warmup: int = 0):
        super().__init__()
        self.start, self.warmup = start, float(max(warmup, 1))
        self.falls = tuple((float(milestone), start * decay**n) for n, milestone in enumerate(milestones, 1))

    def construct(self, global_step):
        step = ops.cast(global_step, dtype.float32)
        rate = self.start * ops.ones_like(step)
        for milestone, fallen in self.falls:
            past = ops.cast(step >= milestone, dtype.float32)
            rate = rate + past * (fallen - rate)
        return rate * ops.minimum((step + 1.0) / self.warmup, 1.0)


def create_schedule(recipe, steps: int, steps_per_epoch: int) -> LearningRateSchedule:
    """Return the course that a recipe names, for a run of `steps`; for "plateau" the rate before any fall."""
    if recipe.schedule.startswith("cosine"):
        stair = steps_per_epoch if recipe.schedule == "cosine_epochs" else 1
        return CosineRate(recipe.rate, recipe.rate_end, steps, recipe.warmup_steps, stair)
    return SteppedRate(recipe.rate, recipe.decay, recipe.milestone_steps, recipe.warmup_steps)


def rate_at(recipe, step: int, steps: int, steps_per_epoch: int) -> float:
    """Return what `create_schedule` gives for a step, without any graph.

    step: counted from 1 among the steps that change the weights; those that are skipped do not count.
    """
    done = step - 1
    rising = min(step / max(recipe.warmup_steps, 1), 1.0)
    if recipe.schedule.startswith("cosine"):
        stair = max(steps_per_epoch, 1) if recipe.schedule == "cosine_epochs" else 1
        ratio = 0.5 * (1.0 + math.cos(math.pi * min(done // stair * stair / steps, 1.0)))
        return (recipe.rate_end + (recipe.rate - recipe.rate_end) * ratio) * rising
    falls = bisect_right(recipe.milestone_steps, done)
    return recipe.rate * recipe.decay**falls * rising


class Plateau:
    """Factor of the rate that is multiplied by `factor` when more than `patience` scores in a row are no better.

    Lower scores are better, by more than a ten-thousandth of the best one. The `cooldown` scores after a fall are not
    counted. Equal to torch.optim.lr_scheduler.ReduceLROnPlateau.
    """

    def __init__(self, factor: float = 0.5, patience: int = 5, cooldown: int = 0):
        self.factor, self.patience, self.cooldown = factor, patience, cooldown
        self.scale, self.best, self.worse, self.resting = 1.0, math.inf, 0, 0

    def update(self, score: float) -> float:
        """Take the score of one more validation and return the factor of the rate from now on."""
        if score < self.best * (1.0 - _THRESHOLD):
            self.best, self.worse = score, 0
        else:
            self.worse += 1
        if self.resting > 0:
            self.resting, self.worse = self.resting - 1, 0
        if self.worse > self.patience:
            self.scale *= self.factor
            self.resting, self.worse = self.cooldown, 0
        return self.scale

    def state_dict(self) -> dict[str, float]:
        """Return what a resumed run needs to go on: numbers by name."""
        return {"scale": self.scale, "best": self.best, "worse": self.worse, "resting": self.resting}

    def load_state_dict(self, state: dict[str, float]) -> None:
        """Go on from what `state_dict` returned."""
        self.scale, self.best = float(state["scale"]), float(state["best"])
        self.worse, self.resting = int(state["worse"]), int(state["resting"])

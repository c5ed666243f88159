"""The learning rate's course: within the graph, for the log, and after validations."""

import numpy as np
import pytest
from mindspore import Tensor

from src.config import Recipe
from src.engine.schedule import CosineRate, Plateau, create_schedule, rate_at

# torch.optim.lr_scheduler.ReduceLROnPlateau (PyTorch 2.13, mode min, factor 0.5) on these scores
SCORES = (1.0, 0.9, 0.89995, 0.95, 0.92, 0.91, 0.9, 0.8, 0.81, 0.82, 0.83, 0.84, 0.85, 0.86, 0.87, 0.88, 0.89, 0.5,
          0.6, 0.6)  # fmt: skip
FACTORS = {
    (2, 0): [1.0] * 4 + [0.5] * 6 + [0.25] * 3 + [0.125] * 3 + [0.0625] * 4,
    (1, 3): [1.0] * 3 + [0.5] * 6 + [0.25] * 5 + [0.125] * 5 + [0.0625],
}


def test_the_rate_rises_then_falls_along_a_cosine():
    rate = CosineRate(0.4, 0.1, 100, warmup=10)
    for step, expected in ((0, 0.04), (4, 0.5 * (0.1 + 0.15 * (1 + np.cos(0.04 * np.pi)))), (50, 0.25), (100, 0.1)):
        assert float(rate(Tensor(step)).asnumpy()) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"schedule": "cosine"}, {0: 0.4, 10: 0.25, 20: 0.1}),
        ({"schedule": "cosine_epochs"}, {0: 0.4, 4: 0.4, 5: 0.3560660, 14: 0.25, 15: 0.1439340}),
        ({"schedule": "steps", "milestones": "4, 12"}, {0: 0.4, 3: 0.4, 4: 0.2, 11: 0.2, 12: 0.1, 19: 0.1}),
        ({"schedule": "constant"}, {0: 0.4, 19: 0.4}),
        ({"schedule": "plateau", "val_steps": 5, "warmup_steps": 4}, {0: 0.1, 1: 0.2, 3: 0.4, 19: 0.4}),
    ],
)
def test_the_graph_and_the_log_follow_the_same_course(settings, expected):
    recipe = Recipe(rate=0.4, rate_end=0.1, **settings)
    course = create_schedule(recipe, steps=20, steps_per_epoch=5)
    for done in range(20):
        logged = rate_at(recipe, done + 1, steps=20, steps_per_epoch=5)
        assert float(course(Tensor(done)).asnumpy()) == pytest.approx(logged, rel=1e-5)
        if done in expected:
            assert logged == pytest.approx(expected[done], rel=1e-5)


@pytest.mark.parametrize(("patience", "cooldown"), FACTORS)
def test_the_rate_falls_when_the_score_stays_as_in_pytorch(patience, cooldown):
    plateau = Plateau(0.5, patience, cooldown)
    assert [plateau.update(score) for score in SCORES] == FACTORS[patience, cooldown]


def test_a_plateau_goes_on_from_its_state():
    first, second = Plateau(0.5, 1, 3), Plateau(0.5, 1, 3)
    for score in SCORES[:11]:
        first.update(score)
    second.load_state_dict(first.state_dict())
    assert [second.update(score) for score in SCORES[11:]] == FACTORS[1, 3][11:]

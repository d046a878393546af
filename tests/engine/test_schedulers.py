"""Learning rates, step by step, against the formulas."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

from separate_cli.engine.schedulers import BaseScheduler, DPTNetScheduler, NoamScheduler, make_schedules
from separate_cli.engine.sinkpit_beta import SinkPITBetaScheduler
from separate_cli.losses import SinkPITLossWrapper, pairwise_neg_sisdr
from separate_cli.specs.optimize import (
    ConstantRate,
    CosineRate,
    DPTNetRate,
    NoamRate,
    PlateauRate,
    ScheduleSpec,
    StepRate,
)

PER_EPOCH = 5


def optimizer() -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)


def rates(spec: ScheduleSpec, steps: int, *, losses: float = 1.0) -> list[float]:
    """The rate that each step is made with; an epoch has five, and its validation loss never changes."""
    chosen = optimizer()
    schedules = make_schedules(spec, chosen, total_steps=steps, steps_per_epoch=PER_EPOCH)
    found = []
    for step in range(1, steps + 1):
        found.append(chosen.param_groups[0]["lr"])
        chosen.step()
        for schedule in schedules:
            if schedule["interval"] == "step":
                schedule["scheduler"].step()
            elif step % PER_EPOCH == 0:
                schedule["scheduler"].step(*([losses] if schedule.get("monitor") else []))
    return found


def test_cosine_climbs_in_a_line_and_falls_as_half_a_cosine() -> None:
    found = rates(CosineRate(warmup_steps=4, final_ratio=0.1), 20)
    climb = [0.5 * (step + 1) / 4 for step in range(4)]
    fall = [0.5 * (0.1 + 0.9 * (1 + math.cos(math.pi * (step - 4) / 16)) / 2) for step in range(4, 20)]
    assert found == pytest.approx(climb + fall)


def test_constant_with_warm_up_stays_at_the_top() -> None:
    assert rates(ConstantRate(warmup_steps=2), 6) == pytest.approx([0.25, 0.5, 0.5, 0.5, 0.5, 0.5])


def test_constant_without_warm_up_needs_no_schedule() -> None:
    assert make_schedules(ConstantRate(), optimizer(), total_steps=9, steps_per_epoch=3) == []


def test_plateau_halves_the_rate_after_its_patience() -> None:
    chosen = optimizer()
    (schedule,) = make_schedules(PlateauRate(patience_epochs=2), chosen, total_steps=9, steps_per_epoch=3)
    assert (schedule["interval"], schedule["monitor"]) == ("epoch", "val_loss")
    assert isinstance(schedule["scheduler"], ReduceLROnPlateau)
    found = []
    for loss in (3.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0):
        schedule["scheduler"].step(loss)
        found.append(chosen.param_groups[0]["lr"])
    assert found == [0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]


def test_a_plateau_keeps_what_it_has_taken_away_after_a_warm_up() -> None:
    found = rates(PlateauRate(warmup_steps=3, patience_epochs=1), 25)
    assert found[:3] == pytest.approx([0.5 / 3, 1.0 / 3, 0.5])
    assert [found[step] for step in range(4, 25, 5)] == pytest.approx([0.5, 0.5, 0.5, 0.25, 0.25])


def test_steps_shrink_the_rate_every_so_many_epochs_after_a_warm_up() -> None:
    found = rates(StepRate(warmup_steps=2, factor=0.1, every_epochs=2), 25)
    assert found == pytest.approx([0.25, 0.5] + [0.5] * 8 + [0.05] * 10 + [0.005] * 5)


def test_noam_is_the_lesser_of_a_line_and_a_root() -> None:
    found = rates(NoamRate(d_model=16, warmup_steps=6, scale=2.0), 20)
    expected = [2.0 / 4 * min(step**-0.5, step * 6**-1.5) for step in range(1, 21)]
    assert found == pytest.approx(expected)
    assert max(range(20), key=found.__getitem__) == 5


def test_dptnet_climbs_and_then_falls_every_second_epoch() -> None:
    found = rates(DPTNetRate(d_model=64, warmup_steps=5, noam_scale=0.2, exp_max=0.04, exp_base=0.5), 30)
    climb = [0.2 / 8 * step * 5**-1.5 for step in range(1, 6)]
    fall = [0.04 * 0.5 ** (((step - 1) // PER_EPOCH) // 2) for step in range(6, 31)]
    assert found == pytest.approx(climb + fall)


def test_classes_of_asteroids_users_take_their_arguments_and_show_their_course() -> None:
    noam, dptnet = NoamScheduler(optimizer(), 64, 10), DPTNetScheduler(optimizer(), 5, 64, warmup_steps=10)
    torch.testing.assert_close(noam.as_tensor(stop=10), dptnet.as_tensor(stop=10))
    assert dptnet.as_tensor(start=10, stop=12).tolist() == pytest.approx([4e-4 * 0.98] * 2)


def test_a_course_goes_on_from_its_state() -> None:
    spec = DPTNetRate(warmup_steps=4, exp_base=0.5)
    whole = rates(spec, 23)
    ours = [optimizer(), optimizer()]
    first, second = (
        make_schedules(spec, one, total_steps=23, steps_per_epoch=PER_EPOCH)[0]["scheduler"] for one in ours
    )
    for _ in range(11):
        ours[0].step()
        first.step()
    second.load_state_dict(first.state_dict())
    ours[1].load_state_dict(ours[0].state_dict())
    for expected in whole[11:]:
        assert ours[1].param_groups[0]["lr"] == pytest.approx(expected)
        ours[1].step()
        second.step()


class Halves(BaseScheduler):
    """As a user of Asteroid writes it: its own values come last, and it counts for itself."""

    def __init__(self, optimizer: torch.optim.Optimizer, every: int) -> None:
        super().__init__(optimizer)
        self.every, self.epoch = every, 0

    def _get_lr(self) -> float:
        if self.step_num % self.every == 0:
            self.epoch += 1
        return 0.5**self.epoch


def test_a_schedule_in_asteroids_form_sets_the_rate_after_each_step_and_goes_on_from_its_state() -> None:
    whole = Halves(optimizer(), 2)
    assert whole.as_tensor(stop=5).tolist() == [1, 0.5, 0.5, 0.25, 0.25]
    assert whole.as_tensor(start=3, stop=5).tolist() == [0.25, 0.25]
    assert whole.optimizer.param_groups[0]["lr"] == 0.5 and whole.step_num == whole.epoch == 0
    for expected in (1, 0.5, 0.5):
        whole.step()
        assert whole.optimizer.param_groups[0]["lr"] == expected
    rest = Halves(optimizer(), 9)
    rest.load_state_dict(whole.state_dict())
    rest.step()
    assert rest.optimizer.param_groups[0]["lr"] == 0.25
    with pytest.raises(NotImplementedError):
        BaseScheduler(optimizer()).step()


def test_sinkpits_schedule_is_where_asteroid_has_it() -> None:
    from separate_cli.engine import schedulers, sinkpit_beta

    assert schedulers.SinkPITBetaScheduler is sinkpit_beta.SinkPITBetaScheduler
    assert schedulers.sinkpit_default_beta_schedule(0) == 1
    with pytest.raises(AttributeError, match="no attribute 'SinkPIT'"):
        _ = schedulers.SinkPIT


def test_sinkpits_beta_follows_the_epoch() -> None:
    loss = SinkPITLossWrapper(pairwise_neg_sisdr)
    module, trainer = SimpleNamespace(loss_func=torch.nn.ModuleList([loss])), SimpleNamespace(current_epoch=3)
    SinkPITBetaScheduler().on_train_epoch_start(trainer, module)  # type: ignore[arg-type]
    assert loss.beta == pytest.approx(1.02**3)
    SinkPITBetaScheduler(lambda epoch: 2.0 + epoch, epoch=lambda: 7).on_train_epoch_start(trainer, module)  # type: ignore[arg-type]
    assert loss.beta == 9.0

"""Optimizers are found by name, and take their arguments."""

from __future__ import annotations

import pytest
import torch

from separate_cli.engine import optimizers
from separate_cli.engine.optimizers import get, has_fused_form, make_optimizer, register_optimizer


def test_names_are_found_whatever_their_case() -> None:
    assert get("adamw") is get("AdamW") is torch.optim.AdamW
    assert get(torch.optim.SGD) is torch.optim.SGD


def test_arguments_reach_the_optimizer() -> None:
    made = make_optimizer([torch.nn.Parameter(torch.zeros(2))], optimizer="rmsprop", lr=0.3, weight_decay=0.1)
    assert isinstance(made, torch.optim.RMSprop)
    assert (made.param_groups[0]["lr"], made.param_groups[0]["weight_decay"]) == (0.3, 0.1)


def test_an_unknown_name_is_answered_with_close_ones() -> None:
    with pytest.raises(ValueError, match=r"Unknown optimizer 'adma'.*Adam"):
        get("adma")


def test_an_optimizer_of_ones_own_can_be_registered() -> None:
    class Crawl(torch.optim.SGD):
        pass

    assert register_optimizer(Crawl) is Crawl is get("crawl")
    with pytest.raises(ValueError, match="already taken"):
        register_optimizer(type("Crawl", (torch.optim.SGD,), {}))


@pytest.mark.parametrize(
    "name", ["AccSGD", "AdaBound", "AdaMod", "DiffGrad", "Lamb", "NovoGrad", "PID", "QHAdam", "QHM", "SGDW", "Yogi"]
)
def test_optimizers_of_asteroids_recipes_are_there_and_go_downhill(name: str) -> None:
    weight = torch.nn.Parameter(torch.tensor([3.0, -2.0]))
    made = make_optimizer([weight], optimizer=name, lr=0.01)
    for _ in range(20):
        made.zero_grad()
        weight.square().sum().backward()
        made.step()
    assert float(weight.detach().square().sum()) < 13.0


@pytest.mark.parametrize(("name", "instead"), [("RangerQH", "QHAdam"), ("rangerva", "Ranger21")])
def test_what_only_asteroid_had_is_answered_with_what_to_take(name: str, instead: str) -> None:
    with pytest.raises(ValueError, match=rf"(?i)There is no {name}.*Take Ranger.*{instead}.*\[optimizers\]"):
        get(name)
    assert get(instead) and get("ranger")


def test_without_the_library_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optimizers, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"Unknown optimizer 'yogi'.*separate-cli\[optimizers\]"):
        get("yogi")


def test_the_fused_form_takes_the_same_steps() -> None:
    weights = [torch.nn.Parameter(torch.linspace(-2, 2, 12).view(3, 4).clone()) for _ in range(2)]
    made = [
        make_optimizer([one], "adam", lr=0.1, fused=fused) for one, fused in zip(weights, (True, False), strict=True)
    ]
    for _ in range(5):
        for one, optimizer in zip(weights, made, strict=True):
            optimizer.zero_grad()
            one.pow(4).sum().backward()
            optimizer.step()
    torch.testing.assert_close(*weights)
    assert [has_fused_form(name) for name in ("adam", "adamw", "sgd", "rmsprop")] == [True, True, True, False]

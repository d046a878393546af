"""Optimizers are found by name, and take their arguments."""

from __future__ import annotations

import pytest
import torch

from separate_cli.engine.optimizers import get, make_optimizer, register_optimizer


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

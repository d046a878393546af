"""Wrong arguments of a training are told before anything is fetched or prepared, all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from separate_cli.errors import SpecError
from separate_cli.recipes.load import load_with_origins
from separate_cli.stages.preflight import refuse_the_impossible

SMALL = "train.model.args={n_src: 2, n_filters: 16, bn_chan: 8, hid_chan: 8, skip_chan: 8, n_blocks: 1, n_repeats: 1}"


def faults(recipe: str, *overrides: str, until: str | None = None) -> dict[str, str]:
    loaded, origins = load_with_origins(recipe, ["train.device=cpu", *overrides])
    try:
        refuse_the_impossible(loaded, origins, Path("exp", recipe), until=until)
    except SpecError as error:
        return {fault.field: str(fault) for fault in error.faults}
    return {}


def test_all_parts_are_tried_and_all_that_is_wrong_is_told_with_its_place() -> None:
    found = faults(
        "mini",
        "train.model.args.n_scr=2",
        "train.optimizer.args={betas: [0.9]}",
        "train.loss.pairwise_neg_sisdr.args={EPS: 1}",
        "train.loss.mixit={name: MixITLossWrapper}",
        "train.precision=16",
    )
    assert found.keys() == {
        "train.model.args.n_scr",
        "train.optimizer.args.betas",
        "train.loss.pairwise_neg_sisdr.args",
        "train.loss.mixit",
        "train.precision",
    }
    assert "ConvTasNet takes no argument 'n_scr'; the closest are: n_src" in found["train.model.args.n_scr"]
    assert "IndexError" in found["train.optimizer.args.betas"] and "betas=[0.9]" in found["train.optimizer.args.betas"]
    assert found["train.loss.mixit"].startswith("--set train.loss.mixit={name: MixITLossWrapper}: ")


@pytest.mark.parametrize(
    ("overrides", "field", "words"),
    [
        (["train.device=cuda:77"], "train.device", "There is no device 'cuda:77' here"),
        (["train.optimizer.args={momentom: 1}"], "train.optimizer.args.momentom", "momentom"),
        (["train.optimizer.name=rprop", "train.optimizer.args={etas: [2]}"], "train.optimizer.args.etas", "etas=[2]"),
        (["train.model.args.norm_type=3"], "train.model.args", "'int' object is not callable"),
        (
            ["train.model.args.n_filters=-1"],
            "train.model.args.n_filters",
            "n_filters must be a positive whole number, got -1",
        ),
        (["train.objective={kind: clustering}"], "train.objective", "ConvTasNet has no embed_and_mask"),
        (
            ["train.examples.sample_rate=16000", "prepare.sample_rate=16000"],
            "train.model.args",
            "works at 8000 Hz, train.examples are at 16000 Hz",
        ),
    ],
)
def test_what_cannot_be_made_is_a_fault_of_its_part(overrides: list[str], field: str, words: str) -> None:
    (found,) = faults("librimix", *overrides).items()
    assert found[0] == field
    assert words in found[1]


def test_only_trainings_that_are_wanted_are_looked_at() -> None:
    wrong = "train.model.args.n_scr=2"
    assert faults("mini", wrong, until="prepare") == {}
    assert faults("mini", wrong, until="eval") != {}
    assert faults("mini", SMALL) == {}


def test_every_training_of_a_recipe_is_looked_at() -> None:
    assert faults("wham-two-step", "filterbank.model.args.n_filtres=1").keys() == {"filterbank.model.args.n_filtres"}


def test_a_constructor_that_has_to_compute_is_given_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    from separate_cli import models

    tasnet = models.get("ConvTasNet")

    class Counts(tasnet):  # type: ignore[misc, valid-type]
        def __init__(self, **args: object) -> None:
            super().__init__(**args)
            self.total = float(sum(weight.sum() for weight in self.parameters()))

    monkeypatch.setattr(models, "get", lambda name: Counts)
    assert faults("mini", SMALL) == {}

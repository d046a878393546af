"""Names that nothing goes by, found before anything is loaded: models, losses, optimizers, metrics.

Recipe data --every name in its sections--> (path of the field, what is wrong)

The tables of models, optimizers and metrics load torch or NumPy, so their names stand here once more. What was added to
those tables is known as well: whoever adds something has loaded them.
Checked: tests/recipes/builtin/test_names.py (the names here are those of the tables).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from separate_cli.losses.catalogue import FILES as LOSSES
from separate_cli.recipes.node import Node
from separate_cli.recipes.recipe import HEADER
from separate_cli.registry import closest

__all__ = ["KINDS", "Kind", "unknown_names"]


@dataclass(frozen=True)
class Kind:
    """Things of a kind, by name.

    Args:
        names: What they are called.
        table: Module of the table that has them, which may have more by now.
        folded: Whether upper and lower case are the same.
    """

    names: tuple[str, ...]
    table: str
    folded: bool = True


KINDS: dict[str, Kind] = {
    "model": Kind(
        (
            *("CaCGMM", "Chimera", "ConvTasNet", "DCCRNet", "DCUNet", "DNSBaseline", "DPRNNTasNet", "DPTNet", "DeMask"),
            *("FasNetTAC", "LSTMTasNet", "LookingToListen", "MultiDecoderDPRNN", "SuDORMRFImprovedNet", "SuDORMRFNet"),
            *("TwoStepTDCN", "VADNet", "XUMX"),
        ),
        "separate_cli.models.catalogue",
    ),
    "loss": Kind(tuple(LOSSES), "separate_cli.losses.catalogue"),
    "optimizer": Kind(
        (
            *("ASGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax"),
            *("NAdam", "RAdam", "RMSprop", "Rprop", "SGD"),
        ),
        "separate_cli.engine.optimizers",
    ),
    "metric": Kind(
        (
            *("cer", "dnsmos_bak", "dnsmos_ovr", "dnsmos_sig", "estoi", "isr_v4", "lsd", "pesq", "pesq_nb", "pesq_wb"),
            *("sar", "sar_v4", "sdr", "sdr_v4", "si_sdr", "sir", "sir_v4", "snr", "stoi", "wer"),
        ),
        "separate_cli.metrics.catalogue",
        folded=False,  # columns of results
    ),
}

_PLACES: dict[str, tuple[tuple[str, str], ...]] = {
    "train": (("model", "model.name"), ("optimizer", "optimizer.name"), ("loss", "loss.*.args.loss_func")),
    "eval": (("model", "baseline.name"), ("metric", "metrics.*")),
}
"""Verb → kind and field of each name; ``*`` is any key or place in a list."""
_MORE_OPTIMIZERS = "pytorch_optimizer"


def unknown_names(tree: Node) -> Iterator[tuple[list[str], str]]:
    """Where a recipe's data names what there is not: the path of the field, and a sentence with the closest names."""
    sections: dict[str, Any] = tree.value if isinstance(tree.value, dict) else {}
    for section, node in sections.items():
        if section in HEADER or not isinstance(node.value, dict):
            continue
        verb = node.value["verb"].plain() if "verb" in node.value else section
        for kind, path, name in _names(verb, node):
            problem = _problem(kind, name)
            if problem:
                yield [section, *path], problem


def _names(verb: object, section: Node) -> Iterator[tuple[str, list[str], str]]:
    """Kind, path and text of every name in a section."""
    for kind, field in _PLACES.get(str(verb), ()):
        for path, node in _at(section, field.split(".")):
            if isinstance(node.value, str):
                yield kind, path, node.value
    terms = section.value.get("loss") if verb == "train" else None
    for key, term in terms.value.items() if terms is not None and isinstance(terms.value, dict) else ():
        named = term.value.get("name") if isinstance(term.value, dict) else None
        if named is None or named.value is None:
            yield "loss", ["loss", key], key
        elif isinstance(named.value, str):
            yield "loss", ["loss", key, "name"], named.value


def _at(node: Node, path: list[str]) -> Iterator[tuple[list[str], Node]]:
    """The nodes that a path with wild cards leads to, each with its own path."""
    if not path:
        yield [], node
        return
    value = node.value
    children = value if isinstance(value, dict) else dict(enumerate(value)) if isinstance(value, list) else {}
    for key, child in children.items():
        if path[0] in {"*", key}:
            yield from (([str(key), *rest], found) for rest, found in _at(child, path[1:]))


def _problem(kind: str, name: str) -> str | None:
    """What is wrong with a name; None if something goes by it."""
    there = KINDS[kind]
    known = [*there.names, *_added(there)]
    if name in known or (there.folded and name.casefold() in {one.casefold() for one in known}):
        return None
    if kind == "optimizer":
        return _other_optimizer(name, known)
    return _sentence(kind, name, known)


def _added(kind: Kind) -> Iterable[str]:
    """What a table has by now, if it is loaded."""
    table: Any = sys.modules.get(kind.table)
    if hasattr(table, "available"):
        return list(table.available())
    return list(getattr(table, "METRICS", ()))


def _other_optimizer(name: str, known: list[str]) -> str | None:
    """What is wrong with an optimizer that is not torch's: another library, or the user, may have it."""
    table = KINDS["optimizer"].table
    if find_spec(_MORE_OPTIMIZERS) is None and table not in sys.modules:
        return _sentence("optimizer", name, known) + "; there are more with: pip install 'separate-cli[optimizers]'"
    try:
        import_module(table).get(name)
    except ValueError as error:
        text = str(error)
        return text[:1].lower() + text[1:].removesuffix(".")
    return None


def _sentence(kind: str, name: str, known: list[str]) -> str:
    return f"unknown {kind} {name!r}; the closest names are: {', '.join(closest(name, known))}"

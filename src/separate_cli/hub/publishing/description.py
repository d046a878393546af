"""How a record on Zenodo describes a model: title, people, licence, key words, and a page in the little HTML it keeps.

The page holds the same ``key: value`` lines as the model card, so that one reader understands both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from separate_cli.hub.hugging_face import LIBRARY_NAME
from separate_cli.hub.licences import licence_notice
from separate_cli.hub.publishing.card import summary_lines
from separate_cli.hub.publishing.facts import Facts
from separate_cli.hub.publishing.order import marker

__all__ = ["zenodo_metadata"]


def zenodo_metadata(
    facts: Facts, *, digest: str, reference: str, communities: Sequence[str] = (), version: str = ""
) -> dict[str, Any]:
    """The metadata of a deposit.

    Args:
        facts: About the model.
        digest: Of the published folder.
        reference: What to give to ``sep infer``; empty while that is not known.
        communities: Whom it is offered to.
        version: What people call the version; may be empty.
    """
    header = facts.header
    names = [one.name for one in header.datasets]
    words = [LIBRARY_NAME, "pretrained model", facts.kind, header.model_name, header.task, *names]
    metadata = {
        "title": facts.title,
        "upload_type": "software",
        "description": _page(facts, reference),
        "creators": [one.as_dict() for one in facts.creators],
        "license": facts.derived.licence.zenodo,
        "access_right": "open",
        "keywords": list(dict.fromkeys(word for word in words if word)),
        "notes": marker(digest),
        "version": version,
        "communities": [{"identifier": slug} for slug in communities],
    }
    return {name: value for name, value in metadata.items() if value}


def _page(facts: Facts, reference: str) -> str:
    header, licence = facts.header, facts.derived.licence
    use = f"<p>Use it: <code>sep infer {escape(reference)} recording.wav</code></p>" if reference else ""
    by = ", ".join(one.name for one in facts.creators)
    datasets = [f"{one.name}: {one.licence}{f', by {one.author}' if one.author else ''}" for one in header.datasets]
    metrics = header.metrics
    table = facts.evaluation.scores.get("table") or {}
    parts = [
        f"<p>{escape(header.model_name)}, trained with sep.</p>",
        use,
        f"<p>Source of the network: {escape(facts.paper)}.</p>" if facts.paper else "",
        "<p><b>Results</b></p>",
        _list(summary_lines(facts)),
        _table([table.get("columns", ()), *table.get("rows", ())]) if table else "",
        f"<p>In brackets: {escape(metrics['confidence'])}. Evaluated on the {escape(metrics['eval_set'])}; SHA-256 of "
        f"the evaluation set: <code>{metrics['eval_set_sha256']}</code></p>",
        "<p><b>Data</b></p>",
        _list(datasets),
        f"<p><b>Licence</b>: {escape(licence.title)}</p>",
        _list(facts.derived.reasons),
        f"<p>{escape(licence_notice(facts.title, header.datasets, licence, by=by))}</p>",
        "<p><b>Environment</b></p>",
        _list(f"{name} {version}" for name, version in sorted(facts.environment.items())),
        "<p>README.md is the whole model card, publication.json the same for programs.</p>",
    ]
    return "\n".join(part for part in parts if part)


def _list(items: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"


def _table(rows: Sequence[Sequence[str]]) -> str:
    lines = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tbody>{lines}</tbody></table>"

"""The model card: a page for people, with a front matter that Hugging Face and searches read.

Facts --front_matter--> tags, licence, model-index --+
      --sections--> use, data, results, training ... +--> README.md
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from separate_cli.hub.hugging_face import LIBRARY_NAME
from separate_cli.hub.licences import licence_notice
from separate_cli.hub.publishing.facts import Facts, Score
from separate_cli.hub.publishing.publishable import MODEL

__all__ = ["card", "citation", "summary_lines"]

_PIPELINE = "audio-to-audio"


def card(facts: Facts, *, reference: str, samples: Sequence[str]) -> str:
    """The whole page.

    Args:
        facts: About the model.
        reference: What to give to ``sep infer``.
        samples: Names of the audio files beside it.
    """
    sections = {
        f"# {facts.title}": _introduction(facts),
        "## Use": _use(reference, facts),
        "## Data and licence": _licence(facts),
        "## Results": _results(facts),
        "## Training": _training(facts),
        "## Environment": _table(("software", "version"), sorted(facts.environment.items())),
        "## Samples": _samples(samples),
        "## Citation": f"```bibtex\n{citation(facts)}\n```",
    }
    body = "\n\n".join(f"{title}\n\n{text}" for title, text in sections.items() if text)
    return f"---\n{_front_matter(facts)}\n---\n\n{body}\n"


def summary_lines(facts: Facts) -> Iterator[str]:
    """``key: value`` lines that a search understands: task, rate, sources, and the scores of the first condition."""
    header = facts.header
    yield f"task: {header.task or 'separation'}"
    yield f"sample_rate: {header.sample_rate:g}"
    yield f"n_src: {facts.n_sources}"
    for score in facts.scores():
        yield f"{score.name}: {score.mean:.4g}"


def citation(facts: Facts) -> str:
    """A BibTeX entry."""
    key = re.sub(r"\W+", "_", f"{facts.creators[0].name.partition(',')[0]}_{facts.title}").strip("_").lower()
    fields = {
        "author": " and ".join(one.name for one in facts.creators),
        "title": f"{{{_latex(facts.title)}}}: a trained {facts.header.model_name}",
        "year": f"{facts.finished:%Y}",
        "note": f"Trained with sep; {facts.derived.licence.title}",
    }
    return "\n".join([f"@misc{{{key},", *(f"  {name} = {{{value}}}," for name, value in fields.items()), "}"])


def _latex(text: str) -> str:
    return re.sub(r"([&%$#_{}])", r"\\\1", text)


def _front_matter(facts: Facts) -> str:
    from huggingface_hub import EvalResult, ModelCardData

    header, licence = facts.header, facts.derived.licence
    names = list(dict.fromkeys(one.name for one in header.datasets))
    results = [
        EvalResult(
            task_type=_PIPELINE,
            task_name=facts.kind,
            dataset_type=re.sub(r"[^\w.-]+", "-", names[0]).lower() if names else "unknown",
            dataset_name=", ".join(names) or "unknown",
            dataset_split=str(facts.evaluation.record.spec.get("part", "test")),
            dataset_revision=facts.evaluation.set_digest,
            metric_type=score.name,
            metric_name=_words(score.name),
            metric_value=round(score.mean, 4),
        )
        for score in facts.scores()
    ]
    is_other = licence.hugging_face == "other"
    data = ModelCardData(
        library_name=LIBRARY_NAME,
        license=licence.hugging_face,
        license_name=_slug(licence.title) if is_other else None,
        license_link=(licence.url or None) if is_other else None,
        tags=[
            LIBRARY_NAME,
            "audio",
            facts.kind.replace(" ", "-"),
            header.model_name,
            *([header.task] if header.task else []),
        ],
        datasets=names,
        pipeline_tag=_PIPELINE,
        model_name=facts.title,
        eval_results=results or None,
    )
    return data.to_yaml()


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-")


def _introduction(facts: Facts) -> str:
    header = facts.header
    gives = "one enhanced signal" if facts.n_sources == 1 else f"{facts.n_sources} sources"
    if header.source_names:
        gives += f" ({', '.join(header.source_names)})"
    paper = f"\n\nSource of the network: {facts.paper}." if facts.paper else ""
    takes = f"It takes audio at {header.sample_rate:g} Hz and gives {gives}."
    return f"{header.model_name}, trained with sep. {takes}{paper}"


def _use(reference: str, facts: Facts) -> str:
    cls = facts.header.model_name
    by_number = (
        "By the number of its record: `sep infer zenodo:NUMBER recording.wav`.\n\n" if reference == MODEL else ""
    )
    return (
        f"```bash\npip install {LIBRARY_NAME}\nsep infer {reference} recording.wav\n```\n\n"
        f"```python\nfrom separate_cli import {cls}\n\nmodel = {cls}.from_pretrained({reference!r})\n"
        "estimates = model.separate(mixture)  # (time) -> (source, time)\n```\n\n"
        f"{by_number}`{MODEL}` holds numbers and no code; `publication.json` says the same as this page for programs."
    )


def _licence(facts: Facts) -> str:
    rows = [(one.name, one.part, one.licence, one.author, one.url) for one in facts.header.datasets]
    by, licence = ", ".join(one.name for one in facts.creators), facts.derived.licence
    link = f"[{licence.title}]({licence.url})" if licence.url else licence.title
    reasons = "\n".join(f"- {reason}" for reason in facts.derived.reasons)
    notice = licence_notice(facts.title, facts.header.datasets, licence, by=by)
    table = _table(("data set", "part", "licence", "by", "where"), rows)
    return f"{table}\n\nLicence of the weights: {link}.\n\n{reasons}\n\n{notice}"


def _results(facts: Facts) -> str:
    metrics = facts.header.metrics
    lines = "\n".join(summary_lines(facts))
    table = facts.evaluation.scores.get("table") or {}
    shown = _table(table.get("columns", ()), table.get("rows", ())) if table else _score_table(facts.scores())
    return (
        f"```yaml\n{lines}\n```\n\n{shown}\n\nIn brackets: {metrics['confidence']}. "
        f"Evaluated on the {metrics['eval_set']}; SHA-256 of the evaluation set `{metrics['eval_set_sha256']}`: "
        "scores of other models compare where it is the same."
    )


def _score_table(scores: Sequence[Score]) -> str:
    rows = [(one.name, f"{one.mean:.3f}", _interval(one), str(one.count)) for one in scores]
    return _table(("metric", "mean", "interval", "examples"), rows)


def _interval(score: Score) -> str:
    return "-" if score.low is None or score.high is None else f"[{score.low:.3f}, {score.high:.3f}]"


def _training(facts: Facts) -> str:
    import yaml

    recipe = yaml.safe_dump(facts.header.recipe, sort_keys=True, allow_unicode=True).strip()
    command = f"`{facts.header.command}`\n\n" if facts.header.command else ""
    parents = "\n".join(f"- {name}: SHA-256 `{value}`" for name, value in sorted(facts.header.parents.items()))
    notes = "\n".join(f"- {note}" for note in facts.header.notes)
    return "\n\n".join(part for part in (f"{command}```yaml\n{recipe}\n```", parents, notes) if part)


def _samples(names: Sequence[str]) -> str:
    if not names:
        return ""
    return "From the evaluation, each file with what was put in and what came out:\n\n" + "\n".join(
        f"- [{name}]({name})" for name in names
    )


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(str(text).replace("|", "\\|").split())


def _words(name: str) -> str:
    text = name.removesuffix("_imp").replace("_", "-").upper()
    return f"{text} improvement" if name.endswith("_imp") else text

"""What the README and the docs show works: Python runs, commands have the options shown, links lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import torch
from typer.main import get_command
from typer.testing import CliRunner

from separate_cli.cli.app import app

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(sep [a-z][^`|…]*)`")
VERBS = set(get_command(app).commands)  # type: ignore[attr-defined]


def shown_commands() -> list[str]:
    """Every line of a fenced block, and every piece of code in a sentence, that begins with ``sep`` and a word."""
    found = set[str]()
    for text in (page.read_text("utf-8") for page in PAGES):
        for language, block in FENCE.findall(text):
            if language in {"", "bash", "sh", "console"}:
                lines = block.replace("\\\n", " ").splitlines()
                found |= {line.split("#")[0].strip() for line in lines if re.match(r"sep [a-z]", line)}
        found |= {" ".join(code.split()) for code in INLINE.findall(FENCE.sub("", text))}
    return sorted(found)


def test_the_readmes_python_runs() -> None:
    blocks = [text for language, text in FENCE.findall((ROOT / "README.md").read_text("utf-8")) if language == "python"]
    assert len(blocks) == 2
    torch.manual_seed(0)
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)
    assert names["clear"].shape == (1, 16000)  # type: ignore[attr-defined]


@pytest.mark.parametrize("line", shown_commands())
def test_shown_commands_exist_with_their_options(line: str) -> None:
    words = shlex.split(line)[1:]
    assert words[0] in VERBS
    path, node = [], get_command(app)
    for word in words:
        node = getattr(node, "commands", {}).get(word)
        if node is None:
            break
        path.append(word)
    shown = CliRunner().invoke(app, [*path, "--help"], terminal_width=200)
    assert shown.exit_code == 0
    for option in (word.split("=")[0] for word in words if word.startswith("--")):
        assert option in shown.output


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert not missing


def test_every_decision_is_listed() -> None:
    listed = set(re.findall(r"\((\d[^)]*\.md)\)", (ROOT / "docs/decisions/index.md").read_text("utf-8")))
    assert listed == {path.name for path in (ROOT / "docs/decisions").glob("0*.md")}

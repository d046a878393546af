"""A hook of MkDocs: the ``>>>`` examples of docstrings are shown as code, not as quotations of quotations."""

from __future__ import annotations

from typing import Any

from markdown import Extension, Markdown
from markdown.preprocessors import Preprocessor

__all__ = ["on_config"]


class _FenceExamples(Preprocessor):
    """Puts a fence around each paragraph that begins with ``>>>`` and has none."""

    def run(self, lines: list[str]) -> list[str]:
        """The lines with fences."""
        found: list[str] = []
        fenced = example = False
        for line in [*lines, ""]:
            if line.lstrip().startswith("```"):
                fenced = not fenced
            if not fenced and not example and line.startswith(">>> "):
                example = True
                found.append("```pycon")
            elif example and not line.strip():
                example = False
                found.append("```")
            found.append(line)
        return found


class _DoctestBlocks(Extension):
    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802  # Markdown calls it so
        """Before fences are read."""
        md.preprocessors.register(_FenceExamples(md), "doctest_blocks", 29)


def on_config(config: Any) -> Any:
    """Add the extension to those of ``mkdocs.yml``."""
    config.markdown_extensions.append(_DoctestBlocks())
    return config

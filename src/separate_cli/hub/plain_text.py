"""Text that strangers wrote, made harmless: no markup, no terminal escapes, no invisible marks, no endless length.

"<b>Conv</b>\\x1b[2JTasNet" --text_of_html--> "Conv\\x1b[2JTasNet" --clean--> "Conv[2JTasNet"
"""

from __future__ import annotations

import unicodedata
from html.parser import HTMLParser

__all__ = ["clean", "text_of_html"]

_MAX_CHARACTERS = 200_000
_LINE_TAGS = frozenset({"p", "br", "li", "ul", "ol", "div", "tr", "table", "pre", "blockquote", "h1", "h2", "h3", "h4"})
_CELL_TAGS = frozenset({"td", "th"})
_SILENT_TAGS = frozenset({"script", "style"})


def clean(text: object, *, limit: int = 200) -> str:
    """One line of visible characters, cut off at ``limit``.

    Left out are control characters, and format characters, which can turn the direction of writing around or hide.

    >>> clean("a\\x1b]0;owned\\x07\\n b\\u202ec"), clean("long title", limit=5)
    ('a]0;owned bc', 'long…')
    """
    visible = "".join(
        " " if character.isspace() else character
        for character in str(text)[: 4 * limit]
        if character.isspace() or unicodedata.category(character)[0] != "C"
    )
    line = " ".join(visible.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def text_of_html(markup: str) -> str:
    """The text of a piece of HTML: a line a paragraph, list item or table row, cells with ``|`` between them.

    >>> text_of_html("<p><b>Results:</b></p><ul><li>si_sdr: 15.2</li><li>stoi: .9</ul><tr><td>a<td>1</tr>")
    'Results:\\nsi_sdr: 15.2\\nstoi: .9\\na | 1'
    """
    reader = _Reader()
    reader.feed(markup[:_MAX_CHARACTERS])
    reader.close()
    lines = "".join(reader.parts).splitlines()
    return "\n".join(line for line in (" ".join(line.split()).removeprefix("| ") for line in lines) if line)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _LINE_TAGS:
            self.parts.append("\n")
        elif tag in _CELL_TAGS:
            self.parts.append(" | ")
        elif tag in _SILENT_TAGS:
            self._silent += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in _LINE_TAGS:
            self.parts.append("\n")
        elif tag in _SILENT_TAGS and self._silent:
            self._silent -= 1

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)

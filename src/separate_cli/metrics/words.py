"""Word and character error rate: the fewest edits from what was said to what was recognised.

    "Please call Stella." --normalise--> ["please", "call", "stella"] --edit distance--> EditCounts --> rate

Source: Levenshtein, "Binary codes capable of correcting deletions, insertions, and reversals", 1966; dynamic
programming of Wagner & Fischer, JACM 21(1), 1974.
Checked: tests/metrics/test_words.py (hand-counted cases, brute force, values of jiwer 4.0).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["EditCounts", "character_errors", "count_edits", "normalise_text", "word_errors"]


@dataclass(frozen=True)
class EditCounts:
    """How a recognised text differs from the true one; counts of several texts add up.

    >>> EditCounts(hits=3, substitutions=1) + EditCounts(deletions=1)
    EditCounts(hits=3, substitutions=1, deletions=1, insertions=0)
    """

    hits: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    @property
    def length(self) -> int:
        """Units in the true text."""
        return self.hits + self.substitutions + self.deletions

    @property
    def rate(self) -> float:
        """Errors over the length of the true text: 0 is perfect, may exceed 1; NaN for an empty true text."""
        errors = self.substitutions + self.deletions + self.insertions
        return errors / self.length if self.length else float("nan")

    def __add__(self, other: EditCounts) -> EditCounts:
        return EditCounts(
            self.hits + other.hits,
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
        )


def normalise_text(text: str) -> str:
    """Lower case, no punctuation but apostrophes within words, single spaces. Numbers are not spelled out.

    >>> normalise_text("It’s  HERE -- “now”, isn't it?")
    "it's here now isn't it"
    """
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    text = re.sub(r"[^\w\s']|_", " ", text)
    return " ".join(word for part in text.split() if (word := part.strip("'")))


def word_errors(truth: str, recognised: str) -> EditCounts:
    """Edits between the words of two texts, after normalisation.

    >>> word_errors("Please call Stella.", "please tall stellar now").rate
    1.0
    """
    return count_edits(normalise_text(truth).split(), normalise_text(recognised).split())


def character_errors(truth: str, recognised: str) -> EditCounts:
    """Edits between the characters of two texts, after normalisation; spaces count.

    >>> character_errors("call", "tall")
    EditCounts(hits=3, substitutions=1, deletions=0, insertions=0)
    """
    return count_edits(normalise_text(truth), normalise_text(recognised))


def count_edits(truth: Sequence[str], recognised: Sequence[str]) -> EditCounts:
    """The fewest substitutions, deletions and insertions that turn ``truth`` into ``recognised``.

    Among equally short ways, a substitution is preferred to a deletion and an insertion.

    >>> count_edits("abcd", "acde")
    EditCounts(hits=3, substitutions=0, deletions=1, insertions=1)
    """
    costs = [list(range(len(recognised) + 1))]  # costs[i][j]: from the first i units to the first j
    for i, unit in enumerate(truth, 1):
        row = [i]
        for j, other in enumerate(recognised, 1):
            row.append(min(costs[-1][j - 1] + (unit != other), costs[-1][j] + 1, row[-1] + 1))
        costs.append(row)
    hits = substitutions = deletions = insertions = 0
    i, j = len(truth), len(recognised)
    while i or j:
        differs = i > 0 and j > 0 and truth[i - 1] != recognised[j - 1]
        if i and j and costs[i][j] == costs[i - 1][j - 1] + differs:
            hits, substitutions, i, j = hits + (not differs), substitutions + differs, i - 1, j - 1
        elif i and costs[i][j] == costs[i - 1][j] + 1:
            deletions, i = deletions + 1, i - 1
        else:
            insertions, j = insertions + 1, j - 1
    return EditCounts(hits, substitutions, deletions, insertions)

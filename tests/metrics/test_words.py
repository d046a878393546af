from __future__ import annotations

import json
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from separate_cli.metrics.words import EditCounts, character_errors, count_edits, normalise_text, word_errors


def test_rates_are_those_of_jiwer() -> None:
    cases = json.loads((Path(__file__).parent / "goldens" / "words.json").read_text("utf-8"))
    assert len(cases) == 20
    for case in cases:
        texts = case["truth"], case["recognised"]
        assert word_errors(*texts).rate == pytest.approx(case["wer"])
        assert character_errors(*texts).rate == pytest.approx(case["cer"])


def test_the_number_of_edits_is_the_smallest_possible() -> None:
    @cache
    def distance(a: str, b: str) -> int:
        if not a or not b:
            return len(a) + len(b)
        return min(distance(a[1:], b) + 1, distance(a, b[1:]) + 1, distance(a[1:], b[1:]) + (a[0] != b[0]))

    texts = ["".join(letters) for size in range(4) for letters in product("ab", repeat=size)]
    for a, b in product(texts, texts):
        counts = count_edits(a, b)
        assert counts.substitutions + counts.deletions + counts.insertions == distance(a, b)
        assert counts.length == len(a)
        assert counts.hits + counts.substitutions + counts.insertions == len(b)


def test_case_punctuation_and_quotes_do_not_count_but_apostrophes_in_words_do() -> None:
    assert word_errors("Don't stop -- 'now'!", "don’t STOP now").rate == 0
    assert normalise_text("well_known re-use") == "well known re use"
    assert word_errors("its", "it's").rate == 1


def test_an_empty_truth_has_no_rate_but_its_insertions_count_in_a_sum() -> None:
    nothing = word_errors("", "noise words")
    assert np.isnan(nothing.rate)
    assert (nothing + EditCounts(hits=4)).rate == 0.5

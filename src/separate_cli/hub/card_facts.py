"""What a model card says in its text: scores, sample rate, number of speakers, task, restrictions.

Cards of Asteroid hold blocks of ``key: value`` lines that only look like YAML (stray quotes, commas, missing colons,
NaN); others hold tables. All are read line by line.

    "'si_sdr_imp': 15.24,"  |  "SI-SDRi | 15.24 dB"  |  "- sdr' 9.3"   -->   {"si_sdr_imp": 15.24, "sdr": 9.3}
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["CardFacts", "metric_key", "read_card"]

_METRICS = frozenset(
    {
        "si_sdr",
        "sdr",
        "sir",
        "sar",
        "isr",
        "snr",
        "si_snr",
        "stoi",
        "estoi",
        "pesq",
        "wer",
        "lsd",
        "dnsmos",
        "f1",
        "accuracy",
    }
)
_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
_SCORE = re.compile(rf"^[^\w]*(?P<key>[A-Za-z][\w\-. ]{{0,24}}?)[^\w.+-]+(?P<value>{_NUMBER})(?![\w.-])")
_SETTING = re.compile(r"^[^\w]*(?P<key>sample_rate|n_src|task)\W*[:=|]\W*(?P<value>[\w.]{1,24})", re.IGNORECASE)
_NOTICE = re.compile(
    r"\bis (?:a derivative of|adapted from)\b.{0,4000}?(?:is licensed under|\Z)", re.IGNORECASE | re.DOTALL
)
_RESTRICTED = re.compile(r"research[ -]only|non[- ]?commercial|\bby[- ]nc\b|educational use|\bLDC\b", re.IGNORECASE)


@dataclass(frozen=True)
class CardFacts:
    """What the text of a card says; None and empty where it says nothing.

    Attributes:
        scores: Name of a metric → value.
        sample_rate: In Hz.
        speakers: How many sources it separates.
        task: For example ``sep_clean``.
        restricted_data: Whether the data that it names is free for research or non-commercial use only.
    """

    scores: Mapping[str, float] = field(default_factory=dict)
    sample_rate: int | None = None
    speakers: int | None = None
    task: str = ""
    restricted_data: bool | None = None


def read_card(text: str) -> CardFacts:
    """Read a card. The first value of a name counts.

    >>> facts = read_card("data:\\n  n_src: 2\\n  sample_rate: 8000\\nResults:\\n'si_sdr': 15.2,\\nsir: Infinity")
    >>> facts.speakers, facts.sample_rate, facts.scores
    (2, 8000, {'si_sdr': 15.2})
    """
    notice = _NOTICE.search(text)
    scores: dict[str, float] = {}
    settings: dict[str, str] = {}
    for line in text.splitlines():
        setting = _SETTING.match(line[:200])
        if setting is not None:
            settings.setdefault(setting["key"].casefold(), setting["value"])
            continue
        found = _SCORE.match(line[:200])
        key = metric_key(found["key"]) if found else ""
        if found and key and math.isfinite(float(found["value"])):
            scores.setdefault(key, float(found["value"]))
    return CardFacts(
        scores=scores,
        sample_rate=_whole(settings.get("sample_rate")),
        speakers=_whole(settings.get("n_src")),
        task=settings.get("task", ""),
        restricted_data=bool(_RESTRICTED.search(notice[0])) if notice else None,
    )


def metric_key(name: str) -> str:
    """The one spelling of a metric's name; empty if it is none of those that are known.

    >>> metric_key("SI-SDRi"), metric_key("si_sdr_imp"), metric_key("STOI improvement"), metric_key("lr")
    ('si_sdr_imp', 'si_sdr_imp', 'stoi_imp', '')
    """
    key = re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")
    key = re.sub(r"_improvement$", "_imp", key)
    if key.endswith("i") and key[:-1] in _METRICS:
        key = f"{key[:-1]}_imp"
    return key if key.removesuffix("_imp") in _METRICS else ""


def _whole(text: str | None) -> int | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return int(value) if math.isfinite(value) and 0 < value < 1e6 else None

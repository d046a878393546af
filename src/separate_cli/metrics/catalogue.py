"""The table of metrics: what each is called, its unit, its direction, and which family computes it.

A family scores a whole ``Trial`` and may give several metrics at once (SDR, SIR and SAR share their projections). Its
back end is imported when it is first used, so a missing package costs one metric, not all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from separate_cli.metrics.bss import score_bss
from separate_cli.metrics.intelligibility import score_estoi, score_stoi
from separate_cli.metrics.music import MUSIC_METRICS, score_music
from separate_cli.metrics.noreference import DNSMOS_METRICS, score_dnsmos
from separate_cli.metrics.perceptual import score_pesq, score_pesq_nb, score_pesq_wb
from separate_cli.metrics.ratios import score_si_sdr, score_snr
from separate_cli.metrics.recognition import score_words
from separate_cli.metrics.spectral import score_lsd
from separate_cli.metrics.waves import Outcome, Trial
from separate_cli.registry import Registry

__all__ = ["DEFAULT_METRICS", "METRICS", "Family", "Metric"]

Family: TypeAlias = Callable[[Trial], Mapping[str, Outcome]]


@dataclass(frozen=True)
class Metric:
    """One metric.

    Args:
        name: Key in results.
        family: Computes it (and perhaps others) for a trial.
        unit: ``"dB"`` or empty.
        higher_is_better: False turns the sign of improvements round, so that positive always means better.
        multichannel: Whether the family takes ``(signal, channel, time)``; otherwise channels are scored one by one
            and averaged.
    """

    name: str
    family: Family
    unit: str = ""
    higher_is_better: bool = True
    multichannel: bool = False


METRICS: Registry[Metric] = Registry("metric")
"""All metrics by name. ``METRICS.register(name, Metric(...))`` adds one of your own."""

for _metric, _aliases in (
    (Metric("si_sdr", score_si_sdr, "dB"), ["si_snr", "sisdr"]),
    (Metric("snr", score_snr, "dB"), []),
    (Metric("sdr", score_bss, "dB"), []),
    (Metric("sir", score_bss, "dB"), []),
    (Metric("sar", score_bss, "dB"), []),
    (Metric("stoi", score_stoi), []),
    (Metric("estoi", score_estoi), []),
    (Metric("pesq", score_pesq), []),
    (Metric("pesq_wb", score_pesq_wb), []),
    (Metric("pesq_nb", score_pesq_nb), []),
    (Metric("lsd", score_lsd, "dB", higher_is_better=False), []),
    (Metric("wer", score_words, higher_is_better=False), []),
    (Metric("cer", score_words, higher_is_better=False), []),
    *((Metric(name, score_dnsmos), []) for name in DNSMOS_METRICS),
    *((Metric(name, score_music, "dB", multichannel=True), []) for name in MUSIC_METRICS),
):
    METRICS.register(_metric.name, _metric, aliases=_aliases)

DEFAULT_METRICS: tuple[str, ...] = ("si_sdr", "sdr", "sir", "sar", "stoi", "pesq", "lsd")
"""What ``evaluate`` computes when nothing is named."""

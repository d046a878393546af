"""The one door from a spec to examples: ``make_examples``.

ExamplesSpec, Corpus --make_examples--> Examples[Draw] --> mixture (time), references (source, time)
"""

from __future__ import annotations

from separate_cli.data.corpus import Corpus
from separate_cli.data.demask import DemaskDataset
from separate_cli.data.mixture_dataset import MixtureDataset
from separate_cli.data.pairs import PairDataset
from separate_cli.data.remix import RemixDataset
from separate_cli.data.sampling import Examples
from separate_cli.data.stems import StemDataset, plain_songs
from separate_cli.specs.demask import DemaskExamples
from separate_cli.specs.examples import ExamplesSpec, MixtureExamples, RemixExamples
from separate_cli.specs.special_examples import PairExamples, StemExamples

__all__ = ["make_examples"]


def make_examples(spec: ExamplesSpec, corpus: Corpus, *, part: str, seed: int) -> Examples:
    """Examples of one part of a corpus, as ``spec`` wants them.

    Args:
        spec: What to draw, and how often.
        corpus: Prepared by ``sep data prepare``.
        part: ``"train"``, ``"valid"`` or ``"test"``.
        seed: Decides everything that is drawn.

    Returns:
        Indexed by ``data.sampling.Draw`` (or by a number, for epoch 0): mixture ``(time)`` or ``(channel, time)``, and
        references ``(source, time)``; a pure function of seed, epoch and example.

    Raises:
        InputError: If the corpus lacks what is asked for.
    """
    if isinstance(spec, DemaskExamples):
        return DemaskDataset(corpus, spec, part=part, seed=seed)
    if isinstance(spec, MixtureExamples):
        return MixtureDataset(corpus, spec, part=part, seed=seed)
    if isinstance(spec, PairExamples):
        return PairDataset(corpus, spec, part=part, seed=seed)
    if isinstance(spec, StemExamples):
        is_training = part == "train"
        return (StemDataset if is_training else plain_songs)(corpus, spec, part=part, seed=seed)
    if part != "train" and corpus.mixtures(part):
        return MixtureDataset(corpus, _validation(spec), part=part, seed=seed)
    return RemixDataset(corpus, spec, part=part, seed=seed)


def _validation(spec: RemixExamples) -> MixtureExamples:
    """How prepared mixtures are heard where training mixes anew."""
    noisy = spec.noise_probability > 0
    return MixtureExamples(
        task=spec.valid_task or ("enh_single" if spec.n_src == 1 else "sep_noisy" if noisy else "sep_clean"),
        n_src=spec.n_src,
        sample_rate=spec.sample_rate,
        segment_seconds=spec.segment_seconds,
        valid_examples=spec.valid_examples,
    )

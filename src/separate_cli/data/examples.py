"""The one door from a spec to examples: ``make_examples``.

ExamplesSpec, Corpus --make_examples--> Examples[Draw] --> mixture (time), references (source, time)
"""

from __future__ import annotations

from collections.abc import Callable

from separate_cli.data.activity import ActivityDataset
from separate_cli.data.arrays import ArrayDataset
from separate_cli.data.corpus import Corpus
from separate_cli.data.demask import DemaskDataset
from separate_cli.data.faces import FaceDataset
from separate_cli.data.mixture_dataset import MixtureDataset
from separate_cli.data.pairs import PairDataset
from separate_cli.data.remix import RemixDataset
from separate_cli.data.sampling import Examples
from separate_cli.data.stems import StemDataset, plain_songs
from separate_cli.specs.examples import ExamplesSpec, MixtureExamples, RemixExamples
from separate_cli.specs.special_examples import StemExamples

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
    is_training = part == "train"
    if isinstance(spec, StemExamples) and not is_training:
        return plain_songs(corpus, spec, part=part, seed=seed)
    if isinstance(spec, RemixExamples) and not is_training and corpus.mixtures(part):
        return MixtureDataset(corpus, _validation(spec), part=part, seed=seed)
    return _KINDS[spec.kind](corpus, spec, part=part, seed=seed)


_KINDS: dict[str, Callable[..., Examples]] = {
    "activity": ActivityDataset,
    "array": ArrayDataset,
    "demask": DemaskDataset,
    "faces": FaceDataset,
    "mixtures": MixtureDataset,
    "pairs": PairDataset,
    "remix": RemixDataset,
    "stems": StemDataset,
}


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

"""What the terms of the loss compare: waves, or something else that a model gives beside its estimates.

The terms themselves are ``train.loss``; most objectives only say what they are given.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, NonNegativeFloat, PositiveInt

from separate_cli.specs.base import Spec
from separate_cli.specs.ranges import Probability

__all__ = [
    "ArrayObjective",
    "ClusteringObjective",
    "CountingObjective",
    "FacesObjective",
    "FilterbankObjective",
    "FramesObjective",
    "LatentsObjective",
    "ObjectiveSpec",
    "StemsObjective",
    "WavesObjective",
]


class _Objective(Spec):
    """``needs_terms``: whether there is nothing to make small without terms of the loss."""

    needs_terms: ClassVar[bool] = True


class WavesObjective(_Objective):
    """Estimates against references, as waves."""

    kind: Literal["waves"] = "waves"


class FramesObjective(_Objective):
    """Masked frames of the filterbank against those of the references: for models that mask an STFT."""

    kind: Literal["frames"] = "frames"


class FilterbankObjective(_Objective):
    """First step of two: references against what ideal masks recover of them, which trains the filterbank alone."""

    kind: Literal["filterbank"] = "filterbank"


class LatentsObjective(_Objective):
    """Second step of two: masked frames against ideally masked ones, with the filterbank as it is."""

    kind: Literal["latents"] = "latents"


class ClusteringObjective(_Objective):
    """Deep clustering of the bins, and the terms of the loss on what the masks give beside it."""

    needs_terms: ClassVar[bool] = False

    kind: Literal["clustering"] = "clustering"
    share: Probability = Field(1.0, description="Of deep clustering in the loss. Below 1 it is a Chimera network.")
    form: Literal["plain", "whitened"] = Field(
        "plain", description="plain: affinities of all bins alike. whitened: by magnitude, and quicker to learn."
    )
    range_db: NonNegativeFloat = Field(40.0, description="plain: bins so far below the loudest do not count.")
    compare: Literal["magnitudes", "waves"] = Field(
        "magnitudes", description="What the terms of the loss compare: masked magnitudes, or the separated waves."
    )


class CountingObjective(_Objective):
    """The terms of the loss on every stage's estimates, later stages counting more, and the number of speakers."""

    kind: Literal["counting"] = "counting"
    count_weight: NonNegativeFloat = Field(0.05, description="Of the cross entropy of the number of speakers.")


class FacesObjective(_Objective):
    """Estimates against references, in the order of faces that the model sees beside the wave."""

    kind: Literal["faces"] = "faces"


class ArrayObjective(_Objective):
    """Estimates against references, for recordings with different numbers of microphones."""

    kind: Literal["array"] = "array"


class StemsObjective(_Objective):
    """Magnitudes and waves of stems, and of all sums of several of them."""

    needs_terms: ClassVar[bool] = False

    kind: Literal["stems"] = "stems"
    combinations: bool = Field(True, description="Whether sums of stems count, too.")
    time_weight: NonNegativeFloat = Field(10.0, description="Of the weighted SDR of the waves. 0: magnitudes only.")
    statistics_examples: PositiveInt = Field(
        500, description="So many examples tell the mean and deviation of each bin before training begins."
    )


ObjectiveSpec = Annotated[
    WavesObjective
    | FramesObjective
    | FilterbankObjective
    | LatentsObjective
    | ClusteringObjective
    | CountingObjective
    | FacesObjective
    | ArrayObjective
    | StemsObjective,
    Field(discriminator="kind"),
]

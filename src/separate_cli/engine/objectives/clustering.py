"""Deep clustering and Chimera: embeddings of bins, and masks beside them.

    mixture --one network, two heads--> embeddings (batch, bin, dim), masks (batch, source, freq, frame)
    share * deep_clustering_loss(embeddings, who is loudest) + (1 - share) * terms(masked, ideally masked magnitudes)
                                                        compare="waves": terms(separated waves, references)

A source's share of a bin is its magnitude over the sum of all magnitudes. Bins far below the mixture's loudest do not
count for the embeddings.

Source: Hershey et al., "Deep clustering", ICASSP 2016; Wang et al., "Alternative objective functions for deep
clustering", ICASSP 2018, eq. 4.
Checked: tests/engine/objectives/test_clustering.py.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from separate_cli.dsp.vad import ebased_vad
from separate_cli.engine.objective import Objective
from separate_cli.engine.objectives.guided import Guided
from separate_cli.filterbanks import transforms
from separate_cli.losses import deep_clustering_loss, whitened_clustering_loss
from separate_cli.specs.objectives import ClusteringObjective

__all__ = ["Clustering"]

_EPS = 1e-8


class Clustering(Guided):
    """Both heads of a Chimera network.

    Raises:
        ValueError: If the masks count, but the loss has no term for them.
    """

    needed = ("embed_and_mask", "embed_and_separate", "forward_encoder")

    def __init__(self, spec: ClusteringObjective, terms: Objective) -> None:
        super().__init__(terms)
        if spec.share < 1 and not terms.weights:
            raise ValueError("Expected a term of the loss for the masks, such as pairwise_mse, or a share of 1.")
        self.spec = spec

    def forward(self, model: Any, inputs: Tensor, references: Tensor) -> Tensor:
        """The loss of a batch."""
        share, by_waves = self.spec.share, self.spec.compare == "waves"
        embeddings, separated = (model.embed_and_separate if by_waves else model.embed_and_mask)(inputs)
        with torch.no_grad():
            heard = transforms.mag(model.forward_encoder(inputs.unsqueeze(1)))  # (batch, freq, frame)
            sources = transforms.mag(model.forward_encoder(references.flatten(0, 1).unsqueeze(1)))
            sources = sources.reshape(*references.shape[:2], *heard.shape[1:])
        clustering = self._clustering(embeddings, sources, heard).mean()
        if share == 1:
            return clustering
        if by_waves:
            return share * clustering + (1 - share) * self.compare(separated, references)
        ideal = sources / (sources.sum(1, keepdim=True) + _EPS) * heard.unsqueeze(1)
        masked = separated * heard.unsqueeze(1)
        return share * clustering + (1 - share) * self.compare(masked.flatten(2), ideal.flatten(2))

    def _clustering(self, embeddings: Tensor, sources: Tensor, heard: Tensor) -> Tensor:
        with torch.autocast(device_type=heard.device.type, enabled=False):
            vectors, dominant = embeddings.float(), _loudest(sources)
            if self.spec.form == "whitened":
                return whitened_clustering_loss(vectors, dominant, heard.float(), n_src=sources.shape[1])
            active = ebased_vad(heard, th_db=self.spec.range_db)
            return deep_clustering_loss(vectors, dominant, active)


def _loudest(sources: Tensor) -> Tensor:
    """``sources.argmax(1)``, which is slow across few: the first where several are as loud."""
    loudest, number = sources[:, 0], torch.zeros_like(sources[:, 0], dtype=torch.long)
    for other in range(1, sources.shape[1]):
        louder = sources[:, other] > loudest
        loudest = torch.where(louder, sources[:, other], loudest)
        number = number.masked_fill(louder, other)
    return number

"""Score a model that sees faces beside the mixture: every mixture of a part, as in ``separation``.

mixture, faces --model--> estimates in the order of the faces --metrics--> a row
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from separate_cli.data.faces import faces_of
from separate_cli.data.mixture_trials import MixtureTrial
from separate_cli.errors import SpecError
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.evaluation.separation import FacesEval
from separate_cli.stages.evaluation.separation import score_mixtures
from separate_cli.stages.evaluation.subject import corpus_of, subject_of

__all__ = ["run"]

Wave = NDArray[np.float32]


def run(spec: FacesEval, context: StageContext) -> None:
    """Score all mixtures that have no row yet, then sum up.

    Raises:
        SpecError: If a metric is unknown, or the model sees no faces or does not fit the mixtures.
        InputError: If there is nothing to score, the model cannot be read, or every mixture fails.
    """
    subject, corpus = subject_of(spec, context), corpus_of(spec, context)
    model = subject.model
    if not hasattr(model, "face_dim"):
        raise SpecError(f"{type(model).__name__} sees no faces.", hint="Evaluate it with eval.kind=separation.")

    def separate(trial: MixtureTrial, wave: Wave) -> Wave:
        faces = torch.from_numpy(faces_of(corpus, trial.mixture)).to(model.device)
        with torch.inference_mode():
            estimates = model(torch.tensor(wave[0], device=model.device), faces)
        separated: Wave = estimates.cpu().numpy()[:, np.newaxis]
        return separated

    score_mixtures(spec, context, subject, separate=separate)

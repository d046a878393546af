"""What ends a training is told with what can still be done about it."""

from __future__ import annotations

import pytest
import torch

from separate_cli.engine.ranks import ALONE
from separate_cli.engine.troubles import explained
from separate_cli.errors import SepError


@pytest.mark.parametrize(
    ("error", "precision", "advice"),
    [
        (FloatingPointError("NaN"), "bf16", "train.clip_norm, or set train.precision=32, then train again."),
        (FloatingPointError("NaN"), "32", "train.clip_norm, then train again."),
        (torch.cuda.OutOfMemoryError(), "32", "train.accumulate_batches, or set train.precision=bf16."),
        (torch.cuda.OutOfMemoryError(), "bf16", "train.accumulate_batches."),
    ],
)
def test_nobody_is_told_to_set_the_precision_that_is_set(error: Exception, precision: str, advice: str) -> None:
    with pytest.raises(SepError) as told, explained(torch.device("cpu"), ALONE, precision):
        raise error
    assert told.value.hint.endswith(advice)

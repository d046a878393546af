"""Which channels a model hears."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from separate_cli.audio.channels import plan_channels
from separate_cli.errors import InputError

PATH = Path("meeting.wav")
BLOCK = np.array([[1.0, 2.0], [3.0, 6.0]], np.float32)


@pytest.mark.parametrize(
    ("policy", "wanted"), [("each", [[[1, 2]], [[3, 6]]]), ("mix", [[[2, 4]]]), ("first", [[[1, 2]]])]
)
def test_a_single_channel_model_hears_each_their_mean_or_the_first(policy, wanted: list) -> None:
    plan = plan_channels(PATH, 2, in_channels=1, policy=policy)
    assert plan.arrange(plan.reduce(BLOCK)).tolist() == wanted


def test_a_model_of_any_number_of_microphones_hears_all_at_once() -> None:
    plan = plan_channels(PATH, 2, in_channels=None)
    assert plan.arrange(plan.reduce(BLOCK)).tolist() == [[[1, 2], [3, 6]]]


def test_a_mono_file_is_its_own_mean() -> None:
    plan = plan_channels(PATH, 1, in_channels=1, policy="mix")
    assert plan.arrange(plan.reduce(BLOCK[:1])).tolist() == [[[1, 2]]]


@pytest.mark.parametrize("channels", [1, 3])
def test_a_stereo_model_refuses_other_recordings(channels: int) -> None:
    with pytest.raises(InputError, match="takes 2"):
        plan_channels(PATH, channels, in_channels=2)

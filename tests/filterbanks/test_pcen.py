"""Per-channel energy normalisation against SciPy, asteroid-filterbanks and itself in pieces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.signal import lfilter

from separate_cli.filterbanks import PCEN, StatefulPCEN
from separate_cli.filterbanks.pcen import ExponentialMovingAverage

GOLDENS = {
    name: torch.from_numpy(value)
    for name, value in np.load(Path(__file__).parent / "goldens" / "phase_and_pcen.npz").items()
}


def test_numbers_are_asteroids() -> None:
    spec = GOLDENS["spectrogram"]
    own = PCEN(n_channels=2, per_channel_smoothing=True)
    torch.testing.assert_close(own(spec), GOLDENS["pcen"], atol=1e-6, rtol=0)
    clipped = PCEN(alpha=1.5, delta=1.0, root=0.5, floor=1e-3, smooth=0.2, n_channels=2)
    torch.testing.assert_close(clipped(spec), GOLDENS["pcen_other"], atol=1e-6, rtol=1e-6)
    assert list(own.state_dict()) == ["alpha", "delta", "root", "ema.weights"]


def test_the_formula_is_scipys_filter_and_a_power_law() -> None:
    spec = np.random.default_rng(0).random((5, 40))
    smooth, _ = lfilter([0.1], [1, -0.9], spec, axis=-1, zi=0.9 * spec[:, :1])
    expected = (spec / (1e-3 + smooth) ** 0.8 + 2) ** (1 / 3) - 2 ** (1 / 3)
    ours = PCEN(alpha=0.8, root=3, floor=1e-3, smooth=0.1)(torch.from_numpy(spec[None]))
    np.testing.assert_allclose(ours.detach().numpy()[0], expected, atol=1e-7)


def test_pieces_give_the_same_as_the_whole() -> None:
    spec = torch.rand(2, 1, 4, 30)
    whole, stateful = PCEN()(spec), StatefulPCEN()
    state, parts = None, []
    for piece in spec.split([1, 7, 22], dim=-1):
        out, state = stateful(piece, state)
        parts.append(out)
    torch.testing.assert_close(torch.cat(parts, -1), whole)


def test_the_level_of_the_input_hardly_matters() -> None:
    spec = 0.1 + torch.rand(1, 1, 4, 200)
    assert torch.dist(PCEN()(spec), PCEN()(10 * spec)) < 0.1 * PCEN()(spec).norm()


def test_silence_gives_zeros() -> None:
    assert PCEN()(torch.zeros(1, 1, 3, 5)).abs().max() == 0


def test_what_is_trainable_can_be_chosen() -> None:
    spec = torch.rand(1, 3, 10)
    some = PCEN(trainable={"alpha": True, "smooth": True})
    some(spec).sum().backward()
    learned = {name for name, parameter in some.named_parameters() if parameter.requires_grad}
    assert learned == {"alpha", "ema.weights"}
    assert all(dict(some.named_parameters())[name].grad.abs() > 0 for name in learned)
    assert all(parameter.requires_grad for parameter in PCEN(trainable=True).parameters())
    assert not any(parameter.requires_grad for parameter in PCEN().parameters())


def test_an_average_stays_between_its_inputs() -> None:
    spec = torch.rand(2, 3, 4, 20)
    average, last = ExponentialMovingAverage(per_channel=True, n_channels=3)(spec)
    assert (average <= spec.amax(-1, keepdim=True)).all()
    assert torch.equal(average[..., -1:], last)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"trainable": {"floor": True}}, "floor"), ({"floor": 0.0}, "floor"), ({"delta": -1.0}, "delta")],
)
def test_impossible_settings_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PCEN(**arguments)  # type: ignore[arg-type]


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="frame"):
        PCEN()(torch.rand(3, 4))


@pytest.mark.parametrize("arguments", [{}, {"n_channels": 2, "per_channel_smoothing": True, "trainable": True}])
def test_the_stateful_form_of_a_trained_one_gives_its_numbers_and_shares_its_parameters(
    arguments: dict[str, object],
) -> None:
    trained = PCEN(alpha=0.7, delta=1.0, root=3.0, floor=1e-3, smooth=0.2, **arguments)  # type: ignore[arg-type]
    stateful = StatefulPCEN.from_pcen(trained.eval())
    spec = torch.rand(2, 2 if arguments else 1, 4, 9)
    torch.testing.assert_close(stateful(spec)[0], trained(spec))
    assert all(ours is theirs for ours, theirs in zip(stateful.parameters(), trained.parameters(), strict=True))
    assert not stateful.training


def test_all_arguments_go_by_position_in_asteroids_order() -> None:
    by_position = PCEN(0.7, 1.0, 3.0, 1e-3, 0.2, 2, {"alpha": True}, True)
    assert by_position.alpha.shape == by_position.ema.weights.shape == (2,)
    assert by_position.alpha.requires_grad and not by_position.root.requires_grad

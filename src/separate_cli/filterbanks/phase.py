"""Phase reconstruction: waves whose STFT has the given magnitudes.

    magnitudes (..., freq, frame), phases --decoder--> waves --encoder--> consistent phases, a few times over --> waves

``griffin_lim`` treats every signal on its own; ``misi`` lets several sources add up to a known mixture in every round.
Both are differentiable.

Source: Perraudin et al., "A fast Griffin-Lim algorithm", WASPAA 2013; Gunawan & Sen, "Iterative phase estimation for
the synthesis of separated sources from single-channel mixtures", IEEE SPL 17(5), 2010.
Checked: tests/filterbanks/test_phase.py (golden waves, spectral convergence, true phases as a fixed point).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from separate_cli.dsp.consistency import mixture_consistency
from separate_cli.filterbanks.base import Decoder, Encoder
from separate_cli.filterbanks.stft import STFTFB, perfect_synthesis_window
from separate_cli.filterbanks.transforms import angle, from_magphase

__all__ = ["griffin_lim", "misi"]


def griffin_lim(  # noqa: PLR0917  the order that Asteroid's users know
    mag_specgram: Tensor,
    stft_enc: Encoder,
    angles: Tensor | None = None,
    istft_dec: Decoder | None = None,
    n_iter: int = 6,
    momentum: float = 0.9,
    *,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Waves from magnitudes, by fast Griffin-Lim.

    Args:
        mag_specgram: Magnitudes, ``(batch, freq, frame)`` or ``(..., freq, frame)``.
        stft_enc: An STFT encoder that gives such frames.
        angles: First phases in radians, as ``mag_specgram``; random unless given.
        istft_dec: What undoes ``stft_enc``; made to fit unless given.
        n_iter: Number of rounds.
        momentum: 0 is the classic algorithm; below 1.
        generator: Draws the first phases.

    Returns:
        As ``istft_dec`` gives them, ``(batch, 1, time)`` or ``(..., time)``.

    Raises:
        ValueError: If ``momentum`` is not in 0 to 1, or ``stft_enc`` is no STFT and ``istft_dec`` is missing.

    >>> from separate_cli.filterbanks import make_enc_dec, transforms
    >>> encoder, decoder = make_enc_dec("stft", n_filters=64, kernel_size=64, stride=16)
    >>> wanted = transforms.mag(encoder(torch.sin(torch.arange(1000) / 5)))
    >>> waves = [griffin_lim(wanted, encoder, 0 * wanted, decoder, n_iter=n) for n in (0, 6)]
    >>> before, after = (float(torch.dist(transforms.mag(encoder(wave)), wanted)) for wave in waves)
    >>> after < before / 2
    True
    """
    decoder = istft_dec or _inverse_of(stft_enc)
    phases = _first(angles, mag_specgram, generator)
    previous: Tensor | float = 0.0
    for _ in range(n_iter):
        rebuilt = stft_enc(decoder(from_magphase(mag_specgram, phases)))
        phases = angle(rebuilt - _share(momentum) * previous)
        previous = rebuilt
    wave: Tensor = decoder(from_magphase(mag_specgram, phases))
    return wave


def misi(  # noqa: PLR0917  the order that Asteroid's users know
    mixture_wav: Tensor,
    mag_specgrams: Tensor,
    stft_enc: Encoder,
    angles: Tensor | None = None,
    istft_dec: Decoder | None = None,
    n_iter: int = 6,
    momentum: float = 0.0,
    src_weights: Tensor | None = None,
    dim: int = 1,
    *,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Waves of several sources from their magnitudes and their mixture, by multiple input spectrogram inversion.

    Args:
        mixture_wav: ``(batch, time)`` or ``(batch, 1, time)``.
        mag_specgrams: Magnitudes, ``(batch, source, freq, frame)``.
        stft_enc: An STFT encoder that gives such frames.
        angles: First phases in radians, as ``mag_specgrams``; random unless given. The mixture's are a good start.
        istft_dec: What undoes ``stft_enc``; made to fit unless given.
        n_iter: Number of rounds.
        momentum: 0 is the classic algorithm; below 1.
        src_weights: Shares of what is missing, ``(batch, source, 1)``; by power unless given.
        dim: The source axis of the waves.
        generator: Draws the first phases.

    Returns:
        ``(batch, source, time)``.

    Raises:
        ValueError: As ``griffin_lim`` and ``mixture_consistency``.
    """
    decoder = istft_dec or _inverse_of(stft_enc)
    phases = _first(angles, mag_specgrams, generator)
    # Through the same transforms as the sources: what these lose at the ends is no error of the sources.
    mixture = decoder(stft_enc(mixture_wav))
    previous: Tensor | float = 0.0
    for _ in range(n_iter):
        sources = mixture_consistency(mixture, decoder(from_magphase(mag_specgrams, phases)), src_weights, dim)
        rebuilt = stft_enc(sources)
        phases = angle(rebuilt - _share(momentum) * previous)
        previous = rebuilt
    waves: Tensor = decoder(from_magphase(mag_specgrams, phases))
    return waves


def _share(momentum: float) -> float:
    if not 0 <= momentum < 1:
        raise ValueError(f"momentum must be at least 0 and below 1, got {momentum}.")
    return momentum / (1 + momentum)


def _first(angles: Tensor | None, magnitudes: Tensor, generator: torch.Generator | None) -> Tensor:
    if angles is not None:
        return angles
    drawn = torch.rand(magnitudes.shape, generator=generator, dtype=magnitudes.dtype)
    return (2 * math.pi * drawn).to(magnitudes.device)


def _inverse_of(encoder: Encoder) -> Decoder:
    """A decoder that undoes an STFT encoder; for the default window, the one that ``make_enc_dec`` gives."""
    bank = encoder.filterbank
    if type(bank) is not STFTFB:
        raise ValueError(f"Give istft_dec: how to undo a {type(bank).__name__} is not known.")
    window = perfect_synthesis_window(bank.torch_window.cpu().numpy(), bank.stride)
    inverse = STFTFB(bank.n_filters, bank.kernel_size, bank.stride, window, bank.sample_rate)
    return Decoder(inverse.to(bank.torch_window.device, bank.torch_window.dtype), padding=encoder.padding)

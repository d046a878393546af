"""Blind separation with a microphone array: a mixture model of directions, then beamforming. Nothing is trained.

    waves (batch, microphone, time) --STFT, at unit length across microphones--> directions (freq, frame, microphone)
        --mixture of complex angular central Gaussians, by expectation-maximisation; frequencies brought in line-->
        masks (source, freq, frame) --covariances, Souden's MVDR--> estimates (batch, source, time)

The mixture model is that of the library ssspy (extra ``beamforming``).

Source: Ito et al., "Complex angular central Gaussian mixture model for directional statistics in mask-based microphone
array signal processing", EUSIPCO 2016; set-up of Drude et al., "SMS-WSJ", 2019.
Differs: the mixture weights are constant over time, not over frequency.
Checked: tests/models/test_cacgmm.py (two simulated speakers come out apart, silence, repeatability).
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from separate_cli.dsp.beamformers import SoudenMVDRBeamformer
from separate_cli.dsp.covariance import compute_scm
from separate_cli.errors import InputError, SepError
from separate_cli.models.base import Separator

__all__ = ["CaCGMM"]

_ALIGNMENT_ROUNDS = 10
"""How often the order of the sources is compared over all frequencies, and with the neighbours."""


_FRAMES_PER_MICROPHONE = 2
"""In shorter recordings covariances say nothing; masks have to do."""


class CaCGMM(Separator):
    """Spatial mixture model and beamformer.

    Args:
        n_src: Number of sources, up to the number of microphones for the beamformer to tell them apart.
        stft_size: Points of the STFT.
        stft_shift: Samples between two frames.
        n_iter: Iterations of expectation-maximisation.
        beamformer: ``"mvdr_souden"``, or ``"masking"`` for the masks on the reference microphone.
        ref_mic: The microphone whose image of each source is estimated.
        seed: Of the random start; the same seed gives the same estimates.
        sample_rate: In Hz.

    Raises:
        ValueError: If ``beamformer`` is unknown or ``ref_mic`` negative.
    """

    level_is_arbitrary = False
    window: Tensor

    def __init__(
        self,
        n_src: int = 2,
        stft_size: int = 512,
        stft_shift: int = 128,
        *,
        n_iter: int = 100,
        beamformer: Literal["mvdr_souden", "masking"] = "mvdr_souden",
        ref_mic: int = 0,
        seed: int = 0,
        sample_rate: float = 8000,
    ) -> None:
        super().__init__(sample_rate=sample_rate, n_sources=n_src, in_channels=None)
        if beamformer not in {"mvdr_souden", "masking"}:
            raise ValueError(f"beamformer must be 'mvdr_souden' or 'masking', got {beamformer!r}.")
        if ref_mic < 0:
            raise ValueError(f"ref_mic must not be negative, got {ref_mic}.")
        self.register_buffer("window", torch.hann_window(stft_size), persistent=False)
        self.hop_samples = stft_shift
        self.n_iter = n_iter
        self.beamformer = SoudenMVDRBeamformer() if beamformer == "mvdr_souden" else None
        self.ref_mic = ref_mic
        self.seed = seed

    @torch.no_grad()
    def forward(self, wav: Tensor) -> Tensor:
        """Separate ``wav``, ``(batch, microphone, time)``, with two microphones or more.

        Returns:
            ``(batch, source, time)``, as long as the input; in no particular order.

        Raises:
            ValueError: If the shape is another, or there is no sample.
            InputError: If there are too few microphones, or none with the number of the reference.
            SepError: If ssspy is not installed.
        """
        if wav.ndim != 3 or 0 in wav.shape:
            raise ValueError(f"Expected waves (batch, microphone, time), got {tuple(wav.shape)}.")
        needed = max(2, self.ref_mic + 1)
        if wav.shape[1] < needed:
            raise InputError(
                f"CaCGMM needs {needed} microphones or more, the recording has {wav.shape[1]}.",
                hint="Give it recordings of a microphone array, one microphone a channel.",
            )
        spectra = self._spectra(wav)
        masks = torch.stack([self.estimate_masks(spectrum) for spectrum in spectra])  # (batch, source, freq, frame)
        estimates = torch.stack([self._extract(spectra, mask) for mask in masks.unbind(1)], 1)
        waves = torch.istft(
            estimates.flatten(0, 1), len(self.window), self.hop_samples, window=self.window, length=wav.shape[-1]
        )
        return waves.reshape(wav.shape[0], self.n_sources, -1)

    def estimate_masks(self, spectra: Tensor) -> Tensor:
        """Probabilities ``(source, freq, frame)`` that a source is behind a bin of ``(microphone, freq, frame)``."""
        if not bool(spectra.any()):
            return torch.full((self.n_sources, *spectra.shape[1:]), 1 / self.n_sources, device=spectra.device)
        masks = _posteriors(spectra.cpu().numpy(), self.n_sources, self.n_iter, self.seed)
        return torch.from_numpy(masks).to(spectra.device, spectra.real.dtype)

    def _spectra(self, wav: Tensor) -> Tensor:
        """``(batch, microphone, freq, frame)``."""
        missing = max(len(self.window) // 2 + 1 - wav.shape[-1], 0)  # of what a frame's reflection at the edges needs
        padded = functional.pad(wav, (0, missing)).flatten(0, 1)
        spectra = torch.stft(padded, len(self.window), self.hop_samples, window=self.window, return_complex=True)
        return spectra.reshape(*wav.shape[:2], *spectra.shape[1:])

    def _extract(self, spectra: Tensor, mask: Tensor) -> Tensor:
        """The source behind ``mask``, ``(batch, freq, frame)``, of ``(batch, microphone, freq, frame)``."""
        _, microphones, _, n_frames = spectra.shape
        if self.beamformer is None or n_frames < _FRAMES_PER_MICROPHONE * microphones:
            return spectra[:, self.ref_mic] * mask
        target, noise = compute_scm(spectra, mask), compute_scm(spectra, 1 - mask)
        extracted: Tensor = self.beamformer(spectra, target, noise, self.ref_mic)
        return extracted


def _posteriors(spectra: NDArray[Any], n_sources: int, n_iter: int, seed: int) -> NDArray[Any]:
    try:
        from ssspy.bss.cacgmm import CACGMM
    except ImportError as error:
        raise SepError(
            "This model needs the package ssspy.", hint="Install it: pip install 'separate-cli[beamforming]'"
        ) from error
    mixture_model = CACGMM(n_sources, rng=np.random.default_rng(seed), record_loss=False)
    rounds = _ALIGNMENT_ROUNDS
    with np.errstate(invalid="ignore", divide="ignore"):  # bins that never change correlate with nothing
        mixture_model(spectra.astype(np.complex128), n_iter, global_iter=rounds, local_iter=rounds)
    posterior: NDArray[Any] = mixture_model.posterior
    return posterior

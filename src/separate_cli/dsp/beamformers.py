"""Beamformers: one clean channel out of several, from the spatial covariances of target and noise.

    mixture (batch, mic, freq, frame), complex
        --SCM, by mask--> target and noise covariances (batch, mic, mic, freq)
        --beamformer--> filter (batch, freq, mic) --w^H x--> (batch, freq, frame)

Everything is batched and differentiable; the small matrices are handled in double precision.

Source: Gannot et al., "A consolidated perspective on multimicrophone speech enhancement", IEEE/ACM TASLP 25(4), 2017.
Checked: tests/dsp/test_beamformers.py (NumPy and SciPy, golden outputs, distortionless response, improved SNR).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from separate_cli.dsp.covariance import SCM, check_spectra, compute_scm, matrices_of
from separate_cli.dsp.hermitian import generalized_eigh, solve_hermitian

__all__ = [
    "SCM",
    "BeamFormer",
    "Beamformer",
    "GEVBeamformer",
    "GEVDBeamformer",
    "MvdrBeamformer",
    "RTFMVDRBeamformer",
    "SDWMWFBeamformer",
    "SdwMwfBeamformer",
    "SoudenMVDRBeamformer",
    "compute_scm",
    "get_optimal_reference_mic",
]


def get_optimal_reference_mic(bf_mat: Tensor, target_scm: Tensor, noise_scm: Tensor, eps: float = 1e-6) -> Tensor:
    """The reference microphone with the highest SNR after beamforming, over all frequencies.

    Args:
        bf_mat: One filter a reference microphone, in columns, ``(batch, freq, mic, mic)``.
        target_scm: ``(batch, freq, mic, mic)``.
        noise_scm: ``(batch, freq, mic, mic)``.
        eps: Floor of the noise power.

    Returns:
        Indices, ``(batch)``.

    Source: Erdogan et al., "Improved MVDR beamforming using single-channel mask prediction networks", Interspeech 2016.
    """

    def power(scm: Tensor) -> Tensor:
        powers: Tensor = (bf_mat.conj() * (scm.to(bf_mat.dtype) @ bf_mat)).sum((1, 2)).real
        return powers  # (batch, mic)

    return (power(target_scm) / power(noise_scm).clamp(min=eps)).argmax(-1)


class Beamformer(nn.Module):
    """Base class: applies filters, and picks the one for a reference microphone."""

    @staticmethod
    def apply_beamforming_vector(bf_vector: Tensor, mix: Tensor) -> Tensor:
        """Filter the mixture: ``w^H x``.

        Args:
            bf_vector: ``(batch, mic, freq)``.
            mix: ``(batch, mic, freq, frame)``.

        Returns:
            ``(batch, freq, frame)``.

        Raises:
            ValueError: If the mixture is not complex and 4-D, or the filters do not fit.
        """
        if bf_vector.shape != check_spectra(mix).shape[:3]:
            raise ValueError(f"Expected filters of shape {tuple(mix.shape[:3])}, got {tuple(bf_vector.shape)}.")
        return torch.einsum("bmf,bmft->bft", bf_vector.to(mix.dtype).conj(), mix)

    @staticmethod
    def get_reference_mic_vects(
        ref_mic: int | Tensor | None,
        bf_mat: Tensor,
        target_scm: Tensor | None = None,
        noise_scm: Tensor | None = None,
    ) -> Tensor:
        """The filters for a reference microphone.

        Args:
            ref_mic: An index; one index an example, ``(batch)``; weights of the microphones, ``(batch, mic)``; or None
                for the best, which needs both covariances (without them it is 0).
            bf_mat: One filter a reference microphone, in columns, ``(batch, freq, mic, mic)``.
            target_scm: ``(batch, freq, mic, mic)``.
            noise_scm: ``(batch, freq, mic, mic)``.

        Returns:
            ``(batch, mic, freq)``.

        Raises:
            ValueError: If there is no such microphone.
        """
        batch, mics = bf_mat.shape[0], bf_mat.shape[-1]
        if ref_mic is None and target_scm is not None and noise_scm is not None:
            ref_mic = get_optimal_reference_mic(bf_mat, target_scm, noise_scm)
        chosen = torch.as_tensor(0 if ref_mic is None else ref_mic, device=bf_mat.device)
        if chosen.ndim < 2:
            if chosen.shape not in {(), (batch,)} or bool(((chosen < 0) | (chosen >= mics)).any()):
                raise ValueError(f"Expected reference microphones below {mics}, one or {batch}, got {ref_mic!r}.")
            chosen = nn.functional.one_hot(chosen.long().expand(batch), mics)
        weights = chosen.reshape(batch, 1, mics, 1).to(bf_mat.dtype)
        return (bf_mat @ weights).squeeze(-1).transpose(1, 2)  # (batch, mic, freq)


class RTFMVDRBeamformer(Beamformer):
    """Minimum variance, distortionless for one relative transfer function (RTF).

    The RTF is the principal eigenvector of the target's covariance, relative to the reference microphone, so that the
    target comes out as that microphone hears it.

    Args:
        ref_mic: The reference microphone; None leaves the eigenvector at norm 1 with an arbitrary phase.
        whiten: Take the principal eigenvector against the noise (covariance whitening), better in strong noise.
    """

    def __init__(self, ref_mic: int | None = 0, *, whiten: bool = False) -> None:
        super().__init__()
        self.ref_mic = ref_mic
        self.whiten = whiten

    def forward(self, mix: Tensor, target_scm: Tensor, noise_scm: Tensor) -> Tensor:
        """Filter ``mix``, ``(batch, mic, freq, frame)``, given covariances ``(batch, mic, mic, freq)``.

        Returns:
            ``(batch, freq, frame)``.
        """
        target, noise = matrices_of(target_scm, noise_scm)
        if self.whiten:
            vector = noise @ generalized_eigh(target, noise)[1][..., -1:]
        else:
            vector = torch.linalg.eigh(target)[1][..., -1:]
        if self.ref_mic is not None:
            vector = vector / _away_from_zero(vector[..., self.ref_mic, None, :])
        return self.from_rtf_vect(mix, vector.squeeze(-1).transpose(1, 2), noise_scm)

    def from_rtf_vect(self, mix: Tensor, rtf_vec: Tensor, noise_scm: Tensor) -> Tensor:
        """The same for a known transfer function, ``(batch, mic, freq)``.

        Source: Gannot et al. 2017, eq. 22.
        """
        (noise,) = matrices_of(noise_scm)
        vector = rtf_vec.to(noise.dtype).transpose(1, 2).unsqueeze(-1)  # (batch, freq, mic, 1)
        solved = solve_hermitian(noise, vector)
        filters = solved / _away_from_zero(vector.mH @ solved)
        return self.apply_beamforming_vector(filters.squeeze(-1).transpose(1, 2), mix)


class SoudenMVDRBeamformer(Beamformer):
    """Minimum variance, distortionless, from the covariances alone.

    Source: Souden et al., "On optimal frequency-domain multichannel linear filtering for noise reduction", IEEE TASLP
    18(2), 2010, eq. 16.
    """

    def forward(
        self, mix: Tensor, target_scm: Tensor, noise_scm: Tensor, ref_mic: int | Tensor | None = 0, eps: float = 1e-8
    ) -> Tensor:
        """Filter ``mix``, ``(batch, mic, freq, frame)``, given covariances ``(batch, mic, mic, freq)``.

        Args:
            mix: The mixture.
            target_scm: Covariance of the target.
            noise_scm: Covariance of the noise.
            ref_mic: See ``get_reference_mic_vects``.
            eps: Added to the trace that divides.

        Returns:
            ``(batch, freq, frame)``.
        """
        target, noise = matrices_of(target_scm, noise_scm)
        ratio = solve_hermitian(noise, target)
        trace = ratio.diagonal(dim1=-2, dim2=-1).sum(-1)[..., None, None]
        filters = self.get_reference_mic_vects(ref_mic, ratio / (trace + eps), target, noise)
        return self.apply_beamforming_vector(filters, mix)


class SDWMWFBeamformer(Beamformer):
    """Speech-distortion-weighted multi-channel Wiener filter.

    Args:
        mu: How much noise counts against distortion: 0 is no distortion, 1 the Wiener filter.

    Source: Doclo et al., "Frequency-domain criterion for the speech distortion weighted multichannel Wiener filter for
    robust noise reduction", Speech Communication 49, 2007.
    """

    def __init__(self, mu: float = 1.0) -> None:
        super().__init__()
        self.mu = mu

    def forward(
        self, mix: Tensor, target_scm: Tensor, noise_scm: Tensor, ref_mic: int | Tensor | None = None
    ) -> Tensor:
        """Filter ``mix``, ``(batch, mic, freq, frame)``, given covariances ``(batch, mic, mic, freq)``.

        Returns:
            ``(batch, freq, frame)``.
        """
        target, noise = matrices_of(target_scm, noise_scm)
        matrix = solve_hermitian(target + self.mu * noise, target)
        filters = self.get_reference_mic_vects(ref_mic, matrix, target, noise)
        return self.apply_beamforming_vector(filters, mix)


class GEVBeamformer(Beamformer):
    """Highest SNR at every frequency: the principal generalised eigenvector, at norm 1.

    Its phase is chosen so that the target comes out in phase with the reference microphone.

    Args:
        ref_mic: The reference microphone.
        analytic_normalisation: Scale each frequency so that the target's spectrum is hardly coloured.

    Source: Warsitz & Haeb-Umbach, "Blind acoustic beamforming based on generalized eigenvalue decomposition", IEEE
    TASLP 15(5), 2007; eq. 27 for the normalisation.
    """

    def __init__(self, ref_mic: int = 0, *, analytic_normalisation: bool = False) -> None:
        super().__init__()
        self.ref_mic = ref_mic
        self.analytic_normalisation = analytic_normalisation

    def forward(self, mix: Tensor, target_scm: Tensor, noise_scm: Tensor) -> Tensor:
        """Filter ``mix``, ``(batch, mic, freq, frame)``, given covariances ``(batch, mic, mic, freq)``.

        Returns:
            ``(batch, freq, frame)``.
        """
        return self.apply_beamforming_vector(self.compute_beamforming_vector(target_scm, noise_scm), mix)

    def compute_beamforming_vector(self, target_scm: Tensor, noise_scm: Tensor) -> Tensor:
        """Filters ``(batch, mic, freq)`` from covariances ``(batch, mic, mic, freq)``."""
        target, noise = matrices_of(target_scm, noise_scm)
        vector = generalized_eigh(target, noise)[1][..., -1:]
        vector = vector / torch.linalg.vector_norm(vector, dim=-2, keepdim=True)
        heard = vector.mH @ target[..., :, self.ref_mic, None]  # the target at the output against the reference
        vector = vector * heard.sgn()
        if self.analytic_normalisation:
            shaped = noise @ vector
            root = torch.linalg.vector_norm(shaped, dim=-2, keepdim=True) / shaped.shape[-2] ** 0.5
            vector = vector * root / _away_from_zero(vector.mH @ shaped)
        filters: Tensor = vector.squeeze(-1).transpose(1, 2)
        return filters


class GEVDBeamformer(Beamformer):
    """Wiener filter with a target covariance of low rank, by generalised eigenvalues.

    Args:
        mu: How much noise counts against distortion.
        rank: Rank of the target's covariance; None keeps all, which is ``SDWMWFBeamformer``.
        ref_mic: See ``get_reference_mic_vects``.

    Source: Serizel et al., "Low-rank approximation based multichannel Wiener filter algorithms for noise reduction with
    application in cochlear implants", IEEE/ACM TASLP 22(4), 2014, eq. 62.
    """

    def __init__(self, mu: float = 1.0, rank: int | None = 1, ref_mic: int | None = 0) -> None:
        super().__init__()
        if rank is not None and rank < 1:
            raise ValueError(f"rank must be at least 1, or None for full rank, got {rank}.")
        self.mu = mu
        self.rank = rank
        self.ref_mic = ref_mic

    def forward(self, mix: Tensor, target_scm: Tensor, noise_scm: Tensor) -> Tensor:
        """Filter ``mix``, ``(batch, mic, freq, frame)``, given covariances ``(batch, mic, mic, freq)``.

        Returns:
            ``(batch, freq, frame)``.
        """
        return self.apply_beamforming_vector(self.compute_beamforming_vector(target_scm, noise_scm), mix)

    def compute_beamforming_vector(self, target_scm: Tensor, noise_scm: Tensor) -> Tensor:
        """Filters ``(batch, mic, freq)`` from covariances ``(batch, mic, mic, freq)``."""
        target, noise = matrices_of(target_scm, noise_scm)
        values, vectors = generalized_eigh(target, noise)
        kept = slice(None if self.rank is None else -self.rank, None)
        gains = values.clamp(min=0) / (values.clamp(min=0) + self.mu)
        # With v^H N v = 1, the inverse of the matrix of vectors is V^H N.
        matrix = (vectors[..., kept] * gains[..., None, kept].to(vectors.dtype)) @ (vectors[..., kept].mH @ noise)
        return self.get_reference_mic_vects(self.ref_mic, matrix, target, noise)


BeamFormer = Beamformer
SdwMwfBeamformer = SDWMWFBeamformer
MvdrBeamformer = RTFMVDRBeamformer


def _away_from_zero(x: Tensor) -> Tensor:
    return torch.where(x.abs() > 0, x, torch.ones_like(x))

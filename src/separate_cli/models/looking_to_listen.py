"""Looking to Listen: whoever moves the lips is whose voice comes out.

    wave (batch, 1, time) --STFT, compressed--> re, im (batch, 2, frame, freq)
        --dilated 2-D convolutions--> (batch, frame, 8 freq)
    faces (batch, person, video frame, face_dim) --dilated convolutions over time, each person by itself-->
        --repeated to the rate of the frames--> (batch, frame, person * 256)
    both side by side --BLSTM, dense x 3--> complex masks (batch, person, 2 freq, frame)
        --times the STFT, inverse--> estimates (batch, person, time), in the order of the faces

Faces are embeddings of a face-recognition network, one a video frame, such as those of the AVSpeech data set.

Source: Ephrat et al., "Looking to listen at the cocktail party", ACM TOG 37(4), 2018, fig. 3, tables 1 and 2.
Differs: masks are as the last layer gives them, or bounded by a choice of ``mask_bound``; dense layers are normalised
over the batch and the frames, so that any length goes.
Checked: tests/models/test_looking_to_listen.py.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from separate_cli.errors import SepError
from separate_cli.filterbanks import make_enc_dec, transforms
from separate_cli.filterbanks.recording import is_eager
from separate_cli.layers.complex import BoundComplexMask
from separate_cli.models.base import Separator
from separate_cli.models.shapes import as_given, mono_batch

__all__ = ["LookingToListen"]

_AUDIO: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = (
    ((1, 7), (1, 1)),
    ((7, 1), (1, 1)),
    *(((5, 5), (2**power, 1)) for power in range(6)),
    *(((5, 5), (2**power, 2**power)) for power in range(6)),
)
"""Table 1: kernel and dilation, each ``(frame, freq)``."""
_VIDEO = ((7, 1), (5, 1), (5, 2), (5, 4), (5, 8), (5, 16))
"""Table 2: kernel and dilation."""
_EPS = 1e-8


class LookingToListen(Separator):
    """Audio-visual separation. ``forward`` takes the faces beside the wave.

    Args:
        n_src: Number of persons.
        face_dim: Numbers in a face embedding.
        video_rate: Video frames a second.
        n_filters: Points of the STFT.
        kernel_size: Length of its window in samples.
        stride: Samples between two frames.
        audio_chan: Channels of the audio convolutions.
        audio_out_chan: Channels that the last of them leaves.
        video_chan: Channels of the video convolutions.
        hid_size: Hidden features of the BLSTM, whose directions are added.
        dense_size: Size of the dense layers.
        dropout: Probability that a number between dense layers is dropped in training.
        compression: Power that magnitudes are raised to for the network.
        mask_bound: How masks are bounded, see ``separate_cli.layers.complex.bound_complex_mask``.
        sample_rate: In Hz.

    Raises:
        ValueError: If ``mask_bound`` is unknown.

    >>> model = LookingToListen(2, face_dim=16, audio_chan=4, hid_size=8)
    >>> model(torch.randn(1, 8000), torch.randn(1, 2, 13, 16)).shape
    torch.Size([1, 2, 8000])
    """

    level_is_arbitrary = False

    def __init__(
        self,
        n_src: int = 2,
        face_dim: int = 512,
        video_rate: float = 25,
        *,
        n_filters: int = 512,
        kernel_size: int = 400,
        stride: int = 160,
        audio_chan: int = 96,
        audio_out_chan: int = 8,
        video_chan: int = 256,
        hid_size: int = 400,
        dense_size: int = 600,
        dropout: float = 0.2,
        compression: float = 0.3,
        mask_bound: str | None = None,
        sample_rate: float = 16000,
    ) -> None:
        super().__init__(sample_rate=sample_rate, n_sources=n_src)
        self.hop_samples = stride
        self.face_dim = face_dim
        self.video_rate = video_rate
        self.faces_per_frame = video_rate * stride / sample_rate
        self.compression = compression
        self.encoder, self.decoder = make_enc_dec(
            "stft", n_filters, kernel_size, stride=stride, sample_rate=sample_rate
        )
        freqs = self.encoder.n_feats_out // 2
        self.audio = _audio_layers(audio_chan, audio_out_chan)
        self.video = _video_layers(face_dim, video_chan)
        self.lstm = nn.LSTM(audio_out_chan * freqs + video_chan * n_src, hid_size, batch_first=True, bidirectional=True)
        sizes = [hid_size, dense_size, dense_size, dense_size]
        self.dense = nn.ModuleList(
            nn.Sequential(nn.Conv1d(before, after, 1), nn.ReLU(), nn.BatchNorm1d(after), nn.Dropout(dropout))
            for before, after in pairwise(sizes)
        )
        self.mask_layer = nn.Conv1d(dense_size, 2 * freqs * n_src, 1)
        self.bound = BoundComplexMask(mask_bound)

    def forward(self, wav: Tensor, faces: Tensor | None = None) -> Tensor:
        """Separate ``wav``, ``(time)``, ``(batch, time)`` or ``(batch, 1, time)``.

        Args:
            wav: Mixtures.
            faces: Embeddings, ``(batch, person, video frame, face_dim)``; without the batch for a wave ``(time)``. They
                start with the wave; where they end before it, the last one stays.

        Returns:
            ``(source, time)`` for 1-D input, else ``(batch, source, time)``, in the order of the faces; as long as the
            input.

        Raises:
            ValueError: If a shape does not fit.
            SepError: If there are no faces.
        """
        mixture = mono_batch(wav, min_samples=self.encoder.kernel_size)
        seen = self._checked(faces, wav)
        frames: Tensor = self.encoder(mixture)
        real, imaginary = transforms.reim(frames)
        loudness = (real.square() + imaginary.square() + _EPS) ** ((self.compression - 1) / 2)
        heard = self.audio(torch.stack([real * loudness, imaginary * loudness], 1).mT)  # (batch, 8, frame, freq)
        hidden = torch.cat([heard.transpose(1, 2).flatten(2), self._watch(seen, frames.shape[-1])], -1)
        forward, backward = self.lstm(hidden)[0].chunk(2, -1)
        hidden = (forward + backward).mT  # (batch, hidden, frame)
        for layer in self.dense:
            hidden = layer(hidden)
        masks = self.mask_layer(hidden).unflatten(1, (self.n_sources, 2, -1))
        masks = torch.cat(self.bound(masks[:, :, 0], masks[:, :, 1]), -2)  # (batch, source, 2 freq, frame)
        return as_given(self.decoder(transforms.apply_complex_mask(frames.unsqueeze(1), masks)), wav)

    def _watch(self, faces: Tensor, n_frames: int) -> Tensor:
        """``(batch, frame, person * video_chan)`` from ``(batch, person, video frame, face_dim)``."""
        watched = self.video(faces.flatten(0, 1).mT)  # (batch * person, video_chan, video frame)
        moments = torch.arange(n_frames, device=faces.device) * self.faces_per_frame
        at_frames = watched[..., moments.long().clamp(max=faces.shape[2] - 1)]
        watched_by_all: Tensor = at_frames.reshape(faces.shape[0], -1, n_frames)
        return watched_by_all.mT

    def _checked(self, faces: Tensor | None, wav: Tensor) -> Tensor:
        """Faces with the batch."""
        if faces is None:
            raise SepError(
                "LookingToListen needs the speakers' faces beside the wave.",
                hint="Run it from Python: model(wav, faces).",
            )
        faces = faces if wav.ndim > 1 else faces.unsqueeze(0)
        batch = wav.shape[0] if wav.ndim > 1 else 1
        if is_eager() and (
            faces.ndim != 4 or faces.shape != (batch, self.n_sources, faces.shape[2] or 1, self.face_dim)
        ):
            expected = f"({batch}, {self.n_sources}, video frame, {self.face_dim})"
            raise ValueError(f"Expected faces of shape {expected}, got {tuple(faces.shape)}.")
        return faces


def _audio_layers(channels: int, out_channels: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    size = 2
    for kernel, dilation in _AUDIO:
        padding = (_half(kernel[0], dilation[0]), _half(kernel[1], dilation[1]))
        layers += [nn.Conv2d(size, channels, kernel, dilation=dilation, padding=padding)]
        layers += [nn.BatchNorm2d(channels), nn.ReLU()]
        size = channels
    return nn.Sequential(*layers, nn.Conv2d(size, out_channels, 1), nn.BatchNorm2d(out_channels), nn.ReLU())


def _video_layers(size: int, channels: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for kernel, dilation in _VIDEO:
        layers += [nn.Conv1d(size, channels, kernel, dilation=dilation, padding=_half(kernel, dilation))]
        layers += [nn.BatchNorm1d(channels), nn.ReLU()]
        size = channels
    return nn.Sequential(*layers)


def _half(kernel: int, dilation: int) -> int:
    """The reach of an odd kernel to one side: as much padding keeps the size."""
    return kernel // 2 * dilation

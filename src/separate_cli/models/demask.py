"""DeMask: a small network on STFT frames that undoes the muffling of a face mask.

    mixture (batch, 1, time) --STFT--> (batch, 2 freq, frame) --magnitude and/or parts--> (batch, input, frame)
        --norm, [dense, norm, activation, (memory)] x layers, dense, mask activation--> mask (batch, output, frame)
        --times the STFT, inverse--> estimate (batch, 1, time)

With a norm that treats each frame by itself (``cLN``, ``bN``) an output sample depends on the frames that cover it, on
``memory_frames`` before them, and on nothing else, so that chunks give exactly the samples of the whole file.

Source: Asteroid's recipe ``demask`` (Pariente et al., "Asteroid", Interspeech 2020); no paper of its own.
Differs: ``input_type="log"``, ``memory_frames``, ``pad_edges`` and the mask activation ``bounded_gain`` are ours and
off by default. Which mask is worn shows in the average spectrum of a second or two, not in one frame: hence the memory.
Checked: tests/models/test_demask.py (golden numbers, chunks = whole).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from separate_cli.filterbanks import make_enc_dec, transforms
from separate_cli.layers import activations, norms
from separate_cli.layers.trailing_mean import TrailingMean
from separate_cli.models.encoder_masker_decoder import EncoderMaskerDecoder, frame_wise

__all__ = ["DeMask"]

_LOG_FLOOR = 1e-5
"""Added to magnitudes before the logarithm: below the quantisation noise of 16-bit recordings."""
_FEATURES: dict[str, Callable[[Tensor], Tensor]] = {
    "mag": transforms.mag,
    "reim": lambda frames: frames,
    "cat": transforms.magreim,
    "log": lambda frames: (transforms.mag(frames) + _LOG_FLOOR).log(),
}
_SHARE = {"mag": 1, "reim": 2, "cat": 3, "log": 1}
"""How many numbers a frequency gives."""


class DeMask(EncoderMaskerDecoder):
    """Mask network of dense layers, frame by frame, for one enhanced wave.

    Args:
        input_type: What the network sees: ``"mag"`` magnitudes, ``"reim"`` real and imaginary parts, ``"cat"`` all,
            ``"log"`` logarithmic magnitudes.
        output_type: What it masks: ``"mag"`` one mask for both parts (keeps the phase), ``"reim"`` one for each.
        hidden_dims: Sizes of the hidden layers.
        dropout: Probability that a hidden number is dropped in training.
        activation: Name of the hidden layers' activation.
        mask_act: Name of the mask's activation.
        norm_type: Name of the normalisation: ``gLN``, ``cLN``, ``cgLN``, ``fgLN``, ``bN``.
        fb_name: Filterbank with real and imaginary parts, see ``separate_cli.filterbanks.get``.
        n_filters: Points of the STFT.
        stride: Samples between two frames.
        kernel_size: Length of the window in samples.
        sample_rate: In Hz.
        memory_frames: How many past frames the first hidden layer is averaged over; 0 for none.
        pad_edges: Whether to pad with zeros so that the first and last samples are covered by as many windows as the
            others; without, they fade in and out.
        fb_kwargs: Further arguments of the filterbank.

    Raises:
        ValueError: If a name is unknown.

    >>> model = DeMask(norm_type="cLN")
    >>> sum(p.numel() for p in model.parameters()), model.lookahead_samples
    (530179, 511)
    """

    level_is_arbitrary = False

    def __init__(
        self,
        input_type: str = "mag",
        output_type: str = "mag",
        hidden_dims: Sequence[int] = (1024,),
        dropout: float = 0.0,
        activation: str = "relu",
        *,
        mask_act: str = "relu",
        norm_type: str = "gLN",
        fb_name: str = "stft",
        n_filters: int = 512,
        stride: int = 256,
        kernel_size: int = 512,
        sample_rate: float = 16000,
        memory_frames: int = 0,
        pad_edges: bool = False,
        **fb_kwargs: Any,
    ) -> None:
        if input_type not in _FEATURES or output_type not in {"mag", "reim"}:
            raise ValueError(
                "Expected input_type 'mag', 'reim', 'cat' or 'log' and output_type 'mag' or 'reim', "
                f"got {input_type!r} and {output_type!r}."
            )
        encoder, decoder = make_enc_dec(
            fb_name, n_filters, kernel_size, stride=stride, sample_rate=sample_rate, **fb_kwargs
        )
        freqs = encoder.n_feats_out // 2
        size = _SHARE[input_type] * freqs
        norm, hidden_activation = norms.get(norm_type), activations.get(activation)()  # one PReLU weight for all layers
        layers: list[nn.Module] = [norm(size)]
        for number, hidden in enumerate(hidden_dims):
            layers += [nn.Conv1d(size, hidden, 1), norm(hidden), hidden_activation, nn.Dropout(dropout)]
            layers += [TrailingMean(memory_frames)] if memory_frames and number == 0 else []
            size = hidden
        layers += [nn.Conv1d(size, _SHARE[output_type] * freqs, 1), activations.for_masks(mask_act, softmax_dim=0)]
        super().__init__(encoder, nn.Sequential(*layers), decoder, sample_rate=sample_rate, n_sources=1)
        self.input_type = input_type
        self.output_type = output_type
        self.edge_samples = (kernel_size - stride, kernel_size - 1) if pad_edges else (0, 0)
        lookbehind = kernel_size - 1 + memory_frames * stride
        self.lookbehind_samples = lookbehind if getattr(norm, "frame_local", False) else None
        self.lookahead_samples = kernel_size - 1 if getattr(norm, "causal", False) else None

    def forward(self, wav: Tensor) -> Tensor:
        """Enhance ``wav``, ``(time)``, ``(batch, time)`` or ``(batch, 1, time)``.

        Returns:
            ``(1, time)`` for 1-D input, else ``(batch, 1, time)``; as long as the input.

        Raises:
            ValueError: If the shape is none of these, or there is no sample.
        """
        before, after = self.edge_samples
        if not before + after:
            return super().forward(wav)
        return super().forward(functional.pad(wav, (before, after)))[..., before : before + wav.shape[-1]]

    def forward_masker(self, tf_rep: Tensor) -> Tensor:
        """Masks ``(batch, freq or 2 freq, frame)`` from the frames ``(batch, 2 freq, frame)``."""
        masks: Tensor = self.masker(_FEATURES[self.input_type](tf_rep))
        return masks

    @frame_wise
    def apply_masks(self, tf_rep: Tensor, est_masks: Tensor) -> Tensor:
        """Masked frames ``(batch, 1, 2 freq, frame)``."""
        masked = transforms.apply_mag_mask(tf_rep, est_masks) if self.output_type == "mag" else tf_rep * est_masks
        return masked.unsqueeze(1)

"""The recurrent baseline of the Deep Noise Suppression challenge: masks over the STFT, frame after frame.

    wave (batch, 1, time) --STFT--> (batch, 2 freq, frame) --magnitudes and parts--> (batch, frame, 3 freq)
        --dense, ReLU, residual stack of recurrent layers, dense, ReLU--> mask (batch, 2 freq, frame)
        --times the STFT, inverse--> estimate (batch, 1, time)

Source: Asteroid's recipe ``dns_challenge_INTERSPEECH2020`` (Reddy et al., "The INTERSPEECH 2020 Deep Noise Suppression
challenge", for the task); no paper of its own.
Checked: tests/models/test_dns_baseline.py (recipe's weights, causality, both kinds of mask).
"""

from __future__ import annotations

from torch import Tensor, nn

from separate_cli.filterbanks import make_enc_dec, transforms
from separate_cli.layers.recurrent import StackedResidualRNN
from separate_cli.models.encoder_masker_decoder import EncoderMaskerDecoder, frame_wise

__all__ = ["DNSBaseline"]


class DNSBaseline(EncoderMaskerDecoder):
    """Causal recurrent speech enhancement.

    Args:
        n_filters: Points of the STFT.
        kernel_size: Length of its window in samples.
        stride: Samples between two frames.
        hidden_size: Size of the recurrent states.
        rnn_type: ``"GRU"``, ``"LSTM"`` or ``"RNN"``.
        n_layers: Number of recurrent layers.
        dropout: Probability that a number is dropped in training.
        is_complex: Whether real and imaginary part have a mask each; otherwise magnitudes in and one mask.
        input_size: Features that the network sees; checked when given, as training checkpoints hold it.
        output_size: Numbers in a mask, likewise.
        sample_rate: In Hz.

    Raises:
        ValueError: If a name is unknown, or a given size is not what follows from the others.

    >>> DNSBaseline().lookahead_samples
    511
    """

    level_is_arbitrary = False

    def __init__(
        self,
        n_filters: int = 512,
        kernel_size: int = 512,
        stride: int = 256,
        *,
        hidden_size: int = 500,
        rnn_type: str = "gru",
        n_layers: int = 3,
        dropout: float = 0.3,
        is_complex: bool = True,
        input_size: int | None = None,
        output_size: int | None = None,
        sample_rate: float = 16000,
    ) -> None:
        encoder, decoder = make_enc_dec("stft", n_filters, kernel_size, stride=stride, sample_rate=sample_rate)
        freqs = encoder.n_feats_out // 2
        sizes = (3 * freqs, 2 * freqs) if is_complex else (freqs, freqs)
        if input_size not in {None, sizes[0]} or output_size not in {None, sizes[1]}:
            raise ValueError(f"Expected input_size and output_size {sizes}, got {(input_size, output_size)}.")
        masker = _Masker(sizes, StackedResidualRNN(rnn_type, hidden_size, n_layers, dropout), hidden_size)
        super().__init__(encoder, masker, decoder, sample_rate=sample_rate, n_sources=1)
        self.is_complex = is_complex
        self.lookahead_samples = kernel_size - 1

    def forward_masker(self, tf_rep: Tensor) -> Tensor:
        """Masks ``(batch, freq or 2 freq, frame)`` from the frames ``(batch, 2 freq, frame)``."""
        seen = transforms.magreim(tf_rep) if self.is_complex else transforms.mag(tf_rep)
        masks: Tensor = self.masker(seen.mT)
        return masks.mT

    @frame_wise
    def apply_masks(self, tf_rep: Tensor, est_masks: Tensor) -> Tensor:
        """Masked frames ``(batch, 1, 2 freq, frame)``."""
        masked = tf_rep * est_masks if self.is_complex else transforms.apply_mag_mask(tf_rep, est_masks)
        return masked.unsqueeze(1)


class _Masker(nn.Module):
    def __init__(self, sizes: tuple[int, int], recurrent: StackedResidualRNN, hidden_size: int) -> None:
        super().__init__()
        self.in_proj_layer = nn.Linear(sizes[0], hidden_size)
        self.residual_rec = recurrent
        self.out_proj_layer = nn.Linear(hidden_size, sizes[1])

    def forward(self, seen: Tensor) -> Tensor:
        """``(batch, frame, feature)`` to ``(batch, frame, mask)``, not negative."""
        masks: Tensor = self.out_proj_layer(self.residual_rec(self.in_proj_layer(seen).relu())).relu()
        return masks

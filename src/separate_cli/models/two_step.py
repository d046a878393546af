"""Two-step separation: first a filterbank in which sources separate well, then a network that separates in it.

    step 1   mixture, sources --encoder--> ideal masks: softmax over the encoded sources
                              --masks times the encoded mixture--> latent targets --decoder--> sources again
    step 2   mixture --encoder, kept fixed--> --TDConvNet--> latent estimates, compared with the latent targets
    after    mixture (batch, 1, time) --encoder, masks, decoder--> estimates (batch, source, time)

Source: Tzinis et al., "Two-step sound source separation: training on learned latent targets", ICASSP 2020, fig. 1.
Differs: the masks come from the network of Conv-TasNet as it is, and one decoder serves all sources.
Checked: tests/models/test_two_step.py.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from separate_cli.filterbanks import make_enc_dec
from separate_cli.layers.tcn import TDConvNet
from separate_cli.models.encoder_masker_decoder import EncoderMaskerDecoder

__all__ = ["TwoStepTDCN"]


class TwoStepTDCN(EncoderMaskerDecoder):
    """Conv-TasNet whose filterbank is trained before its mask network.

    Step 1 trains on ``reconstruct``. Step 2 trains ``estimate_latents`` towards ``latent_targets``, after
    ``freeze_filterbank``.

    Args:
        n_src: Number of sources.
        n_filters: Number of filters.
        kernel_size: Length of the filters in samples.
        stride: Samples between two frames; half a filter unless given.
        bn_chan: Channels between the blocks.
        hid_chan: Channels in a block.
        conv_kernel_size: Taps of the depthwise convolutions.
        n_blocks: Blocks of growing dilation in a repeat.
        n_repeats: How often the dilations start again at 1.
        norm_type: Name of the normalisation.
        sample_rate: In Hz.

    Raises:
        ValueError: If a name is unknown or sizes do not fit.

    >>> import torch
    >>> model = TwoStepTDCN(n_filters=16, bn_chan=8, hid_chan=8, n_blocks=2, n_repeats=1)
    >>> mixture, sources = torch.randn(1, 400), torch.randn(1, 2, 400)
    >>> model.reconstruct(mixture, sources).shape
    torch.Size([1, 2, 400])
    >>> model.freeze_filterbank()
    >>> model.estimate_latents(mixture).shape == model.latent_targets(mixture, sources).shape
    True
    """

    def __init__(
        self,
        n_src: int = 2,
        n_filters: int = 128,
        kernel_size: int = 21,
        stride: int | None = None,
        *,
        bn_chan: int = 256,
        hid_chan: int = 512,
        conv_kernel_size: int = 3,
        n_blocks: int = 8,
        n_repeats: int = 4,
        norm_type: str = "gLN",
        sample_rate: float = 8000,
    ) -> None:
        encoder, decoder = make_enc_dec("free", n_filters, kernel_size, stride=stride, sample_rate=sample_rate)
        masker = TDConvNet(
            n_filters,
            n_src,
            n_blocks=n_blocks,
            n_repeats=n_repeats,
            bn_chan=bn_chan,
            hid_chan=hid_chan,
            skip_chan=None,
            conv_kernel_size=conv_kernel_size,
            norm_type=norm_type,
            mask_act="softmax",
        )
        super().__init__(encoder, masker, decoder, "relu", sample_rate=sample_rate, n_sources=n_src)

    def latent_targets(self, mixture: Tensor, sources: Tensor) -> Tensor:
        """What each source should look like in the latent space.

        Args:
            mixture: ``(batch, time)``.
            sources: ``(batch, source, time)``.

        Returns:
            ``(batch, source, filter, frame)``; over the sources, they sum to the encoded mixture.

        Source: Tzinis et al. 2020, eq. 2 and 3.
        """
        encoded = self.forward_encoder(sources.reshape(-1, 1, sources.shape[-1]))
        masks = encoded.reshape(*sources.shape[:2], *encoded.shape[1:]).softmax(1)
        return self.apply_masks(self.forward_encoder(mixture.unsqueeze(1)), masks)

    def reconstruct(self, mixture: Tensor, sources: Tensor) -> Tensor:
        """The sources, ``(batch, source, time)``, as well as ideal masks can recover them: what step 1 trains.

        Args:
            mixture: ``(batch, time)``.
            sources: ``(batch, source, time)``.
        """
        waves = self.forward_decoder(self.latent_targets(mixture, sources))
        return functional.pad(waves, (0, mixture.shape[-1] - waves.shape[-1]))

    def estimate_latents(self, mixture: Tensor) -> Tensor:
        """Estimates in the latent space, ``(batch, source, filter, frame)``, of ``(batch, time)``: for step 2."""
        frames = self.forward_encoder(mixture.unsqueeze(1))
        return self.apply_masks(frames, self.forward_masker(frames))

    def freeze_filterbank(self) -> None:
        """Keep the filters as they are: step 2 trains the mask network only."""
        self.encoder.requires_grad_(False)
        self.decoder.requires_grad_(False)

"""Filterbanks by name, and pairs of encoder and decoder made from a name."""

from __future__ import annotations

from typing import Any, TypeVar

from separate_cli.filterbanks.base import Decoder, Encoder, Filterbank
from separate_cli.registry import Registry

__all__ = ["FILTERBANKS", "get", "make_enc_dec", "register_filterbank"]

FilterbankClass = TypeVar("FilterbankClass", bound="type[Filterbank]")

FILTERBANKS: Registry[type[Filterbank]] = Registry("filterbank")


def register_filterbank(cls: FilterbankClass) -> FilterbankClass:
    """Class decorator: make a filterbank of your own known to ``get`` under its class name.

    Raises:
        ValueError: If the name is taken.
    """
    FILTERBANKS.register(cls.__name__, cls)
    return cls


def get(name: str | type[Filterbank]) -> type[Filterbank]:
    """The filterbank class called ``name``, by class name or alias, case-insensitive; a class is returned as it is.

    Raises:
        ValueError: If there is none; the message names the closest three.

    >>> get("stft").__name__, get("freefb").__name__
    ('STFTFB', 'FreeFB')
    """
    return FILTERBANKS.get(name) if isinstance(name, str) else name


def make_enc_dec(
    fb_name: str | type[Filterbank],
    n_filters: int,
    kernel_size: int,
    stride: int | None = None,
    sample_rate: float = 8000.0,
    *,
    who_is_pinv: str | None = None,
    padding: int = 0,
    output_padding: int = 0,
    **kwargs: Any,
) -> tuple[Encoder, Decoder]:
    """An encoder and the decoder that belongs to it, each with filters of its own unless one is a pseudo-inverse.

    Args:
        fb_name: Class or alias of the filterbank, see ``get``.
        n_filters: Number of filters.
        kernel_size: Length of a filter in samples.
        stride: Samples between two frames; half the kernel unless given.
        sample_rate: In Hz.
        who_is_pinv: ``"encoder"``/``"enc"`` or ``"decoder"``/``"dec"`` takes the pseudo-inverse of the other's filters.
        padding: Zeros on both ends before analysis, dropped again after synthesis. A side that is a pseudo-inverse has
            none, as in Asteroid; ``Decoder.pinv_of(encoder, padding=...)`` gives it some.
        output_padding: Samples that the decoder adds at the end, unless it is a pseudo-inverse.
        kwargs: The filterbank's own arguments.

    Raises:
        ValueError: If the filterbank or the role is unknown.
        TypeError: If the filterbank does not take an argument.

    >>> import torch
    >>> encoder, decoder = make_enc_dec("free", n_filters=32, kernel_size=16, who_is_pinv="decoder")
    >>> wav = torch.randn(1, 1, 80)
    >>> torch.allclose(decoder(encoder(wav))[..., 16:-16], wav[..., 16:-16], atol=1e-4)
    True
    """
    cls = get(fb_name)

    def bank() -> Filterbank:
        return cls(n_filters, kernel_size, stride=stride, sample_rate=sample_rate, **kwargs)

    role = None if who_is_pinv is None else who_is_pinv.casefold()
    if role is None:
        encoder = Encoder(bank(), padding=padding)
        return encoder, Decoder(bank(), padding=padding, output_padding=output_padding)
    if role in {"decoder", "dec"}:
        encoder = Encoder(bank(), padding=padding)
        return encoder, Decoder.pinv_of(encoder)
    if role in {"encoder", "enc"}:
        decoder = Decoder(bank(), padding=padding, output_padding=output_padding)
        return Encoder.pinv_of(decoder), decoder
    raise ValueError(f"who_is_pinv must be 'encoder', 'decoder' or None, got {who_is_pinv!r}.")

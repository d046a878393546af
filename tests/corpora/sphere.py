"""NIST SPHERE files, plain and packed with Shorten, as WSJ0's discs have them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_BLOCK = 256


def write_plain(path: Path, samples: NDArray[np.int16], rate: int = 16000) -> Path:
    """Write uncompressed 16-bit samples, ``(time)``."""
    return _write(path, samples, rate, "pcm", samples.astype("<i2").tobytes())


def write_packed(path: Path, samples: NDArray[np.int16], rate: int = 16000) -> Path:
    """Write the same, packed with the simplest form of Shorten: differences of no order, Rice-coded."""
    bits: list[str] = []

    def unary(value: int, size: int) -> None:
        bits.append("0" * (value >> size) + "1" + (f"{value & ((1 << size) - 1):0{size}b}" if size else ""))

    def number(value: int) -> None:
        size = max(1, value.bit_length())
        unary(size, 2)
        unary(value, size)

    for parameter in (5, 1, _BLOCK, 0, 0, 0):  # 16 bits little-endian, one channel, no prediction, no running mean
        number(parameter)
    for start in range(0, len(samples), _BLOCK):
        block = samples[start : start + _BLOCK].astype(int)
        if len(block) < _BLOCK:
            unary(5, 2)
            number(len(block))
        unary(0, 2)
        size = max(2, int(np.abs(block).max(initial=0)).bit_length() - 1)
        unary(size, 3)
        for value in block:
            unary(int(value) << 1 if value >= 0 else (~int(value) << 1) | 1, size + 1)
    unary(4, 2)
    text = "".join(bits)
    text += "0" * (-len(text) % 32)
    packed = b"ajkg\x02" + int(text, 2).to_bytes(len(text) // 8, "big")
    return _write(path, samples, rate, "pcm,embedded-shorten-v2.00", packed)


def _write(path: Path, samples: NDArray[np.int16], rate: int, coding: str, content: bytes) -> Path:
    fields = [
        f"sample_count -i {len(samples)}",
        f"sample_rate -i {rate}",
        "channel_count -i 1",
        "sample_n_bytes -i 2",
        "sample_byte_format -s2 01",
        "sample_sig_bits -i 16",
        f"sample_coding -s{len(coding)} {coding}",
        "end_head",
    ]
    head = ("NIST_1A\n   1024\n" + "\n".join(fields) + "\n").encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(head.ljust(1024) + content)
    return path

"""Short signals as the bytes of an audio file, for those who write thousands of them.

    (channel, time) float32 --as integers, exactly--> libsndfile in memory --> bytes

Checked: tests/audio/test_encode.py (what is read back, same bytes as a file of libsndfile).
"""

from __future__ import annotations

import io

import numpy as np
import soundfile
from numpy.typing import NDArray

from separate_cli.audio.formats import AudioFormat

__all__ = ["encode_audio"]

Wave = NDArray[np.float32]


def encode_audio(wave: Wave, sample_rate: int, form: AudioFormat) -> bytes:
    """What a file holds of ``wave``.

    Args:
        wave: ``(channel, time)``. For 16 bits, whole multiples of 1/32768 from -1 to below 1, which are kept exactly.
        sample_rate: In Hz.
        form: Container and sample format.

    >>> content = encode_audio(np.array([[0.5, -1.0]], np.float32), 8000, AudioFormat("WAV", "PCM_16"))
    >>> soundfile.read(io.BytesIO(content))[0].tolist()
    [0.5, -1.0]
    """
    samples = np.ascontiguousarray(wave.T)
    if form.subtype == "PCM_16":
        samples = (samples * np.float32(32768)).astype(np.int16)
    stream = io.BytesIO()
    soundfile.write(stream, samples, sample_rate, format=form.container, subtype=form.subtype)
    return stream.getvalue()

"""Make the bundled sample again: a sentence spoken by espeak-ng, clear and behind a face mask.

    python examples/make_demo_sample.py FOLDER

Needs the program espeak-ng (Debian: apt-get install espeak-ng; macOS: brew install espeak-ng).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import soxr

from separate_cli.data.facemask import apply_filter, mask_filter, measured_gains

SENTENCE = "Good morning. Sixteen fresh fish sandwiches, please, and six cups of coffee to share."
MASK = "CottonDenim2L"
SAMPLE_RATE = 16000
PEAK = 0.5
VOICE = "en-gb+f4"
NOISE_DB = -60.0
"""Level of the recording noise: synthetic speech has digital silence between words, no microphone has."""


def speak(sentence: str) -> np.ndarray:
    """Let espeak-ng say ``sentence``; returns ``(time)`` at ``SAMPLE_RATE``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        subprocess.run(["espeak-ng", "-v", VOICE, "-s", "165", "-w", str(path), sentence], check=True)
        wave, rate = soundfile.read(path, dtype="float32")
    wave = soxr.resample(wave, rate, SAMPLE_RATE)
    noise = np.random.default_rng(0).standard_normal(len(wave)) * 10 ** (NOISE_DB / 20)
    return (wave * (PEAK / np.abs(wave).max()) + noise).astype(np.float32)


def main() -> None:
    """Write clear.flac and muffled.flac."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    clear = speak(SENTENCE)
    taps = mask_filter(measured_gains(MASK), sample_rate=SAMPLE_RATE)
    for name, wave in {"clear": clear, "muffled": apply_filter(clear, taps)}.items():
        soundfile.write(folder / f"{name}.flac", wave, SAMPLE_RATE, subtype="PCM_16")
        print(folder / f"{name}.flac", f"{len(wave) / SAMPLE_RATE:.2f} s")


if __name__ == "__main__":
    main()

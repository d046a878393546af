"""Make the golden values of this folder with the reference implementations.

    python make_goldens.py [AUDIO_FOLDER]

Needs mir_eval 0.8.2, museval 0.4.1, pystoi 0.4.1, jiwer 4.0, scipy, soundfile. Signals are stored beside the values, so
that the tests need none of them; values of real audio (AUDIO_FOLDER) are stored without it.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import warnings
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def speech_like(rng: np.random.RandomState, samples: int) -> np.ndarray:
    """Low-pass noise in syllables: 4 per second at 8 kHz, with pauses."""
    from scipy.signal import lfilter

    noise = lfilter([1.0], [1.0, -1.2, 0.5], rng.standard_normal(samples))
    envelope = np.maximum(np.sin(2 * np.pi * np.arange(samples) / 2000 + rng.uniform(0, 6)), 0)
    wave = noise * (envelope + 0.003)
    return wave / np.abs(wave).max()


def as_int16(waves: np.ndarray) -> np.ndarray:
    return np.round(waves * 20000).astype(np.int16)


def museval_metrics():
    """Museval's file of metrics alone: the package itself cannot be imported without ffmpeg."""
    path = Path(importlib.util.find_spec("mir_eval").origin).parents[1] / "museval" / "metrics.py"
    spec = importlib.util.spec_from_file_location("museval_metrics", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def synthetic() -> None:
    import mir_eval
    import pystoi

    rng = np.random.RandomState(7)
    references = np.stack([speech_like(rng, 24000) for _ in range(2)])
    estimates = references[::-1] + 0.2 * references + 0.02 * rng.standard_normal(references.shape)
    references, estimates = as_int16(references / 2), as_int16(estimates / 2)
    ref, est = references / 32768, estimates / 32768
    mix = ref.sum(axis=0)
    swapped = mir_eval.separation.bss_eval_sources(ref, est)
    values = {
        "bss": np.stack(swapped[:3]),  # SDR, SIR, SAR
        "bss_permutation": swapped[3],
        "bss_input": np.stack(mir_eval.separation.bss_eval_sources(ref, np.stack([mix, mix]), False)[:3]),
        "bss_single": np.stack(mir_eval.separation.bss_eval_sources(ref[:1], est[1:])[:3]),
    }
    rates = np.array([8000, 10000, 11025, 16000, 44100])
    for name, extended in (("stoi", False), ("estoi", True)):
        values[name] = np.array([[pystoi.stoi(ref[j], est[1 - j], rate, extended) for j in range(2)] for rate in rates])
    stereo = as_int16(rng.standard_normal((2, 2, 6000)) / 5)
    stereo_estimates = as_int16((stereo + 0.3 * stereo[::-1, ::-1]) / 32768 + 0.01 * rng.standard_normal(stereo.shape))
    frames = museval_metrics().bss_eval(
        np.moveaxis(stereo / 32768, 1, 2), np.moveaxis(stereo_estimates / 32768, 1, 2), 2000, 1500, filters_len=64
    )
    np.savez_compressed(
        HERE / "synthetic.npz",
        references=references,
        estimates=estimates,
        stoi_rates=rates,
        stereo=stereo,
        stereo_estimates=stereo_estimates,
        images=np.stack(frames[:4]),  # SDR, ISR, SIR, SAR; window 2000, hop 1500, 64 taps
        **values,
    )


def words() -> None:
    import jiwer

    rng = np.random.RandomState(3)
    vocabulary = ["a", "the", "cat", "dog", "sat", "on", "mat", "fat", "rat", "hat", "and", "ran"]
    cases = []
    for _ in range(20):
        texts = [" ".join(rng.choice(vocabulary, rng.randint(1, 12))) for _ in range(2)]
        cases.append({"truth": texts[0], "recognised": texts[1], "wer": jiwer.wer(*texts), "cer": jiwer.cer(*texts)})
    (HERE / "words.json").write_text(json.dumps(cases, indent=1) + "\n")


def real(audio: Path) -> None:
    import mir_eval
    import pystoi
    import soundfile

    values = {}
    for index in range(4):
        folder = audio / "mixtures" / "speechbrain_2mix"
        mix, rate = soundfile.read(folder / f"mixture_{index}.wav")
        ref = np.stack([soundfile.read(folder / f"source{source}_{index}.wav")[0] for source in (1, 2)])
        est = ref + 0.2 * ref[::-1] + 0.01 * mix[::-1]
        values[f"2mix_{index}"] = {
            "bss": np.stack(mir_eval.separation.bss_eval_sources(ref, est, False)[:3]).tolist(),
            "bss_input": np.stack(mir_eval.separation.bss_eval_sources(ref, np.stack([mix, mix]), False)[:3]).tolist(),
            "stoi": [pystoi.stoi(ref[j], est[j], rate) for j in range(2)],
            "estoi": [pystoi.stoi(ref[j], est[j], rate, True) for j in range(2)],
        }
    for path in sorted((audio / "mixtures" / "voicebank_demand" / "clean").iterdir()):
        clean, rate = soundfile.read(path)
        noisy, _ = soundfile.read(path.parents[1] / "noisy" / path.name)
        values[path.stem] = {
            "bss": np.stack(mir_eval.separation.bss_eval_sources(clean, noisy)[:3]).tolist(),
            "stoi": [pystoi.stoi(clean, noisy, rate)],
            "estoi": [pystoi.stoi(clean, noisy, rate, True)],
        }
    (HERE / "real.json").write_text(json.dumps(values, indent=1) + "\n")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    synthetic()
    words()
    if sys.argv[1:]:
        real(Path(sys.argv[1]))

"""SMS-WSJ's true layout: sms_wsj.json, and the files that it names, six channels, 8 kHz."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from corpora.signals import hiss, voice, write

SETS = ("train_si284", "cv_dev93", "test_eval92")
KINDS = ("speech_source", "speech_reverberation_early", "speech_reverberation_tail")


def make(root: Path, *, frames: int = 8000) -> Path:
    """Make two mixtures a set: each speaker arrives at each microphone a little later."""
    datasets: dict[str, dict[str, Any]] = {}
    for name in SETS:
        datasets[name] = {}
        for number in range(2):
            key = f"{number}_a_b"
            paths: dict[str, Any] = {kind: [] for kind in KINDS}
            observed = hiss(number, frames, 6) / 50
            paths["noise_image"] = f"noise/{name}/{key}.wav"
            write(root / paths["noise_image"], observed, 8000, subtype="PCM_16")
            for speaker in range(2):
                dry = voice(2 * number + speaker, frames, rate=8000) / 4
                early = np.stack([np.roll(dry, (2 * speaker - 1) * k) for k in range(6)], axis=1)
                waves = {KINDS[0]: dry, KINDS[1]: early, KINDS[2]: 0.1 * np.roll(early, 200, axis=0)}
                for kind, wave in waves.items():
                    path = f"{kind}/{name}/{key}_{speaker}.wav"
                    write(root / path, wave, 8000, subtype="PCM_16")
                    paths[kind].append(f"/another/machine/sms_wsj/{path}")
                observed = observed + waves[KINDS[1]] + waves[KINDS[2]]
            paths["observation"] = f"observation/{name}/{key}.wav"
            write(root / paths["observation"], observed, 8000, subtype="PCM_16")
            lengths = {"observation": frames}
            row = {"audio_path": paths, "num_samples": lengths, "offset": [0, 0], "speaker_id": ["011", "4ae"]}
            datasets[name][key] = row
    (root / "sms_wsj.json").write_text(json.dumps({"datasets": datasets}), encoding="utf-8")
    return root

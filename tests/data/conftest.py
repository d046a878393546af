"""A corpus, prepared from invented speech, with a room and some noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from separate_cli.data.corpus import Corpus
from separate_cli.data.journal import Journal
from separate_cli.data.manifest import write_recordings
from separate_cli.data.scan import scan
from separate_cli.specs.prepare import AudioFolder, SpeechFolder, SplitBySpeaker


@pytest.fixture
def corpus(tmp_path: Path, speech_folder: Path) -> Corpus:
    rng = np.random.default_rng(0)
    for name in ("rooms", "noise", "prepared"):
        (tmp_path / name).mkdir()
    response = 0.1 * rng.standard_normal((4800, 2)) * np.exp(-np.arange(4800) / 600)[:, None]
    response[30] = 4
    soundfile.write(tmp_path / "rooms" / "hall.wav", response / 8, 48000, subtype="FLOAT")
    soundfile.write(tmp_path / "noise" / "short.wav", 0.1 * rng.standard_normal(3000), 16000)
    soundfile.write(tmp_path / "noise" / "long.flac", 0.1 * rng.standard_normal((90000, 2)), 44100)
    everything = SplitBySpeaker()
    specs = {
        "speech": SpeechFolder(path=speech_folder, split=SplitBySpeaker(valid=("4",), test=("5",))),
        "rooms": AudioFolder(path=tmp_path / "rooms", split=everything),
        "noise": AudioFolder(path=tmp_path / "noise", split=everything),
    }
    with Journal(tmp_path / "journal") as journal:
        for role, spec in specs.items():
            found = scan(role, spec, spec.path, journal=journal)
            write_recordings(tmp_path / "prepared" / f"{role}.jsonl", found.recordings)
    return Corpus(tmp_path / "prepared", {role: spec.path for role, spec in specs.items()})

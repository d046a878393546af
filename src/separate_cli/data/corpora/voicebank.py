"""VoiceBank-DEMAND: pairs of noisy and clean speech.

{clean,noisy}_{trainset_28spk,testset}_wav/SPEAKER_NUMBER.wav --> mix_single, s1

Some pairs differ in length by a few samples; the shorter one counts.
"""

from __future__ import annotations

from separate_cli.data.corpora.listed import Entry, audio_below, list_mixtures
from separate_cli.data.mixing import roots_of
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.voicebank import VoiceBankDemand

__all__ = ["make"]


def make(spec: VoiceBankDemand, context: StageContext) -> None:
    """List all pairs.

    Raises:
        InputError: If there is none, or files are missing or damaged.
    """
    root = roots_of(context.inputs)["voicebank"]
    entries = []
    for folder in (f"trainset_{spec.speakers}spk_wav", "testset_wav"):
        for path in audio_below(root / f"noisy_{folder}"):
            speaker = path.stem.split("_")[0]
            part = "test" if folder.startswith("test") else "valid" if speaker in spec.valid else "train"
            signals = {"mix_single": f"noisy_{folder}/{path.name}", "s1": f"clean_{folder}/{path.name}"}
            entries.append(Entry(path.stem, part, signals, (speaker,)))
    list_mixtures("voicebank-demand", entries, spec, context, corpus="voicebank", trim=True)

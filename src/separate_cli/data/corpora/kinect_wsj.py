"""Kinect-WSJ: what its scripts have made.

{tr,cv,tt}/{mix,s1,s2,noise}/ID.wav, four channels --> mix_both, s1, s2, noise
"""

from __future__ import annotations

from separate_cli.data.corpora.listed import Entry, audio_below, list_mixtures
from separate_cli.data.corpora.wsj0 import WSJ0_PARTS
from separate_cli.data.mixing import roots_of
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.kinect_wsj import KinectWsj

__all__ = ["make"]

_FOLDERS = {"mix_both": "mix", "s1": "s1", "s2": "s2", "noise": "noise"}


def make(spec: KinectWsj, context: StageContext) -> None:
    """List all mixtures.

    Raises:
        InputError: If there is none, or files are missing or damaged.
    """
    root = roots_of(context.inputs)["kinect_wsj"]
    entries = [
        Entry(
            path.stem,
            part,
            {name: f"{folder}/{below}/{path.name}" for name, below in _FOLDERS.items()} | {"mix_clean": ("s1", "s2")},
            (path.stem[:3], path.stem.split("_")[2][:3]) if path.stem.count("_") >= 2 else (),
        )
        for folder, part in WSJ0_PARTS.items()
        for path in audio_below(root / folder / "mix")
    ]
    list_mixtures("kinect-wsj", entries, spec, context, corpus="kinect_wsj", trim=True)

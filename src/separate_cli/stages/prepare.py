"""Prepare a corpus for training and evaluation: lists, and mixtures where they are wanted as files.

spec.kind --MAKERS--> module --make(spec, context)--> mixtures.jsonl, speech.jsonl, ..., corpus.json, audio
"""

from __future__ import annotations

from importlib import import_module

from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.prepare import CorpusSpec

__all__ = ["MAKERS", "run"]

MAKERS: dict[str, str] = {
    "avspeech": "separate_cli.data.corpora.avspeech:make",
    "damp-vsep": "separate_cli.data.corpora.damp_vsep:make",
    "demask": "separate_cli.data.corpora.demask:make",
    "dns": "separate_cli.data.corpora.dns:make",
    "folder": "separate_cli.data.corpora.folder:make",
    "fuss": "separate_cli.data.corpora.fuss:make",
    "fuss-augment": "separate_cli.data.corpora.fuss_augment:make",
    "kinect-wsj": "separate_cli.data.corpora.kinect_wsj:make",
    "librimix": "separate_cli.data.corpora.librimix:make",
    "librivad": "separate_cli.data.corpora.librivad:make",
    "minilibrimix": "separate_cli.data.corpora.mini_librimix:make",
    "musdb18": "separate_cli.data.corpora.musdb18:make",
    "sms-wsj": "separate_cli.data.corpora.sms_wsj:make",
    "sparse-librimix": "separate_cli.data.corpora.sparse_librimix:make",
    "tac": "separate_cli.data.corpora.tac:make",
    "vctk-2mix": "separate_cli.data.corpora.vctk2mix:make",
    "voicebank-demand": "separate_cli.data.corpora.voicebank:make",
    "wham": "separate_cli.data.corpora.wham:make",
    "whamr": "separate_cli.data.corpora.whamr:make",
    "wsj0mix": "separate_cli.data.corpora.wsj0mix:make",
}
"""Kind of a corpus → ``module:function`` that makes it."""


def run(spec: CorpusSpec, context: StageContext) -> None:
    """Make the corpus, going on where a killed attempt was.

    Raises:
        InputError: If a source is missing, damaged, or of the wrong kind.
        OutputError: If the disk is full or read-only.
    """
    module, _, name = MAKERS[spec.kind].partition(":")
    getattr(import_module(module), name)(spec, context)

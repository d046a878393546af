"""Turn a finished and evaluated run into the bundled model and its card.

    python examples/bundle_demask.py exp/demask

Reads the newest results of ``train`` and ``eval`` below the run; writes ``demask.safetensors`` and ``demask.md`` into
the package.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from separate_cli.files import hash_file, write_text
from separate_cli.hub.checkpoint import Weights, read_checkpoint, write_weights

TARGET = Path(__file__).parents[1] / "src" / "separate_cli" / "hub" / "bundled"
LICENCE = "CC BY 4.0"
COMMAND = "sep run examples/bundled-demask.yaml --root DATA"
METRICS = {
    "si_sdr": "SI-SDR (dB)",
    "sdr": "SDR (dB)",
    "pesq": "PESQ-WB",
    "lsd": "LSD (dB, less is better)",
    "stoi": "STOI",
}


def newest(run: Path, stage: str) -> Path:
    """The newest finished result of a stage."""
    found = [path.parent for path in (run / stage).glob("*/stage.json") if path.parent.suffix == ""]
    return max(found, key=lambda folder: (folder / "stage.json").stat().st_mtime)


def condition_table(conditions: dict[str, Any]) -> str:
    """Means before and after, by condition."""
    lines = ["| condition | " + " | ".join(METRICS.values()) + " |", "|---" * (len(METRICS) + 1) + "|"]
    for name, statistics in conditions.items():
        cells = [f"{statistics['input_' + m]['mean']:.2f} → {statistics[m]['mean']:.2f}" for m in METRICS]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def mask_table(masks: dict[str, Any]) -> str:
    """Means before and after behind each mask, without room and noise."""
    shown = ("si_sdr", "pesq", "lsd")
    lines = ["| mask | " + " | ".join(METRICS[m] for m in shown) + " |", "|---" * (len(shown) + 1) + "|"]
    for name, statistics in masks.items():
        cells = [f"{statistics['input_' + m]['mean']:.3f} → {statistics[m]['mean']:.3f}" for m in shown]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Write the model and the card."""
    run = Path(sys.argv[1])
    train, evaluation = newest(run, "train"), newest(run, "eval")
    scores = json.loads((evaluation / "metrics.json").read_text("utf-8"))
    weights = read_checkpoint(train / "model.safetensors")
    dry = scores["conditions"]["dry"]
    metrics = {
        "eval_results_sha256": hash_file(evaluation / "results.csv"),
        "eval_set": "LibriSpeech test-other, 5 speakers, 50 utterances x 9 masks",
        **{f"{key}{m}": round(dry[f"{key}{m}"]["mean"], 3) for m in METRICS for key in ("input_", "")},
    }
    header = weights.header.model_copy(
        update={
            "title": "demask",
            "task": "enhancement",
            "licence": LICENCE,
            "command": COMMAND,
            "metrics": metrics,
            "parents": {"trained": hash_file(train / "model.safetensors")},
        }
    )
    TARGET.mkdir(exist_ok=True)
    write_weights(Weights(header, weights.tensors), TARGET / "demask.safetensors")
    data = "\n".join(f"| {d.name} | {d.part} | {d.licence} | {d.author} |" for d in header.datasets)
    shares = scores["share_of_oracle"]["dry"]
    interval = dry["si_sdr_imp"]
    card = CARD.format(
        licence=LICENCE,
        data=data,
        command=COMMAND,
        recipe=json.dumps(header.recipe["train"], indent=2, sort_keys=True),
        software=", ".join(f"{name} {version}" for name, version in header.software.items()),
        gain=f"{interval['mean']:.2f} dB (95 % interval {interval['low']:.2f} to {interval['high']:.2f})",
        conditions=condition_table(scores["conditions"]),
        masks=mask_table(scores["masks"]["dry"]),
        oracle_db=f"{dry['oracle_si_sdr']['mean']:.1f}",
        share=f"{100 * shares['si_sdr']:.0f} %",
        share_lsd=f"{100 * shares['lsd']:.0f} %",
        sha=hash_file(TARGET / "demask.safetensors"),
    )
    write_text(TARGET / "demask.md", card)
    print(card)


CARD = """# Model card: demask

Speech that is muffled by a face mask becomes clear again: a DeMask network of 529,155 parameters for 16 kHz, frame
by frame with a memory of two seconds, 32 ms look-ahead.
Licence of the weights: {licence}. SHA-256 of the file: `{sha}`.

## What it was trained on

| data set | part | licence | by |
|---|---|---|---|
{data}

150 speakers of LibriSpeech train-clean-100 (44 minutes) behind the nine face masks measured by Corey et al. (2020,
arXiv 2008.04521), 30 further speakers for validation.
No speaker of the evaluation was heard in training; the masks are the same nine.

## How

`{command}` ({software})

```json
{recipe}
```

## How well

50 utterances of 5 unseen speakers (LibriSpeech test-other) behind each of the nine masks; before → after. SI-SDR
improves by {gain}.

{conditions}

Without room and noise, by mask:

{masks}

A linear filter that knows the mask reaches {oracle_db} dB SI-SDR on average (`sep eval` computes it as the oracle);
the model, which has to guess the mask, reaches {share} of its gain in SI-SDR and {share_lsd} in log-spectral distance.

## Limits

- PESQ is nearly saturated before (4.58 of 4.64): masks dampen, they hardly distort.
- It undoes a mask; it does not remove noise. In noise it raises what the mask has dampened, noise included: PESQ
  falls slightly there.
- Heavy fabrics (bed sheet, spandex) are restored only in part.
- Other rates than 16 kHz are converted; above 8 kHz nothing comes back.
"""

if __name__ == "__main__":
    main()

"""LibriMix: mixtures of LibriSpeech, with WHAM!'s noise, read from the CSV files that its scripts write.

    mixture_<part>_mix_{clean,both,single}.csv --LibriMix--> (mixture (time), sources (source, time)[, ids])

Source: Cosentino et al., "LibriMix: An open-source dataset for generalizable speech separation", 2020.
Differs from Asteroid: targets of ``enh_both`` belong to their mixtures; any number of sources; mini loaders shuffle; no
    need for pandas; paths in the lists may be relative to any folder above them.
Checked: tests/data/datasets/test_librimix.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor
from torch.utils.data import DataLoader

from separate_cli.data.datasets.mini_librimix import get_mini_librimix
from separate_cli.data.datasets.segments import MixtureSet
from separate_cli.data.exchange.files import root_of
from separate_cli.data.mixtures import Mixture, Piece
from separate_cli.data.sampling import Draw
from separate_cli.data.tables import read_table
from separate_cli.errors import InputError

__all__ = ["LibriMix"]

_WORDS = {"enh_single": "single", "enh_both": "both", "sep_clean": "clean", "sep_noisy": "both"}


class LibriMix(MixtureSet):
    """LibriMix mixtures and what is wanted of them.

    Args:
        csv_dir: Folder of the CSV files.
        task: ``"sep_clean"``, ``"sep_noisy"``, ``"enh_single"`` (noisy s1 → s1) or ``"enh_both"`` (without the noise,
            all voices stay).
        sample_rate: Of the files, in Hz.
        n_src: Number of speakers in each mixture.
        segment: Seconds of an item, cut at random; shorter mixtures are left out. None: whole mixtures.
        return_id: Whether items end with the list of the sources' names.
        part: Only CSV files with this in their names, for a folder with those of several parts.

    Attributes:
        csv_path: The list that is read.
        mixture_path: File of the last item that was read.

    Raises:
        InputError: If the lists are missing, damaged or ambiguous, or name files that are not there.
        ValueError: If there is no such task.
    """

    dataset_name = "LibriMix"

    def __init__(  # noqa: PLR0917  the order that Asteroid's users know
        self,
        csv_dir: Path | str,
        task: str = "sep_clean",
        sample_rate: int = 16000,
        n_src: int = 2,
        segment: float | None = 3,
        return_id: bool = False,
        *,
        part: str = "",
    ) -> None:
        if task not in _WORDS:
            raise ValueError(f"Unknown task {task!r}; expected one of {', '.join(_WORDS)}.")
        self.csv_dir, self.task, self.n_src, self.return_id = Path(csv_dir), task, n_src, return_id
        if not self.csv_dir.exists() and self.csv_dir.parent.is_dir():  # metadata/train: the lists of train in metadata
            self.csv_dir, part = self.csv_dir.parent, self.csv_dir.name
        self.csv_path = _find_list(self.csv_dir, _WORDS[task], part)
        self.mixture_path = ""
        names = ["mixture_path", *([] if task == "enh_both" else [f"source_{i + 1}_path" for i in range(n_src)])]
        rows = read_table(self.csv_path, [*names, "length"], hint="Give the folder of LibriMix' own CSV files.")
        wanted = [{name: row[name] for name in names} for row in rows]
        if task == "enh_both":
            clean = _find_list(self.csv_dir, "clean", part)
            paths = {Path(row["mixture_path"]).stem: row["mixture_path"] for row in read_table(clean, ["mixture_path"])}
            for row in wanted:
                row["clean"] = _partner(row["mixture_path"], paths, clean)
        root = root_of(wanted[0]["mixture_path"], self.csv_path) if wanted else Path()
        mixtures = [
            _mixture(row, root, sample_rate, int(float(full["length"]))) for row, full in zip(wanted, rows, strict=True)
        ]
        super().__init__(mixtures, sample_rate=sample_rate, segment=segment)

    def __getitem__(self, index: Draw | int) -> tuple[Tensor, Tensor] | tuple[Tensor, Tensor, list[str]]:
        """Mixture ``(time)``, sources ``(source, time)``, and the names of the sources if they are wanted."""
        mixture, start, frames = self.draw(index)
        heard, sources = self.read_pair(mixture, list(mixture.signals)[1:], start, frames)
        piece = mixture.signals["mixture"]
        self.mixture_path = piece.path if isinstance(piece, Piece) else ""
        return (heard, sources, mixture.id.split("_")) if self.return_id else (heard, sources)

    @classmethod
    def loaders_from_mini(
        cls, batch_size: int = 4, *, folder: Path | str | None = None, **kwargs: Any
    ) -> tuple[DataLoader[Any], DataLoader[Any]]:
        """Loaders of MiniLibriMix for training, in another order each epoch, and for validation.

        Args:
            batch_size: Examples a batch; the incomplete last batch of training is left out.
            folder: Where MiniLibriMix is; None: it is looked for in the current folder and in ``data``, else
                downloaded once, to the cache.
            kwargs: Arguments of ``LibriMix``.

        Raises:
            RemoteError: If it cannot be downloaded.
        """
        train, valid = cls.mini_from_download(folder=folder, **kwargs)
        return (
            DataLoader(train, batch_size=batch_size, shuffle=True, drop_last=True),
            DataLoader(valid, batch_size=batch_size),
        )

    @classmethod
    def mini_from_download(cls, *, folder: Path | str | None = None, **kwargs: Any) -> tuple[LibriMix, LibriMix]:
        """MiniLibriMix to train and to validate on, see ``loaders_from_mini``.

        Raises:
            ValueError: If it does not have the task or sample rate.
            RemoteError: If it cannot be downloaded.
        """
        if kwargs.get("task", "sep_clean") not in {"sep_clean", "sep_noisy"}:
            raise ValueError("MiniLibriMix has the tasks sep_clean and sep_noisy only.")
        if kwargs.setdefault("sample_rate", 8000) != 8000:
            raise ValueError("MiniLibriMix has a sample rate of 8000 Hz only.")
        lists = cls.mini_download(folder)
        return cls(lists, part="train", **kwargs), cls(lists, part="val", **kwargs)

    @staticmethod
    def mini_download(folder: Path | str | None = None, **options: Any) -> Path:
        """The folder of MiniLibriMix' CSV files.

        Args:
            folder: MiniLibriMix, or the folder that holds it; None: see ``loaders_from_mini``.
            options: ``mirror=`` and ``progress=``, see ``get_mini_librimix``.

        Raises:
            RemoteError: If it cannot be downloaded.
        """
        return get_mini_librimix(None if folder is None else Path(folder), **options)

    def get_infos(self) -> dict[str, Any]:
        """``dataset``, ``task`` and ``licenses``, for checkpoints."""
        corpora = ["librispeech"] if self.task == "sep_clean" else ["librispeech", "wham-noise"]
        return {**self.infos(*corpora, task=self.task), "dataset": f"Libri{self.n_src}Mix"}


def _find_list(folder: Path, word: str, part: str) -> Path:
    """The one list of mixtures whose name has ``word`` and ``part`` in it."""
    try:
        names = sorted(path.name for path in folder.iterdir() if path.suffix == ".csv")
    except OSError as error:
        raise InputError(f"Cannot read {folder}: {error.strerror}.", hint="Check the path.") from error
    found = [name for name in names if word in name and part in name and not name.startswith("metrics")]
    if len(found) != 1:
        what = f"{word} and {part}" if part else word
        there = ", ".join(found or names) or "nothing"
        raise InputError(
            f"Expected one CSV file with {what} in its name in {folder}, got {there}.",
            hint="Give the folder of LibriMix' CSV files, and part= where it has those of several parts.",
        )
    return folder / found[0]


def _partner(path: str, paths: dict[str, str], clean: Path) -> str:
    found = paths.get(Path(path).stem)
    if found is None:
        raise InputError(f"{clean} has no mixture {Path(path).stem}.", hint="Both lists must be of the same part.")
    return found


def _mixture(row: dict[str, str], root: Path, sample_rate: int, frames: int) -> Mixture:
    signals = {
        name.removesuffix("_path").replace("source_", "s"): Piece((root / path).as_posix())
        for name, path in row.items()
    }
    return Mixture(Path(row["mixture_path"]).stem, "", sample_rate, frames, signals)

"""Published models by their public names, through every door of the library, from both hubs."""

from __future__ import annotations

import ast
import importlib.util
import io
import os
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

import separate_cli
from separate_cli.errors import InputError
from separate_cli.hub import load_model
from separate_cli.hub.aliases import alias_called, known_aliases
from servers.hugging_face import HuggingFace
from servers.published import asteroid_file, tiny_model
from servers.zenodo import Zenodo

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def hubconf() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hubconf_of_published", ROOT / "hubconf.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_all_doors_lead_to_the_same_weights(zenodo: Zenodo, hugging_face: HuggingFace, hubconf: ModuleType) -> None:
    number = zenodo.add("popcornell/DeMask", {"model.pth": asteroid_file()}, number=3997047)
    hugging_face.add("jane/m", {"pytorch_model.bin": asteroid_file()})
    expected = tiny_model().state_dict()
    models = [
        separate_cli.from_pretrained("jane/m"),
        separate_cli.DeMask.from_pretrained("popcornell/DeMask_Surgical_mask_speech_enhancement_v1"),
        separate_cli.DeMask.from_pretrained(f"https://zenodo.org/record/{number}/files/model.pth?download=1"),
        hubconf.pretrained("hf:jane/m"),
        hubconf.demask(f"zenodo:{number}"),
    ]
    for model in models:
        assert not model.training
        torch.testing.assert_close(model.state_dict(), expected, rtol=0, atol=0)


def test_type_checkers_see_the_names_that_programs_see() -> None:
    import separate_cli.hub as hub

    block = next(node for node in ast.parse(Path(hub.__file__).read_text("utf-8")).body if isinstance(node, ast.If))
    seen = {row.names[0].name: str(row.module) for row in block.body if isinstance(row, ast.ImportFrom)}
    assert seen == {name: f"separate_cli.hub.{module}" for name, module in hub._WHERE.items()}
    for name in hub.__all__:
        assert getattr(hub, name) is not None
    assert set(hub.__all__) <= set(dir(hub))
    with pytest.raises(AttributeError, match="serach"):
        _ = hub.serach


def test_a_model_of_another_class_is_told_by_its_name(hugging_face: HuggingFace) -> None:
    hugging_face.add("jane/m", {"pytorch_model.bin": asteroid_file()})
    with pytest.raises(InputError, match="Expected a ConvTasNet, found a DeMask"):
        separate_cli.ConvTasNet.from_pretrained("jane/m")


def test_overrides_reach_a_published_model(hugging_face: HuggingFace) -> None:
    hugging_face.add("jane/m", {"pytorch_model.bin": asteroid_file()})
    assert separate_cli.from_pretrained("jane/m", sample_rate=8000).sample_rate == 8000


def old_file(model: separate_cli.Separator) -> bytes:
    """As Asteroid wrote files before it stored sample rates."""
    arguments = {key: value for key, value in model.get_model_args().items() if key != "sample_rate"}
    stream = io.BytesIO()
    torch.save({"model_name": type(model).__name__, "model_args": arguments, "state_dict": model.state_dict()}, stream)
    return stream.getvalue()


@pytest.fixture
def tiny_tasnet() -> separate_cli.ConvTasNet:
    return separate_cli.ConvTasNet(n_src=2, n_filters=8, n_blocks=1, n_repeats=1, bn_chan=4, hid_chan=4, skip_chan=4)


@pytest.mark.parametrize(
    ("name", "rate"),
    [
        ("groadabike/ConvTasNet_DAMP-VSEP_enhboth", 16000),
        ("mhu-coder/ConvTasNet_Libri1Mix_enhsingle", 16000),
        ("mpariente/ConvTasNet_WHAM!_sepclean", 8000),
        ("JorisCos/ConvTasNet_Libri3Mix_sepclean_16k", 16000),
        ("hf:mhu-coder/ConvTasNet_Libri1Mix_enhsingle", 16000),
    ],
)
def test_old_files_get_the_rate_that_their_name_is_known_for(
    zenodo: Zenodo, hugging_face: HuggingFace, tiny_tasnet: separate_cli.ConvTasNet, name: str, rate: int
) -> None:
    alias = alias_called(name.removeprefix("hf:"))
    assert alias is not None
    if alias.zenodo is None or name.startswith("hf:"):
        hugging_face.add(alias.name, {"pytorch_model.bin": old_file(tiny_tasnet)})
    else:
        zenodo.add(alias.name, {"model.pth": old_file(tiny_tasnet)}, number=alias.zenodo)
    loaded = load_model(name)
    assert loaded.model.sample_rate == rate
    assert f"{rate} Hz is assumed" in loaded.header.notes[0]
    assert loaded.name == alias.name


def test_the_rate_in_the_file_wins_over_the_table(zenodo: Zenodo, tiny_tasnet: separate_cli.ConvTasNet) -> None:
    stream = io.BytesIO(old_file(tiny_tasnet))
    content = torch.load(stream, weights_only=True)
    content["model_args"]["sample_rate"] = 11025
    saved = io.BytesIO()
    torch.save(content, saved)
    zenodo.add("mpariente/ConvTasNet_WHAM!_sepclean", {"model.pth": saved.getvalue()}, number=3862942)
    assert load_model("mpariente/ConvTasNet_WHAM!_sepclean").model.sample_rate == 11025


def test_the_licence_of_the_host_counts_where_the_file_has_none(
    hugging_face: HuggingFace, tiny_tasnet: separate_cli.ConvTasNet
) -> None:
    card = b"---\nlicense: cc-by-sa-4.0\n---\n"
    hugging_face.add("jane/m", {"pytorch_model.bin": old_file(tiny_tasnet), "README.md": card})
    assert load_model("jane/m").header.licence == "cc-by-sa-4.0"


CHECKPOINTS = sorted(Path(os.environ.get("SEP_ACCEPTANCE_GOLDENS", os.devnull)).glob("checkpoints/*.pth"))


@pytest.mark.acceptance
@pytest.mark.parametrize("path", CHECKPOINTS, ids=lambda path: path.stem)
def test_files_of_asteroid_load_by_their_public_names_from_both_hubs(
    zenodo: Zenodo, hugging_face: HuggingFace, path: Path
) -> None:
    golden = np.load(path.with_suffix(".npz"))
    content = path.read_bytes()
    kind = load_model(path).header.model_name
    names = [row for row in known_aliases() if row.model == kind]
    for row in names:
        if row.zenodo is None:
            hugging_face.add(row.name, {"pytorch_model.bin": content, "README.md": b"x"})
        else:
            zenodo.add(row.name, {str(row.file): content, "other.txt": b"x"}, number=row.zenodo)
    hugging_face.add("jane/golden", {"pytorch_model.bin": content})
    number = zenodo.add("golden", {"model.pth": content})
    for reference in (*(row.name for row in names), "jane/golden", f"10.5281/zenodo.{number}"):
        model = load_model(reference).model
        with torch.no_grad():
            found = model(torch.from_numpy(golden["input"])).numpy()
        expected = golden["output"]
        assert np.abs(found[..., : expected.shape[-1]] - expected).max() <= 1e-5 * np.abs(expected).max()

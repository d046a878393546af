"""The plan of the house, held against the code: imports point down, the command line is light, nothing is oversized."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "separate_cli"

FLOORS: list[set[str]] = [
    {"errors", "lazy", "settings", "progress", "registry", "__init__"},
    {"files"},
    {"specs", "audio", "net", "report", "dsp"},
    {"pipeline"},
    {"filterbanks", "layers"},
    {"models", "losses"},
    {"metrics", "data"},
    {"engine", "inference", "hub"},
    {"recipes"},
    {"stages"},
    {"cli"},
]
FLOOR = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}
FREE_OF_SPECS = {"models", "losses", "layers", "dsp", "filterbanks"}


def room_of(path: Path) -> str:
    first = path.relative_to(SOURCE).parts[0]
    return first.removesuffix(".py")


def modules() -> list[Path]:
    found = sorted(SOURCE.rglob("*.py"))
    assert found
    return found


def imports(path: Path) -> list[str]:
    """Every ``separate_cli`` module that a file imports, also inside functions; not under TYPE_CHECKING."""
    found: list[str] = []

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if isinstance(node, ast.Import):
            found.extend(alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            for alias in node.names:
                candidate = f"{node.module}.{alias.name}"
                is_module = (SOURCE.parent / Path(*candidate.split("."))).with_suffix(".py").exists()
                is_package = (SOURCE.parent / Path(*candidate.split("."))).is_dir()
                found.append(candidate if is_module or is_package else str(node.module))
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text(encoding="utf-8")))
    return [name for name in found if name.split(".")[0] == "separate_cli"]


def test_every_room_is_on_the_plan() -> None:
    rooms = {room_of(path) for path in modules()}
    assert rooms <= set(FLOOR), rooms - set(FLOOR)


def test_imports_point_down() -> None:
    wrong = []
    for path in modules():
        here = room_of(path)
        if here == "__init__":
            continue
        for name in imports(path):
            there = name.split(".")[1] if "." in name else "__init__"
            if there != here and FLOOR.get(there, 99) >= FLOOR[here]:
                wrong.append(f"{path.relative_to(SOURCE)} imports {name}")
            if there == "specs" and here in FREE_OF_SPECS:
                wrong.append(f"{path.relative_to(SOURCE)} imports {name}: {here} takes plain arguments")
    assert not wrong, "\n".join(wrong)


def test_modules_have_no_import_cycle() -> None:
    graph = {}
    for path in modules():
        parts = path.relative_to(SOURCE.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        graph[name] = {target for target in imports(path) if target != name}
    done: set[str] = set()

    def walk(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join([*trail[trail.index(name) :], name])
        if name in done or name not in graph:
            return
        for target in sorted(graph[name]):
            # A package's __init__ re-exports its own files; that arrow is the package itself, not a cycle.
            if not target.startswith(name + "."):
                walk(target, (*trail, name))
        done.add(name)

    for name in sorted(graph):
        walk(name, ())


@pytest.mark.parametrize("room", sorted({"models", "losses", "engine", "inference", "data", "hub", "cli", "stages"}))
def test_no_room_names_a_junk_drawer(room: str) -> None:
    junk = {"utils.py", "helpers.py", "common.py", "misc.py"}
    assert not [path for path in (SOURCE / room).rglob("*.py") if path.name in junk]


def test_files_stay_under_300_lines() -> None:
    long = {str(p.relative_to(SOURCE)): n for p in modules() if (n := len(p.read_text("utf-8").splitlines())) > 300}
    assert not long


def test_no_assert_outside_tests() -> None:
    found = [
        f"{path.relative_to(SOURCE)}:{node.lineno}"
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Assert)
    ]
    assert not found


def loaded_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_command_line_is_light() -> None:
    loaded = loaded_after("import separate_cli.cli.app")
    assert "typer" in loaded
    heavy = {"torch", "numpy", "lightning", "pydantic", "yaml", "scipy", "soundfile", "matplotlib", "requests"}
    assert not heavy & loaded


def test_importing_the_package_loads_nothing() -> None:
    assert not {"torch", "numpy", "pydantic"} & loaded_after("import separate_cli")


def test_torchaudio_and_lightning_stay_where_they_belong() -> None:
    """Lightning only in ``engine``; torchaudio never at module level, because its wheel needs the matching torch."""
    for path in modules():
        tree = ast.parse(path.read_text("utf-8"))
        top = {
            name.split(".")[0]
            for node in tree.body
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for name in ([a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""])
        }
        assert "torchaudio" not in top, path
        everywhere = {
            name.split(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for name in ([a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""])
        }
        if room_of(path) != "engine":
            assert not {"lightning", "pytorch_lightning"} & everywhere, path

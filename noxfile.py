"""Checks in clean environments. ``nox -s tests`` is the one that every change must pass; ``nox -l`` lists all."""

from __future__ import annotations

import os
from pathlib import Path

import nox

nox.options.sessions = ["tests", "lint", "types"]
nox.options.reuse_existing_virtualenvs = True

TEST_TOOLS = ["pytest>=8", "hypothesis>=6.100", "pystoi>=0.4"]


@nox.session
def tests(session: nox.Session) -> None:
    """Unit tests, doctests, architecture, and the synthetic end-to-end run."""
    session.install(".[metrics,beamforming,onnx,dask,optimizers,sphere,rooms,mp4,loudness]", *TEST_TOOLS)
    session.run("pytest", *(session.posargs or ["-q"]), env={"OMP_NUM_THREADS": "1"})


@nox.session
def lint(session: nox.Session) -> None:
    """Style and formatting."""
    session.install("ruff")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Strict typing of the package."""
    session.install(".", "mypy", "types-PyYAML", "types-requests")
    session.run("mypy")


@nox.session
def docs(session: nox.Session) -> None:
    """Run every example in the docs and the README, then build the site."""
    session.install(
        ".[metrics,beamforming]", *TEST_TOOLS, "mkdocs>=1.6", "mkdocs-material>=9.5", "mkdocstrings[python]>=0.25"
    )
    session.run("pytest", "-q", "--doctest-modules", "src", "tests/test_documents.py", "tests/test_examples.py")
    session.run("mkdocs", "build", "--strict")


@nox.session
def demo(session: nox.Session) -> None:
    """The README's first command."""
    session.install(".")
    session.run("sep", "demo", *session.posargs)


@nox.session
def acceptance(session: nox.Session) -> None:
    """Checks on real audio and golden files: ``nox -s acceptance -- AUDIO_FOLDER [GOLDENS_FOLDER]``."""
    if not session.posargs:
        session.error("Name the folder with real audio: nox -s acceptance -- PATH [GOLDENS]")
    folders = [str(Path(argument).resolve()) for argument in session.posargs]
    env = dict(zip(("SEP_ACCEPTANCE_DATA", "SEP_ACCEPTANCE_GOLDENS"), folders, strict=False))
    session.install(".[metrics,wer,onnx,beamforming,dask,sphere,rooms,mp4,loudness]", *TEST_TOOLS)
    session.run("pytest", "-q", "-m", "acceptance", "tests", env=env)


@nox.session
def compile(session: nox.Session) -> None:
    """Every model through ``torch.compile``; needs a C++ compiler and about ten minutes."""
    session.install(".", *TEST_TOOLS)
    session.run("pytest", "-q", "-m", "compile", "tests/models/test_compile.py", *session.posargs)


@nox.session
def recipes(session: nox.Session) -> None:
    """Every built-in recipe on a tiny corpus of its true layout: prepare, two steps of training, evaluation."""
    session.install(".[metrics,beamforming]", *TEST_TOOLS)
    session.run("pytest", "-q", "-m", "recipes", "tests/recipes", *session.posargs, env={"OMP_NUM_THREADS": "1"})


@nox.session
def devices(session: nox.Session) -> None:
    """Trainings on several devices: torchrun, SLURM, kills, failures of one process."""
    session.install(".", *TEST_TOOLS)
    session.run("pytest", "-q", "-m", "devices", "tests", *session.posargs, env={"OMP_NUM_THREADS": "1"})


@nox.session
def bench(session: nox.Session) -> None:
    """Benchmarks, one after the other; name some to run only those: ``nox -s bench -- startup``."""
    session.install(".[metrics,beamforming]")
    names = session.posargs or sorted(path.stem for path in Path("benchmarks").glob("*.py"))
    for name in names:
        session.run("python", os.fspath(Path("benchmarks") / f"{name}.py"))

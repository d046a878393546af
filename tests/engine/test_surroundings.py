"""What is noted of a run's surroundings is true, and nothing secret is."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import torch

from separate_cli.engine.surroundings import describe_surroundings


def git(folder: Path, *words: str) -> str:
    own = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *own, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_versions_of_packages_are_noted(tmp_path: Path) -> None:
    found = describe_surroundings(tmp_path)
    assert found["packages"]["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert {"numpy", "lightning", "separate-cli"} <= set(found["packages"])
    assert found["threads"] == torch.get_num_threads() and found["cpus"] >= 1
    json.dumps(found)


def test_outside_a_repository_there_is_no_git_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert describe_surroundings(tmp_path)["git"] is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert describe_surroundings(tmp_path)["git"] is None


def test_commit_branch_and_changes_are_noted_and_remotes_are_not(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "a.txt").write_text("one")
    git(tmp_path, "add", "a.txt")
    git(tmp_path, "commit", "-q", "-m", "first")
    git(tmp_path, "remote", "add", "origin", "https://user:secret@example.org/repo")
    (tmp_path / "a.txt").write_text("two")
    (tmp_path / "b.txt").write_text("new")
    found = describe_surroundings(tmp_path)["git"]
    assert found == {
        "commit": git(tmp_path, "rev-parse", "HEAD"),
        "branch": "main",
        "changed": [" M a.txt", "?? b.txt"],
    }
    assert "secret" not in json.dumps(describe_surroundings(tmp_path))

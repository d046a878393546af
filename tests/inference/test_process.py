"""The process is set up only where the user has not done so."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from separate_cli.errors import UsageError
from separate_cli.inference.device import choose_device
from separate_cli.inference.process import tune_process


def test_the_users_own_waiting_policy_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "131072")
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    tune_process()
    assert "GOMP_SPINCOUNT" not in os.environ


def test_waiting_is_short_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "131072")
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    monkeypatch.setenv("GOMP_SPINCOUNT", "")
    monkeypatch.delenv("GOMP_SPINCOUNT")
    tune_process()
    assert int(os.environ["GOMP_SPINCOUNT"]) > 0


def test_tuning_comes_without_torch() -> None:
    script = "import sys; from separate_cli.inference.process import tune_process; tune_process(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "separate_cli.inference.process" in done.stdout.split()
    assert not {"torch", "numpy"} & set(done.stdout.split())


@pytest.mark.parametrize("name", ["tpu9", "cuda:77", "nonsense device"])
def test_a_device_that_is_not_there_is_a_usage_error(name: str) -> None:
    with pytest.raises(UsageError, match=name) as caught:
        choose_device(name)
    assert caught.value.hint == "Set the device to auto or cpu."  # sep train has a field, sep infer an option


def test_xla_says_what_it_needs() -> None:
    with pytest.raises(UsageError, match="torch_xla"):
        choose_device("xla")


def test_auto_finds_a_device() -> None:
    assert choose_device("auto").type in {"cpu", "cuda", "mps"}

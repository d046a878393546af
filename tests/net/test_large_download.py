"""A gigabyte over a line that fails twenty times: little is sent twice, and memory does not grow with the file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from separate_cli.files import hash_file
from servers.serving import Server

GIGABYTE = 1_000_000_000
PROGRAM = """
import re, resource, sys
from pathlib import Path
import pooch
from separate_cli.net.download import download
from separate_cli.net.session import Client

def peak_kilobytes():
    status = Path("/proc/self/status")  # Linux counts the parent's memory in resource, too
    if status.exists():
        return int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

before = peak_kilobytes()
download([sys.argv[1]], Path(sys.argv[2]), checksum=sys.argv[3] or None, client=Client(sleep=lambda seconds: None))
print(peak_kilobytes() - before)
"""


@pytest.mark.acceptance
@pytest.mark.parametrize("is_known", [True, False])
def test_twenty_cuts_in_a_gigabyte(tmp_path: Path, is_known: bool) -> None:
    big = tmp_path / "big"
    with big.open("wb") as stream:
        stream.truncate(GIGABYTE)
        for position in range(0, GIGABYTE, 7_000_000):
            stream.seek(position)
            stream.write(position.to_bytes(8, "little") * 100)
    digest = hash_file(big)
    with Server({"/big": big}, etag="none" if is_known else "strong") as server:
        server.fault("/big", cut_after=47_600_000, times=20)
        arguments = [server.url + "/big", str(tmp_path / "copy"), f"sha256:{digest}" if is_known else ""]
        done = subprocess.run([sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=True)
        assert len(server.requests) == 21
        assert server.sent < 1.05 * GIGABYTE
    assert hash_file(tmp_path / "copy") == digest
    assert int(done.stdout) < 30_000

"""How a process that only runs models is set up: before torch is imported, by a command, never by the library.

Two defaults of the GNU tool chain cost much on a processor; both are left alone where the user has set them:

- libgomp's threads spin for milliseconds when they wait. Beside other busy processes that burns the time that the
  others need; a short spin bridges the gaps between layers as well.
- glibc gives each big block back to the kernel when it is freed, and has it faulted in again for the next layer.
"""

from __future__ import annotations

import os
import sys

__all__ = ["TRAINING_BYTES", "tune_process"]

TRAINING_BYTES = 128 << 20
"""What training keeps: its memory is full of what the backward pass needs; larger blocks would leave holes."""

_SPINS = "10000"
_KEEP_BYTES, _KEEP_BYTES_OF_OLD = 1 << 30, 32 << 20
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Of glibc's malloc.h."""


def tune_process(keep_bytes: int = _KEEP_BYTES) -> None:
    """Set up this process for running models; does nothing where the platform is another.

    Args:
        keep_bytes: Freed blocks up to this size are kept, larger ones go back to the kernel.
    """
    if not {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"} & os.environ.keys():
        os.environ["GOMP_SPINCOUNT"] = _SPINS
    if not sys.platform.startswith("linux") or {"MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"} & os.environ.keys():
        return
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, keep_bytes) or mallopt(_M_MMAP_THRESHOLD, _KEEP_BYTES_OF_OLD)
        mallopt(_M_TRIM_THRESHOLD, _KEEP_BYTES)

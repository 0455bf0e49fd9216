"""What the machine says of itself: process CPU time, stolen time, resident memory."""

from __future__ import annotations

import os
import statistics
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Return user and system CPU seconds that a process has used, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_bytes(pid: int) -> int:
    """Return how much memory a process holds at this moment."""
    return _status_bytes(pid, "VmRSS:")


def most_resident_bytes(pid: int) -> int:
    """Return the most memory that a process has held since it began its program (not what its parent held)."""
    return _status_bytes(pid, "VmHWM:")


def _status_bytes(pid: int, field: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def stolen_seconds() -> float:
    """Return the CPU seconds that the host took from this machine since it started."""
    return int(Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[8]) / TICKS


def pin(core: int) -> None:
    """Keep this process on one core, where the kernel lets us choose."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[core % len(cores)]})


def spread(values: list[float]) -> tuple[float, float, float]:
    """Return (median, lowest, highest)."""
    return statistics.median(values), min(values), max(values)

"""How many workers and threads this container can carry."""

import os
from pathlib import Path

from hello_django import env

MEMORY_PER_WORKER = 256 * 2**20
THREADS_PER_WORKER = 8

# Each thread keeps a database connection. Heroku's smallest Postgres allows 20; the rest is for
# the release phase and a console. Raise this together with the database's plan.
CONNECTIONS = 16


def workers() -> int:
    """WEB_CONCURRENCY, or as many as fit."""
    return env.number("WEB_CONCURRENCY", default=fitting_workers(), low=1, high=CONNECTIONS)


def fitting_workers(root: Path = Path("/")) -> int:
    by_memory = memory(root) // MEMORY_PER_WORKER
    by_cpu = 2 * cpus(root) + 1
    return max(1, min(by_memory, by_cpu, CONNECTIONS))


def threads(workers: int) -> int:
    return max(1, min(THREADS_PER_WORKER, CONNECTIONS // workers))


def memory(root: Path = Path("/")) -> int:
    """Bytes to share out: what the control group grants (version 2, then 1), or the machine has."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    granted = _words(root / "sys/fs/cgroup/memory.max") or _words(
        root / "sys/fs/cgroup/memory/memory.limit_in_bytes"
    )
    return min(machine, int(granted[0])) if granted else machine


def cpus(root: Path = Path("/")) -> int:
    """Whole processors to use: the control group's quota, or what the machine has."""
    machine = os.cpu_count() or 1
    granted = _words(root / "sys/fs/cgroup/cpu.max") or (
        _words(root / "sys/fs/cgroup/cpu/cpu.cfs_quota_us")
        + _words(root / "sys/fs/cgroup/cpu/cpu.cfs_period_us")
    )
    if len(granted) < 2:
        return machine
    quota, period = int(granted[0]), int(granted[1])
    return max(1, min(machine, quota // period))


def _words(path: Path) -> list[str]:
    """The file's words; none where it is absent or says that there is no limit."""
    try:
        words = path.read_text(encoding="ascii").split()
    except OSError:
        return []
    return [] if words[:1] in (["max"], ["-1"]) else words

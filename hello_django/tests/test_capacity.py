"""The size of the server, from what the container may use."""

import os
from pathlib import Path

import pytest

from hello_django import capacity


@pytest.fixture(autouse=True)
def large_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 2**23}.__getitem__)


def limit(root: Path, **files: str) -> Path:
    for name, content in files.items():
        path = root / "sys/fs/cgroup" / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content + "\n")
    return root


def test_memory_of_a_version_2_group_limits_the_workers(tmp_path: Path) -> None:
    assert capacity.fitting_workers(limit(tmp_path, memory_DOT_max=str(512 * 2**20))) == 2


def test_memory_of_a_version_1_group_limits_the_workers(tmp_path: Path) -> None:
    root = limit(tmp_path, memory__memory_DOT_limit_in_bytes=str(1024 * 2**20))
    assert capacity.fitting_workers(root) == 4


def test_processors_of_a_version_2_group_limit_the_workers(tmp_path: Path) -> None:
    assert capacity.fitting_workers(limit(tmp_path, cpu_DOT_max="200000 100000")) == 5


def test_processors_of_a_version_1_group_limit_the_workers(tmp_path: Path) -> None:
    root = limit(tmp_path, cpu__cpu_DOT_cfs_quota_us="50000", cpu__cpu_DOT_cfs_period_us="100000")
    assert capacity.fitting_workers(root) == 3


def test_a_tiny_container_still_has_one_worker(tmp_path: Path) -> None:
    assert capacity.fitting_workers(limit(tmp_path, memory_DOT_max=str(64 * 2**20))) == 1


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"memory_DOT_max": "max", "cpu_DOT_max": "max 100000"},
        {
            "memory__memory_DOT_limit_in_bytes": "9223372036854771712",
            "cpu__cpu_DOT_cfs_quota_us": "-1",
            "cpu__cpu_DOT_cfs_period_us": "100000",
        },
    ],
)
def test_without_a_limit_the_machine_and_the_database_decide(
    tmp_path: Path, files: dict[str, str]
) -> None:
    assert capacity.fitting_workers(limit(tmp_path, **files)) == 16

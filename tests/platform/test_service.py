"""The service as its supervisor sees it: started once, survived, stopped without a trace."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.platform.conftest import Service, make_service
from underway.engine import Engine
from underway.platform import supervisor
from underway.platform.settings import Settings


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Service]:
    made = make_service(tmp_path / "folder")
    yield made
    made.remove()


def test_up_twice_at_once_starts_one(alone: Service) -> None:
    supervisor.down(alone.folder)
    with ThreadPoolExecutor() as pool:
        first, second = pool.map(supervisor.up, [alone.folder, alone.folder])
    assert first.pid == second.pid
    assert first.running and second.running


def test_it_is_healthy_where_its_status_says(alone: Service) -> None:
    status = supervisor.status(alone.folder)
    assert status.ports is not None
    health = httpx.get(f"http://127.0.0.1:{status.ports['api']}/platform/health")
    assert health.json()["status"] == "ok"
    assert json.loads(json.dumps(status.as_dict()))["pid"] == health.json()["pid"]


def test_the_token_is_for_its_owner_only_and_stays(alone: Service) -> None:
    token = alone.token
    assert stat.S_IMODE((alone.folder / "token").stat().st_mode) == 0o600
    supervisor.down(alone.folder)
    alone.up()
    assert alone.token == token
    assert alone.api.get("/account").json()["email"] == "you@localhost"


def test_after_kill_9_everything_is_there_again(alone: Service) -> None:
    name = alone.create()["name"]
    alone.api.patch(f"/apps/{name}/config-vars", json={"GREETING": "hello"})
    ports = alone.settings.ports
    alone.kill()
    alone.up()
    assert alone.api.get(f"/apps/{name}/config-vars").json() == {"GREETING": "hello"}
    assert alone.settings.ports == ports
    newest = alone.api.get(f"/apps/{name}/releases/v3").json()
    assert newest["description"] == "Set GREETING config vars"


def test_down_leaves_nothing_running(alone: Service, engine: Engine) -> None:
    pid = supervisor.status(alone.folder).pid
    assert supervisor.down(alone.folder)
    assert not supervisor.status(alone.folder).running
    assert not engine.containers(Settings(alone.folder).labels)
    processes = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True).stdout
    assert str(alone.folder) not in processes, pid
    assert not supervisor.down(alone.folder)


def test_two_platforms_side_by_side_know_nothing_of_each_other(
    alone: Service, tmp_path: Path
) -> None:
    other = make_service(tmp_path / "other")
    try:
        alone.create(name="only-here")
        assert other.api.get("/apps").json() == []
        assert other.api.get("/apps", headers={"Authorization": f"Bearer {alone.token}"}).is_error
        other.create(name="only-here")
    finally:
        other.remove()
    assert alone.api.get("/apps/only-here").is_success


def test_a_wanted_port_that_is_taken_is_replaced_by_a_free_one(
    alone: Service, tmp_path: Path
) -> None:
    taken = alone.settings.ports.api
    folder = tmp_path / "other"
    folder.mkdir()
    ports = {name: 0 for name in vars(alone.settings.ports)} | {"api": taken}
    (folder / "settings.json").write_text(json.dumps({"ports": ports}))
    try:
        status = supervisor.up(folder)
        assert status.ports is not None and status.ports["api"] != taken
    finally:
        supervisor.reset(folder)


def test_a_service_that_cannot_start_says_why(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "settings.json").write_text('{"limits": {"boots": 1}}')
    with pytest.raises(supervisor.PlatformFailed) as failed:
        supervisor.up(folder)
    assert "boots" in str(failed.value)
    assert "invoke platform.logs" in str(failed.value)


def test_a_second_service_in_the_same_folder_refuses(alone: Service) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "underway.platform", str(alone.folder)],
        capture_output=True,
        text=True,
        env=dict(os.environ),
    )
    assert second.returncode == supervisor.PlatformFailed.exit_code
    assert "another service runs in this folder" in second.stderr

"""Releases: their phase, their order, and what a killed platform leaves of them."""

import asyncio
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.platform.runtime import SERVER, SHORT, Runtime, ask, runtime, until
from underway.platform.models import App, Process, Release
from underway.platform.releases import NotEligible

pytestmark = pytest.mark.anyio


DEPLOY_UNTIL_KILLED = """
import asyncio, sys
from pathlib import Path
from tests.platform.runtime import SERVER, Runtime

async def main():
    platform = Runtime(Path(sys.argv[1]))
    await platform.recover()
    app = platform.app()
    await platform.deploy(app, SERVER)
    await platform.up(app)
    print("up", flush=True)
    await platform.releases.create(
        app, platform.user, "Deploy", config={"NEW": "1"}, release_command=["sleep", "1"]
    )
    await asyncio.sleep(60)

asyncio.run(main())
"""


def shell(text: str) -> list[str]:
    return ["sh", "-c", text]


async def output(platform: Runtime, release: Release) -> str:
    assert release.stream_id is not None
    chunks = [chunk async for chunk in platform.streams.follow(release.stream_id)]
    return b"".join(chunks).decode()


async def test_a_release_phase_runs_before_the_new_code_serves(tmp_path: Path) -> None:
    async with runtime(tmp_path) as platform:
        app = platform.app()
        release = await platform.releases.create(
            app,
            platform.user,
            "Deploy abcdef12",
            images={"web": platform.image},
            commands={"web": ["python", "-c", SERVER]},
            release_command=shell("echo migrating $HEROKU_RELEASE_VERSION as $DYNO; sleep 1"),
            commit="abcdef1234",
        )
        assert (release.status, release.version) == ("pending", 1)
        assert platform.store.current_release(app.id) is None
        text = await output(platform, release)
        # The stream ends when the status is decided.
        assert platform.store.find(Release, id=release.id, status="succeeded")
        assert text.startswith("migrating v1 as release.")
        name = text.split()[-1]
        (dyno,) = await platform.up(app)
        assert (await ask(dyno))["HEROKU_SLUG_COMMIT"] == "abcdef1234"
        said = platform.log(app)
        assert f"app[{name}]: migrating v1 as {name}" in said
        assert f"heroku[{name}]: Process exited with status 0" in said
        by = "by user you@localhost"
        assert said[0] == f"app[api]: Deploy abcdef12 {by}"
        assert f"app[api]: Release v1 created {by}" in said
        formation = {row.type: row.quantity for row in platform.store.all(Process, app_id=app.id)}
        assert formation == {"web": 1}


async def test_a_failing_release_phase_leaves_the_old_release_serving(tmp_path: Path) -> None:
    async with runtime(tmp_path) as platform:
        app = platform.app()
        await platform.deploy(app, SERVER)
        (dyno,) = await platform.up(app)
        release = await platform.releases.create(
            app, platform.user, "Deploy", config={"NEW": "1"}, release_command=shell("exit 1")
        )
        release = await platform.releases.wait(release)
        assert (release.version, release.status) == (2, "failed")
        assert platform.dynos.serving(app.id) == [dyno]
        assert "NEW" not in await ask(dyno)
        with pytest.raises(NotEligible):
            await platform.releases.rollback(app, platform.user, release)
        # The next one starts from the release that serves.
        third = await platform.releases.create(app, platform.user, "Set A", config={"A": "1"})
        assert (third.version, third.status, third.release_command) == (3, "succeeded", None)


async def test_an_image_of_type_release_is_the_release_phase(tmp_path: Path) -> None:
    async with runtime(tmp_path) as platform:
        app = platform.app()
        # Without a command of its own, Python reads its (empty) input, and ends.
        release = await platform.releases.create(
            app, platform.user, "Deploy", images=dict.fromkeys(("web", "release"), platform.image)
        )
        assert release.status == "pending"
        assert (await platform.releases.wait(release)).status == "succeeded"
        assert [row.type for row in platform.store.all(Process, app_id=app.id)] == ["web"]


async def test_what_is_not_given_is_taken_over_and_a_rollback_brings_all_of_it_back(
    tmp_path: Path,
) -> None:
    async with runtime(tmp_path) as platform:
        app, releases, user = platform.app(), platform.releases, platform.user
        first = await platform.deploy(app, SERVER)
        await releases.create(app, user, "Set A config vars", config={"A": "1"})
        third = await releases.create(app, user, "Deploy", images={"worker": platform.image})
        assert third.images == {"web": platform.image, "worker": platform.image}
        assert third.config == {"A": "1"}
        fourth = await releases.rollback(app, user, first)
        assert (fourth.version, fourth.description) == (4, "Rollback to v1")
        assert (fourth.images, fourth.config) == (first.images, {})
        (dyno,) = await platform.up(app)
        seen = await ask(dyno)
        assert seen["HEROKU_RELEASE_VERSION"] == "v4"
        assert "A" not in seen
        assert "app[api]: Rollback to v1 by user you@localhost" in platform.log(app)


async def test_releases_happen_one_after_another(tmp_path: Path) -> None:
    async with runtime(tmp_path) as platform:
        app, releases, user = platform.app(), platform.releases, platform.user
        await releases.create(
            app, user, "Deploy", images={"web": platform.image}, release_command=shell("sleep 1")
        )
        second, third = await asyncio.gather(
            releases.create(app, user, "Set A config vars", config={"A": "1"}),
            releases.create(app, user, "Set A config vars", config={"A": "2"}),
        )
        await releases.wait(third)
        rows = platform.store.all(Release, order="version", app_id=app.id)
        assert [(row.version, row.status) for row in rows] == [
            (1, "succeeded"),
            (2, "succeeded"),
            (3, "succeeded"),
        ]
        assert (second.version, third.version) == (2, 3)


async def test_a_release_phase_that_runs_too_long_fails(tmp_path: Path) -> None:
    async with runtime(tmp_path, replace(SHORT, release_phase=1)) as platform:
        app = platform.app()
        release = await platform.releases.create(
            app,
            platform.user,
            "Deploy",
            images={"web": platform.image},
            release_command=shell("sleep 60"),
        )
        assert (await platform.releases.wait(release)).status == "failed"
        assert "Stopped after 1 seconds." in await output(platform, release)


@pytest.mark.parametrize("away", [0.0, 3.0], ids=["while it runs", "after it has ended"])
async def test_a_release_survives_the_service(tmp_path: Path, away: float) -> None:
    before = Runtime(tmp_path)
    await before.recover()
    app = before.app()
    release = await before.releases.create(
        app,
        before.user,
        "Deploy",
        images={"web": before.image},
        commands={"web": ["python", "-c", SERVER]},
        release_command=shell("echo one; sleep 2; echo two"),
    )
    await before.logged(app, ": one")
    (container,) = before.containers()
    await before.detach()
    await asyncio.sleep(away)
    async with runtime(tmp_path) as after:
        again = await after.releases.wait(release)
        assert again.status == "succeeded"
        assert await output(after, again) == "one\ntwo\n"
        said = [line for line in after.log(app) if line.startswith(f"app[{container}]")]
        assert said == [f"app[{container}]: one", f"app[{container}]: two"]
        await after.up(app)


async def test_a_release_whose_container_is_lost_runs_its_phase_again(tmp_path: Path) -> None:
    before = Runtime(tmp_path)
    await before.recover()
    app = before.app()
    release = await before.releases.create(
        app,
        before.user,
        "Deploy",
        images={"web": before.image},
        release_command=shell("echo begun; sleep 2"),
    )
    await before.logged(app, ": begun")
    await before.stop()
    started = time.monotonic()
    async with runtime(tmp_path) as after:
        await until(lambda: after.store.find(Release, id=release.id, status="succeeded"))
        assert time.monotonic() - started > 2
        assert await output(after, release) == "begun\nbegun\n"


@pytest.mark.parametrize("moment", [0.05, 0.5, 1, 1.5, 2, 2.5])
async def test_a_platform_killed_in_a_release_loses_neither_it_nor_a_container(
    tmp_path: Path, moment: float
) -> None:
    service = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", DEPLOY_UNTIL_KILLED, str(tmp_path)), stdout=asyncio.subprocess.PIPE
    )
    assert service.stdout is not None
    assert await service.stdout.readline() == b"up\n"
    await asyncio.sleep(moment)
    service.kill()
    assert await service.wait() == -signal.SIGKILL
    async with runtime(tmp_path) as platform:
        app = platform.store.find(App)
        assert app is not None
        await until(lambda: _settled(platform, app), said=lambda: platform.log(app))
        (dyno,) = await platform.up(app)
        seen = await ask(dyno)
        assert (seen.get("NEW"), seen["HEROKU_RELEASE_VERSION"]) == ("1", "v2")
        await until(lambda: platform.containers() == ["web.1"])


def _settled(platform: Runtime, app: App) -> bool:
    rows = platform.store.all(Release, order="version", app_id=app.id)
    return [row.status for row in rows] == ["succeeded", "succeeded"]


async def test_removing_an_app_ends_its_release_phase(tmp_path: Path) -> None:
    async with runtime(tmp_path) as platform:
        app = platform.app()
        release = await platform.releases.create(
            app,
            platform.user,
            "Deploy",
            images={"web": platform.image},
            release_command=shell("sleep 60"),
        )
        await until(lambda: platform.containers())
        await platform.releases.remove_app(app)
        await platform.dynos.remove_app(app)
        assert platform.containers() == []
        assert release.stream_id and platform.streams.get(release.stream_id) is None

"""Dynos on the real engine: booted, scaled, restarted, broken in each way, left and found again."""

import asyncio
import dataclasses
import re
from pathlib import Path

import pytest

from tests.platform.runtime import PYTHON, SERVER, SHORT, Runtime, ask, runtime, until

pytestmark = pytest.mark.anyio

QUIET = "import time\nwhile True: time.sleep(1)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"


async def test_a_web_dyno_gets_its_config_and_what_heroku_says_of_it(tmp_path: Path) -> None:
    async with runtime(tmp_path) as platform:
        app = platform.app()
        await platform.releases.create(
            app, platform.user, "Set GREETING", config={"GREETING": "hi"}
        )
        release = await platform.deploy(app, SERVER)
        assert platform.dynos.web_state(app.id) == "starting"
        (dyno,) = await platform.up(app)
        seen = await ask(dyno)
        assert seen["GREETING"] == "hi"
        assert seen["DYNO"] == "web.1"
        assert seen["HEROKU_APP_ID"] == app.id
        assert seen["HEROKU_APP_NAME"] == "hello"
        assert seen["HEROKU_APP_DEFAULT_DOMAIN_NAME"] == "hello-0123456789ab.localhost"
        assert seen["HEROKU_RELEASE_VERSION"] == "v2"
        assert seen["HEROKU_RELEASE_CREATED_AT"] == release.created_at
        assert seen["HEROKU_SLUG_DESCRIPTION"] == "Deploy"
        (line,) = [line for line in platform.log(app) if "app[web.1]: listening" in line]
        assert line.startswith(f"app[web.1]: listening on {seen['PORT']} as ")
        assert 10_000 <= int(line.rpartition(" ")[2]) < 60_000
        assert "heroku[web.1]: State changed from starting to up" in platform.log(app)


async def test_scaling_starts_and_stops_dynos_and_leaves_the_others_alone(tmp_path: Path) -> None:
    async with runtime(tmp_path) as platform:
        app = platform.app()
        await platform.deploy(app, SERVER, worker=QUIET)
        (first,) = await platform.up(app)
        assert platform.states(app) == {"web.1": "up"}
        await platform.scale(app, "web", 3)
        await platform.scale(app, "worker", 1)
        await platform.up(app, 3)
        await until(lambda: platform.states(app)["worker.1"] == "up")
        assert platform.dyno(app).container_id == first.container_id
        await platform.scale(app, "web", 1)
        assert platform.states(app) == {"web.1": "up", "worker.1": "up"}
        await until(lambda: platform.containers() == ["web.1", "worker.1"])
        lines = [line for line in platform.log(app) if "heroku[web.3]" in line]
        assert [line.partition(": ")[2] for line in lines[-3:]] == [
            "State changed from up to down",
            "Stopping all processes with SIGTERM",
            "Process exited with status 143",
        ]
        await platform.scale(app, "web", 0)
        assert platform.dynos.web_state(app.id) == "none"


async def test_a_new_size_restarts_the_dynos_with_its_memory(tmp_path: Path) -> None:
    async with runtime(tmp_path) as platform:
        app = platform.app()
        await platform.deploy(app, SERVER)
        (first,) = await platform.up(app)
        await platform.scale(app, "web", 1, size="Standard-2X")
        await platform.up(app, 1)
        now = platform.dyno(app)
        assert now.container_id != first.container_id
        assert now.container_id is not None
        made = platform.engine.client.containers.get(now.container_id)
        assert made.attrs["HostConfig"]["Memory"] == 2 * 1024 * 1024 * 1024


async def test_a_restart_and_a_config_change_replace_the_containers(tmp_path: Path) -> None:
    async with runtime(tmp_path) as platform:
        app = platform.app()
        await platform.deploy(app, SERVER)
        (first,) = await platform.up(app)
        await platform.dynos.restart(app, "web.1")
        assert platform.dynos.serving(app.id) == []
        (second,) = await platform.up(app)
        assert second.container_id != first.container_id
        assert "heroku[web.1]: Restarting" in platform.log(app)
        await platform.releases.create(app, platform.user, "Set A config vars", config={"A": "1"})
        (third,) = await platform.up(app)
        assert (await ask(third))["A"] == "1"
        await until(lambda: platform.containers() == ["web.1"])


async def test_with_preboot_there_is_always_a_dyno_that_serves(tmp_path: Path) -> None:
    async with runtime(tmp_path) as platform:
        app = platform.app()
        app.preboot = True
        platform.store.save(app)
        await platform.deploy(app, SERVER)
        (old,) = await platform.up(app)
        await platform.releases.create(app, platform.user, "Set A config vars", config={"A": "1"})
        serving = platform.dynos.serving
        assert [dyno.id for dyno in serving(app.id)] == [old.id]
        await platform.up(app, 2)
        while len(serving(app.id)) == 2:
            await asyncio.sleep(0.01)
        (new,) = serving(app.id)
        assert new.id != old.id


async def test_a_stopped_dyno_stays_down_until_it_is_restarted(tmp_path: Path) -> None:
    async with runtime(tmp_path) as platform:
        app = platform.app()
        await platform.deploy(app, SERVER)
        await platform.scale(app, "web", 2)
        await platform.up(app, 2)
        await platform.dynos.stop(app, "web.2")
        await until(lambda: platform.containers() == ["web.1"])
        await platform.dynos.converge(app)
        assert platform.states(app) == {"web.1": "up", "web.2": "down"}
        await platform.dynos.restart(app, "web.2")
        await platform.up(app, 2)


async def test_r10_a_web_process_that_never_binds_its_port(tmp_path: Path) -> None:
    async with runtime(tmp_path, dataclasses.replace(SHORT, boot=1)) as platform:
        app = platform.app()
        await platform.deploy(app, QUIET)
        await platform.logged(
            app,
            "heroku[web.1]: Error R10 (Boot timeout) -> Web process failed to bind to $PORT"
            " within 1 seconds of launch",
        )
        await platform.logged(app, "heroku[web.1]: Stopping process with SIGKILL")
        await platform.logged(app, "heroku[web.1]: Process exited with status 137")
        await platform.logged(app, "heroku[web.1]: State changed from starting to crashed")
        assert platform.dynos.serving(app.id) == []


async def test_a_process_that_only_listens_on_loopback_is_not_bound(tmp_path: Path) -> None:
    async with runtime(tmp_path, dataclasses.replace(SHORT, boot=1)) as platform:
        app = platform.app()
        await platform.deploy(app, SERVER.replace('(("",', '(("127.0.0.1",'))
        await platform.logged(app, "Error R10")


async def test_what_crashes_is_restarted_at_once_and_then_after_longer_and_longer_pauses(
    tmp_path: Path,
) -> None:
    limits = dataclasses.replace(SHORT, restart_first=60, restart_most=600)
    async with runtime(tmp_path, limits) as platform:
        app = platform.app()
        await platform.deploy(app, "raise SystemExit(3)")
        await until(lambda: platform.dyno(app).crashes == 2, said=lambda: platform.log(app))
        lines = [line for line in platform.log(app) if "heroku[web.1]: Process exited" in line]
        assert lines == ["heroku[web.1]: Process exited with status 3"] * 2
        assert "heroku[web.1]: State changed from crashed to starting" in platform.log(app)
        await until(lambda: platform.dynos.web_state(app.id) == "crashed")
        # A new release does not wait for it.
        await platform.deploy(app, SERVER)
        await platform.up(app)


async def test_sigterm_reaches_every_process(tmp_path: Path) -> None:
    # One write for each line: what two processes print in pieces can get mixed.
    child = "import os, signal, sys, time\n"
    child += "def bye(*_): os.write(1, b'bye from child\\n'); sys.exit(0)\n"
    child += "signal.signal(signal.SIGTERM, bye); print('ready child'); time.sleep(60)"
    parent = f"import os, signal, subprocess, sys; child = {child!r}\n"
    parent += "bye = lambda *_: os.write(1, b'bye from parent\\n')\n"
    parent += "signal.signal(signal.SIGTERM, bye)\n"
    parent += "p = subprocess.Popen([sys.executable, '-uc', child])\n"
    parent += "sys.exit(p.wait())"
    async with runtime(tmp_path) as platform:
        app = platform.app()
        await platform.deploy(app, SERVER, worker=parent)
        await platform.scale(app, "worker", 1)
        await platform.logged(app, "app[worker.1]: ready child")
        await platform.scale(app, "worker", 0)
        await platform.logged(app, "heroku[worker.1]: Process exited with status 0")
        assert "app[worker.1]: bye from child" in platform.log(app)
        assert "app[worker.1]: bye from parent" in platform.log(app)


async def test_r12_a_process_that_ignores_sigterm(tmp_path: Path) -> None:
    async with runtime(tmp_path, dataclasses.replace(SHORT, stop=2)) as platform:
        app = platform.app()
        await platform.deploy(app, DEAF + SERVER)
        await platform.up(app)
        await platform.scale(app, "web", 0)
        await platform.logged(app, "heroku[web.1]: Process exited with status 137")
        lines = [line for line in platform.log(app) if "heroku[web.1]" in line]
        assert [line.partition(": ")[2] for line in lines[-4:]] == [
            "Stopping all processes with SIGTERM",
            "Error R12 (Exit timeout) -> At least one process failed to exit"
            " within 2 seconds of SIGTERM",
            "Stopping remaining processes with SIGKILL",
            "Process exited with status 137",
        ]


async def test_r14_more_memory_than_the_quota(tmp_path: Path) -> None:
    async with runtime(tmp_path) as platform:
        app = platform.app()
        await platform.deploy(app, "x = b'x' * (600 * 1024 * 1024)\n" + SERVER)
        await platform.up(app)
        await platform.logged(app, "heroku[web.1]: Error R14 (Memory quota exceeded)")
        line, *_ = [line for line in platform.log(app) if "Process running mem=" in line]
        assert re.fullmatch(r"heroku\[web\.1\]: Process running mem=\d+M\(1\d\d\.\d%\)", line)
        assert platform.states(app) == {"web.1": "up"}


async def test_r15_twice_the_quota_takes_the_whole_dyno_with_it(tmp_path: Path) -> None:
    greedy = "import subprocess, sys\n"
    greedy += "subprocess.run([sys.executable, '-c', \"x = b'x' * (1200 << 20)\"])\n" + SERVER
    async with runtime(tmp_path) as platform:
        app = platform.app()
        await platform.deploy(app, greedy)
        await platform.logged(app, "heroku[web.1]: Error R15 (Memory quota vastly exceeded)")
        await platform.logged(app, "heroku[web.1]: Process exited with status 137")
        await until(lambda: platform.dyno(app).crashes)


async def test_an_image_that_is_not_there_is_said_in_the_log(tmp_path: Path) -> None:
    async with runtime(tmp_path) as platform:
        app = platform.app()
        gone = "sha256:" + "0" * 64
        await platform.releases.create(app, platform.user, "Deploy", images={"web": gone})
        await platform.logged(app, "No such image")
        await until(lambda: platform.dynos.web_state(app.id) == "crashed")


async def test_a_detached_one_off_says_how_it_ended_and_is_gone(tmp_path: Path) -> None:
    async with runtime(tmp_path) as platform:
        app = platform.app()
        release = await platform.deploy(app, SERVER)
        ended: list[int] = []
        command = 'echo "$WHO on $DYNO"; exit 3'
        dyno = await platform.dynos.run(
            app, release, command, env={"WHO": "me"}, on_exit=ended.append
        )
        await until(lambda: ended == [3])
        assert f"app[{dyno.name}]: me on {dyno.name}" in platform.log(app)
        source = f"heroku[{dyno.name}]: "
        lines = [line.removeprefix(source) for line in platform.log(app) if source in line]
        assert lines == [
            f"Starting process with command `{command}`",
            "State changed from starting to up",
            "Process exited with status 3",
            "State changed from up to complete",
        ]
        await until(lambda: dyno.name not in platform.states(app))


async def test_an_attached_one_off_takes_input_and_gives_output_and_status(tmp_path: Path) -> None:
    async with runtime(tmp_path) as platform:
        app = platform.app()
        release = await platform.deploy(app, QUIET)
        dyno = await platform.dynos.run(
            app, release, "cat; echo done >&2; exit 7", attach=True, tty=False
        )
        assert dyno.attach is not None
        assert platform.dynos.attached("wrong") is None
        assert platform.dynos.attached(dyno.attach) is dyno
        process = await platform.dynos.open(dyno)
        assert platform.dynos.attached(dyno.attach) is None
        data = b"line\n" * 100_000
        writing = asyncio.create_task(_send(process, data))
        output = b""
        while piece := await process.read():
            output += piece
        await writing
        assert output == data + b"done\n"
        assert await process.wait() == 7
        await process.close()
        await until(lambda: dyno.name not in platform.states(app))


async def _send(process, data: bytes) -> None:  # type: ignore[no-untyped-def]
    await process.write(data)
    await process.close_input()


async def test_an_attached_one_off_has_a_terminal_of_the_clients_size(tmp_path: Path) -> None:
    async with runtime(tmp_path) as platform:
        app = platform.app()
        release = await platform.deploy(app, QUIET)
        dyno = await platform.dynos.run(app, release, "read x; stty size; test -t 0", attach=True)
        process = await platform.dynos.open(dyno)
        await process.resize(rows=33, columns=111)
        await process.write(b"\n")
        output = b""
        while piece := await process.read():
            output += piece
        assert b"33 111\r\n" in output
        assert await process.wait() == 0
        await process.close()


async def test_r13_a_client_that_never_comes(tmp_path: Path) -> None:
    async with runtime(tmp_path, dataclasses.replace(SHORT, boot=0.5)) as platform:
        app = platform.app()
        release = await platform.deploy(app, QUIET)
        dyno = await platform.dynos.run(app, release, "bash", attach=True)
        await platform.logged(app, f"heroku[{dyno.name}]: Error R13 (Attach error)")
        await until(lambda: dyno.name not in platform.states(app))
        assert dyno.name not in platform.containers()


async def test_a_one_off_can_be_stopped(tmp_path: Path) -> None:
    async with runtime(tmp_path) as platform:
        app = platform.app()
        release = await platform.deploy(app, QUIET)
        dyno = await platform.dynos.run(app, release, "sleep 60")
        await platform.dynos.stop(app, dyno.name)
        assert f"heroku[{dyno.name}]: Process exited with status 143" in platform.log(app)
        assert dyno.name not in platform.containers()


async def test_dynos_run_on_without_the_service_and_no_line_is_lost_or_doubled(
    tmp_path: Path,
) -> None:
    counter = "import threading, time\ndef count():\n  n = 0\n  while True:\n"
    counter += "    print('count', n, flush=True); n += 1; time.sleep(0.01)\n"
    counter += "threading.Thread(target=count, daemon=True).start()\n" + SERVER
    before = Runtime(tmp_path)
    await before.recover()
    app = before.app()
    release = await before.deploy(app, counter)
    (dyno,) = await before.up(app)
    job = await before.dynos.run(app, release, "sleep 2; echo finished")
    await before.detach()
    await asyncio.sleep(0.5)
    async with runtime(tmp_path) as after:
        (found,) = after.dynos.serving(app.id)
        assert (found.id, found.container_id) == (dyno.id, dyno.container_id)
        await after.logged(app, f"app[{job.name}]: finished")
        await until(lambda: job.name not in after.states(app))
        counts = [
            int(line.rpartition(" ")[2]) for line in after.log(app) if "app[web.1]: count" in line
        ]
        assert len(counts) > 50
        assert counts == list(range(counts[0], counts[0] + len(counts)))


async def test_recovery_drops_orphans_and_starts_what_is_missing(tmp_path: Path) -> None:
    before = Runtime(tmp_path)
    await before.recover()
    app = before.app()
    await before.deploy(app, SERVER)
    await before.scale(app, "web", 2)
    await before.up(app, 2)
    dead, ended = before.dyno(app, "web.1"), before.dyno(app, "web.2")
    await before.detach()
    meanwhile = Runtime(tmp_path)
    client = meanwhile.engine.client
    client.containers.get(str(dead.container_id)).remove(force=True)
    client.containers.get(str(ended.container_id)).kill()
    labels = meanwhile.settings.labels | {"underway.role": "dyno", "underway.dyno": "web.9"}
    meanwhile.engine.start(PYTHON, command=["sleep", "99"], labels=labels)
    meanwhile._close()
    async with runtime(tmp_path) as after:
        await after.up(app, 2)
        await until(lambda: after.containers() == ["web.1", "web.2"])
        assert "heroku[web.2]: Process exited with status 137" in after.log(app)


async def test_down_removes_the_containers_and_up_brings_the_dynos_back(tmp_path: Path) -> None:
    async with runtime(tmp_path) as platform:
        app = platform.app()
        await platform.deploy(app, SERVER)
        await platform.up(app)
    async with runtime(tmp_path) as platform:
        (dyno,) = await platform.up(app)
        assert (await ask(dyno))["DYNO"] == "web.1"
        await platform.releases.remove_app(app)
        await platform.dynos.remove_app(app)
        assert platform.containers() == []
        assert platform.states(app) == {}

"""The Postgres server of a platform: one container that is kept, over TLS only.

It listens where this machine and the containers on it reach it under the same name, so that a
DATABASE_URL works in a dyno and in the psql that the Heroku CLI starts.
"""

from __future__ import annotations

import asyncio
import dataclasses
import ipaddress
import secrets
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import psycopg

from underway import postgres
from underway.engine import Engine, explained
from underway.errors import ContainerFailed, PortTaken
from underway.platform.settings import Settings
from underway.platform.tls import Authority
from underway.secret import Secret

if TYPE_CHECKING:
    from docker.models.containers import Container

ROLE = {"underway.role": "postgres"}
ADMIN = "underway"
DESKTOP = "host.docker.internal"
STOP_SECONDS = 30
SETTINGS = {"max_connections": "500", "ssl_min_protocol_version": "TLSv1.2"}
FREE = 0
"""The engine chooses a port."""
CHANGE = r"""
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$ADMIN" postgres <<SQL
\getenv password PASSWORD
ALTER ROLE $ADMIN PASSWORD :'password';
SQL
"""


class Server:
    """Starts at first need; its data is in a volume and survives the container."""

    def __init__(self, settings: Settings, engine: Engine, authority: Authority) -> None:
        self._settings, self._engine, self._authority = settings, engine, authority
        self._password = Secret(secrets.token_urlsafe(24))
        self._starting = asyncio.Lock()
        self._place: tuple[str, int] | None = None

    async def place(self) -> tuple[str, int]:
        """Its host and port, once it answers; started if it does not run.

        Raises:
            ImageUnavailable: there is no image of it and none can be pulled.
            ContainerFailed: it ended, or did not answer in time.
        """
        async with self._starting:
            if self._place is None:
                self._place = await asyncio.to_thread(self._start)
            return self._place

    async def stop(self) -> None:
        """Stop it; the next ``place`` starts it again, with the same data."""
        async with self._starting:
            self._place = None
            await asyncio.to_thread(self._stop)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """A connection as the server's administrator, who may make and drop databases."""
        host, port = await self.place()
        session = await psycopg.AsyncConnection.connect(
            host=host,
            port=port,
            user=ADMIN,
            dbname="postgres",
            password=self._password.reveal(),
            sslmode="verify-full",
            sslrootcert=str(self._authority.ca_file),
            autocommit=True,
        )
        async with session:
            yield session

    @property
    def _labels(self) -> dict[str, str]:
        return self._settings.labels | ROLE

    def _find(self) -> Container | None:
        return next(iter(self._engine.containers(self._labels)), None)

    def _start(self) -> tuple[str, int]:
        host, address = _reachable(self._engine)
        container = self._find()
        if container and container.status != "running":
            # Nothing in it is kept; made again it gets a port that is free today.
            container.remove(force=True)
            container = None
        container = container or self._create(host, address)
        postgres.wait_until_ready(container)
        self._set_password(container)
        published = container.attrs["NetworkSettings"]["Ports"][f"{postgres.PORT}/tcp"]
        port = int(published[0]["HostPort"])
        # The same one the next time: another would mean a release of every app with a database.
        ports = dataclasses.replace(self._settings.ports, postgres=port)
        self._settings = dataclasses.replace(self._settings, ports=ports)
        self._settings.save()
        return host, port

    def _stop(self) -> None:
        if container := self._find():
            container.stop(timeout=STOP_SECONDS)
            container.remove()

    def _create(self, host: str, address: str) -> Container:
        image = self._settings.postgres_image
        if self._engine.find_image(image) is None:
            self._engine.pull(image)
        try:
            return self._run(host, address, self._settings.ports.postgres)
        except PortTaken:
            return self._run(host, address, FREE)

    def _run(self, host: str, address: str, port: int) -> Container:
        with explained():
            container = self._engine.client.containers.create(
                self._settings.postgres_image,
                command=postgres.command(SETTINGS),
                environment={
                    "POSTGRES_USER": ADMIN,
                    "POSTGRES_PASSWORD": self._password.reveal(),
                    "POSTGRES_DB": "postgres",
                },
                labels=self._labels,
                ports={f"{postgres.PORT}/tcp": (address, port)},
                volumes=[f"{self._volume()}:{self._data_folder()}"],
            )
            try:
                names = (host, "localhost", "127.0.0.1")
                certificate, key = self._authority.certificate(*names)
                container.put_archive("/etc", postgres.archive(certificate, key))
                container.start()
            except BaseException:
                container.remove(force=True)
                raise
        return container

    def _set_password(self, container: Container) -> None:
        # The data may be older than this process. Over the container's own socket no password is
        # asked for; by the environment it is in nobody's list of processes.
        code, output = container.exec_run(
            ["sh", "-c", CHANGE],
            environment={"ADMIN": ADMIN, "PASSWORD": self._password.reveal()},
        )
        assert isinstance(output, bytes)
        if code != 0:
            raise ContainerFailed(
                "Postgres did not take a new password.",
                why=output.decode(errors="replace"),
            )

    def _volume(self) -> str:
        found = self._engine.volumes(self._labels)
        volume = found[0] if found else self._engine.client.volumes.create(labels=self._labels)
        return str(volume.name)

    def _data_folder(self) -> str:
        image = self._engine.image(self._settings.postgres_image, next="invoke setup")
        return postgres.data_folders(image)[0]


def _reachable(engine: Engine) -> tuple[str, str]:
    """A name of this machine that containers can use too, and the address to listen on for it.

    Where the engine runs on this machine's own kernel that is the gateway of its bridge; Docker
    Desktop has a name for it, and leads it to 127.0.0.1.
    """
    bridge = engine.client.networks.get("bridge")
    configs = bridge.attrs["IPAM"]["Config"]
    gateway = _gateway(configs[0]) if configs else ""
    if sys.platform == "linux" and gateway and _is_ours(gateway):
        return gateway, gateway
    return DESKTOP, "127.0.0.1"


def _gateway(config: dict[str, str]) -> str:
    # An engine that runs for the first time does not name it: it is the subnet's first address.
    first = next(ipaddress.ip_network(config["Subnet"]).hosts())
    return config.get("Gateway") or str(first)


def _is_ours(address: str) -> bool:
    try:
        with socket.socket() as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True

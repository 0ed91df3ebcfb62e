"""A Postgres server in a container: over TLS only, its data in memory, gone when it is stopped."""

from __future__ import annotations

import io
import secrets
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from underway import probe
from underway.engine import Engine, explained
from underway.errors import ContainerFailed
from underway.project import Project
from underway.secret import Secret

if TYPE_CHECKING:
    from docker.models.containers import Container
    from docker.models.images import Image

PORT = 5432
UID = 999
"""The user postgres inside the official image."""
FOLDER = "/etc/underway"
DATA = "/var/lib/postgresql/data"
READY_SECONDS = 60
PAUSE = 0.1
LOG_LINES = 30

# Nothing of a throwaway server outlives it: no write has to reach a disk.
UNSAFE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}

# The socket is for the image's own set-up; whoever comes over TCP brings TLS and a password.
ACCESS = """\
local   all all     trust
hostssl all all all scram-sha-256
"""


@dataclass(frozen=True)
class Server:
    """A running server."""

    container: Container
    host: str
    port: int
    user: str
    password: Secret
    database: str
    authority: bytes = field(repr=False)
    """The certificate to check the server's own against, in PEM, for sslmode=verify-full."""

    def url(self, sslmode: str = "require") -> Secret:
        """The address as DATABASE_URL takes it."""
        account = f"{self.user}:{quote(self.password.reveal(), safe='')}"
        place = f"{self.host}:{self.port}/{self.database}"
        return Secret(f"postgres://{account}@{place}?sslmode={sslmode}")

    def remove(self) -> None:
        """Stop it and remove its container, with all data."""
        self.container.remove(force=True, v=True)


@contextmanager
def throwaway(
    engine: Engine, project: Project, *, max_connections: int = 100, database: str = "app"
) -> Iterator[Server]:
    """A server for as long as the block runs, whatever ends the block."""
    server = start(engine, project, max_connections=max_connections, database=database)
    try:
        yield server
    finally:
        server.remove()


def start(
    engine: Engine, project: Project, *, max_connections: int = 100, database: str = "app"
) -> Server:
    """Start a server on a free port of this machine, and return it once it answers.

    Raises:
        ImageUnavailable: there is no image of it.
        ContainerFailed: it ended, or did not answer in time.
    """
    password = Secret(secrets.token_urlsafe(24))
    image = engine.image(project.postgres_image, next="invoke setup")
    authority, files = _certificates(engine.host)
    with explained():
        container = engine.client.containers.create(
            project.postgres_image,
            command=command({"max_connections": str(max_connections), **UNSAFE}),
            environment={
                "POSTGRES_USER": "app",
                "POSTGRES_PASSWORD": password.reveal(),
                "POSTGRES_DB": database,
            },
            labels=project.labels | {"underway.role": "postgres"},
            ports={f"{PORT}/tcp": (engine.interface, 0)},
            tmpfs={folder: f"uid={UID},gid={UID},mode=0700" for folder in data_folders(image)},
        )
        try:
            container.put_archive("/etc", files)
            container.start()
            wait_until_ready(container)
            port = int(probe.address(container, PORT).rpartition(":")[2])
        except BaseException:
            container.remove(force=True, v=True)
            raise
    return Server(container, engine.host, port, "app", password, database, authority)


def command(settings: dict[str, str]) -> list[str]:
    """The server's command: TLS by the files of ``archive``, and these settings."""
    everything = {
        "hba_file": f"{FOLDER}/pg_hba.conf",
        "ssl": "on",
        "ssl_cert_file": f"{FOLDER}/server.crt",
        "ssl_key_file": f"{FOLDER}/server.key",
        **settings,
    }
    return ["postgres", *(word for item in everything.items() for word in ("-c", "=".join(item)))]


def data_folders(image: Image) -> list[str]:
    """Where the image keeps its data: each major version of it has a place of its own."""
    return list(image.attrs["Config"].get("Volumes") or [DATA])


def archive(certificate: bytes, key: bytes) -> bytes:
    """What goes into the container's /etc before it starts, as a tar archive; both in PEM."""
    contents = {"server.crt": certificate, "server.key": key, "pg_hba.conf": ACCESS.encode()}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        folder = FOLDER.rpartition("/")[2]
        tar.addfile(_member(folder, tarfile.DIRTYPE, 0o700))
        for name, content in contents.items():
            member = _member(f"{folder}/{name}", tarfile.REGTYPE, 0o600)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def wait_until_ready(container: Container) -> None:
    """Return once the server answers.

    Raises:
        ContainerFailed: it ended, or did not answer in time.
    """
    # Over TCP: the image sets itself up with a first server, which listens on the socket only.
    question = ["pg_isready", "--quiet", "--host=127.0.0.1"]
    deadline = time.monotonic() + READY_SECONDS
    while True:
        container.reload()
        if container.status == "running":
            if container.exec_run(question).exit_code == 0:
                return
        elif container.status == "exited":
            raise ContainerFailed("Postgres ended before it was ready.", why=_log(container))
        if time.monotonic() > deadline:
            raise ContainerFailed(
                f"Postgres was not ready within {READY_SECONDS} s.", why=_log(container)
            )
        time.sleep(PAUSE)


def _certificates(host: str) -> tuple[bytes, bytes]:
    """The certificate of an authority made for the occasion, and the archive with its work."""
    import trustme

    authority = trustme.CA()
    issued = authority.issue_cert("localhost", host)
    chain = b"".join(pem.bytes() for pem in issued.cert_chain_pems)
    return authority.cert_pem.bytes(), archive(chain, issued.private_key_pem.bytes())


def _member(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.mode, member.uid, member.gid = kind, mode, UID, UID
    return member


def _log(container: Container) -> str:
    return container.logs(tail=LOG_LINES).decode(errors="replace")

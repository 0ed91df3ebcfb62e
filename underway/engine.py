"""The Docker engine, through its API: images, containers, and its errors in the user's words."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from underway.errors import (
    ContainerFailed,
    DiskFull,
    EngineUnavailable,
    ImageUnavailable,
    PortTaken,
)

if TYPE_CHECKING:  # the SDK takes long to import; a task that needs no engine does not pay
    from docker import DockerClient
    from docker.models.containers import Container
    from docker.models.images import Image
    from docker.models.networks import Network
    from docker.models.volumes import Volume


CONNECT_SECONDS = 5
BESIDE_SECONDS = 60
"""For an engine that a CI job's service has just begun to start."""
PAUSE = 0.5
LOOPBACK, ANY = "127.0.0.1", "0.0.0.0"  # nosec B104
LOCAL = (LOOPBACK, "localhost", "::1")
ANSWER_SECONDS = 120
"""The longest silence of an engine that is at work."""


@dataclass(frozen=True)
class EngineFacts:
    """What an engine says of itself. ``architecture`` is Docker's word: amd64, arm64."""

    version: str
    architecture: str
    storage_driver: str
    containerd_store: bool
    """Image ids are manifest digests, where the classic store gives config digests."""
    folder: str
    """Where it keeps its data, on its own machine."""


class Engine:
    """A connection to the engine that ``docker`` on this machine would use."""

    def __init__(self, client: DockerClient) -> None:
        self.client = client

    @classmethod
    def connect(cls) -> Engine:
        """Find the engine by DOCKER_HOST, else by docker's current context.

        It is asked once; in a CI job, where it may have just begun to start, for a minute.

        Raises:
            EngineUnavailable: none answers.
        """
        beside = os.environ.get("CI") and os.environ.get("DOCKER_HOST", "").startswith("tcp:")
        deadline = time.monotonic() + (BESIDE_SECONDS if beside else 0)
        while True:
            try:
                return cls._connect()
            except EngineUnavailable:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(PAUSE)

    @classmethod
    def _connect(cls) -> Engine:
        import docker
        from docker.context import ContextAPI
        from docker.errors import DockerException

        try:
            context = None if os.environ.get("DOCKER_HOST") else ContextAPI.get_current_context()
            if context is not None and context.Host:
                client = docker.DockerClient(
                    base_url=context.Host, tls=context.TLSConfig, timeout=CONNECT_SECONDS
                )
            else:
                client = docker.from_env(timeout=CONNECT_SECONDS)
            client.ping()
            client.api.timeout = ANSWER_SECONDS
        except DockerException as error:
            raise EngineUnavailable(
                "no Docker engine answers.",
                why=str(error),
                next="invoke setup (it starts one), or start Docker Desktop",
            ) from error
        return cls(client)

    def facts(self) -> EngineFacts:
        """What the engine is."""
        info = self.client.info()
        status = dict(map(tuple, info.get("DriverStatus") or []))
        return EngineFacts(
            version=info["ServerVersion"],
            architecture={"x86_64": "amd64", "aarch64": "arm64"}.get(
                info["Architecture"], info["Architecture"]
            ),
            storage_driver=info["Driver"],
            containerd_store="containerd.snapshotter" in str(status.get("driver-type", "")),
            folder=info["DockerRootDir"],
        )

    def find_image(self, reference: str) -> Image | None:
        """The image of that name on this engine."""
        from docker.errors import ImageNotFound

        try:
            return self.client.images.get(reference)
        except ImageNotFound:
            return None

    def image(self, reference: str, next: str) -> Image:
        """The image of that name on this engine; ``next`` is the command that makes it.

        Raises:
            ImageUnavailable: there is none.
        """
        found = self.find_image(reference)
        if found is None:
            raise ImageUnavailable(f"there is no image {reference} on the engine.", next=next)
        return found

    @property
    def host(self) -> str:
        """Where the ports that its containers publish are reached."""
        address = urlsplit(os.environ.get("DOCKER_HOST", ""))
        return address.hostname or LOOPBACK if address.scheme == "tcp" else LOOPBACK

    @property
    def interface(self) -> str:
        """What a container has to publish a port on to be reached from here, and no further."""
        return LOOPBACK if self.host in LOCAL else ANY

    def pull(self, reference: str, login: dict[str, str] | None = None) -> None:
        """Fetch an image from its registry.

        Raises:
            ImageUnavailable: the registry cannot be reached or has no such image.
        """
        from docker.errors import APIError

        try:
            self.client.images.pull(reference, auth_config=login)
        except APIError as error:
            raise ImageUnavailable(
                f"{reference} could not be pulled.", why=str(error.explanation)
            ) from error

    def start(self, image: str, **options: Any) -> Container:
        """Create and start a container; none is left behind where it does not start.

        ``options`` are those of the SDK's ``containers.create``.
        """
        with explained():
            container = self.client.containers.create(image, **options)
            try:
                container.start()
            except BaseException:
                container.remove(force=True, v=True)
                raise
        return container

    @contextmanager
    def throwaway(self, image: str, **options: Any) -> Iterator[Container]:
        """A container for as long as the block runs, whatever ends the block."""
        container = self.start(image, **options)
        try:
            yield container
        finally:
            container.remove(force=True, v=True)

    def run(self, image: str, command: list[str], **options: Any) -> str:
        """Run a command in a throwaway container and return its standard output.

        Raises:
            ContainerFailed: it exited non-zero; its standard error is the reason.
        """
        with self.throwaway(image, command=command, **options) as container:
            code = container.wait()["StatusCode"]
            if code != 0:
                raise ContainerFailed(
                    f"exited {code} in {image}: {' '.join(command)}",
                    why=container.logs(stdout=False, stderr=True, tail=30).decode(errors="replace"),
                )
            return container.logs(stdout=True, stderr=False).decode()

    def containers(self, labels: dict[str, str]) -> list[Container]:
        """All containers that carry these labels, stopped ones included."""
        return self.client.containers.list(
            all=True, filters={"label": _label_filter(labels)}, ignore_removed=True
        )

    def images(self, labels: dict[str, str]) -> list[Image]:
        """All images that carry these labels."""
        return self.client.images.list(filters={"label": _label_filter(labels)})

    def networks(self, labels: dict[str, str]) -> list[Network]:
        """All networks that carry these labels."""
        return self.client.networks.list(filters={"label": _label_filter(labels)})

    def volumes(self, labels: dict[str, str]) -> list[Volume]:
        """All volumes that carry these labels."""
        return self.client.volumes.list(filters={"label": _label_filter(labels)})


def _label_filter(labels: dict[str, str]) -> list[str]:
    return [f"{key}={value}" for key, value in labels.items()]


@contextmanager
def explained() -> Iterator[None]:
    """Turn what the engine refuses into an error that the user can act on."""
    from docker.errors import APIError, ImageNotFound

    try:
        yield
    except ImageNotFound as error:
        raise ImageUnavailable(str(error.explanation), next="invoke build") from error
    except APIError as error:
        text = str(error.explanation)
        if "port is already allocated" in text or "address already in use" in text:
            raise PortTaken(
                "the port is in use by another program.",
                why=text,
                next="choose another with --port, or leave it out for a free one",
            ) from error
        if "no space left on device" in text:
            raise disk_full(text) from error
        raise ContainerFailed("the engine refused.", why=text, next="invoke doctor") from error


def disk_full(why: str) -> DiskFull:
    """The error for an engine without room."""
    return DiskFull(
        "the engine's disk is full.",
        why=why,
        next="invoke clean, or docker system prune (that removes other projects' images too)",
    )

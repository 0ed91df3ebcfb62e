"""From the engine to the registry: an image arrives as Heroku takes it, on any engine.

The engine pushes: it knows what the registry has already. An engine with containerd's image store
may push an OCI manifest, or an index with attestations, which Heroku's registry refuses once all
layers are there. What is missing then is a manifest in Docker's words, and that is written here.
"""

from __future__ import annotations

import json
import tarfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from underway.engine import Engine
from underway.errors import HerokuUnavailable, PushFailed, Unauthorized, UnderwayError
from underway.registry import ARCHITECTURE, MANIFEST, Manifest, Registry, as_docker
from underway.target import Target

if TYPE_CHECKING:
    from docker.models.images import Image

SMALL = 1_000_000
"""Bytes; manifests are smaller, layers that matter are not JSON."""
SAY_SECONDS = 1
ENDED = ("Pushed", "Layer already exists", "Mounted from")
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Pushed:
    """An image that has arrived. ``sent`` are the bytes of layers that the registry lacked."""

    type: str
    repository: str
    manifest: Manifest
    sent: int

    def as_dict(self) -> dict[str, Any]:
        """For the receipt: digests, and bytes."""
        return {
            "image": self.manifest.config_digest,
            "manifest": self.manifest.digest,
            "size": self.manifest.size,
            "sent": self.sent,
        }


def push(
    engine: Engine, image: str, type: str, target: Target, registry: Registry, progress: Progress
) -> Pushed:
    """Push an image of the engine as the latest of a process type, and read it back.

    Raises:
        PushFailed: it did not arrive, or not as it was built.
        Unauthorized: the token is not accepted.
        HerokuUnavailable: the registry cannot be reached.
    """
    repository = f"{target.app}/{type}"
    found = engine.image(image, next="invoke build")
    name = f"{target.repository}/{type}"
    found.tag(name, "latest")
    try:
        digest, sent = _push(engine, name, target, progress)
    finally:
        engine.client.images.remove(f"{name}:latest", noprune=True)
    if digest is None:
        progress("the registry wants Docker's own manifest; writing it")
        manifest = _written_here(engine, found, repository, registry)
    else:
        manifest = registry.released(repository, digest)
    arrived = registry.config(repository, manifest)["rootfs"]["diff_ids"]
    if arrived != found.attrs["RootFS"]["Layers"]:
        raise PushFailed(
            f"what arrived as {repository} is not what was built.",
            why="somebody else pushed at the same moment.",
            next="invoke deploy",
        )
    return Pushed(type, repository, manifest, sent)


def _push(engine: Engine, name: str, target: Target, progress: Progress) -> tuple[str | None, int]:
    """The manifest's digest, None where its kind was refused; and the bytes that were sent."""
    login = {"username": "_", "password": target.token.reveal()}
    events = engine.client.images.push(
        name, tag="latest", auth_config=login, stream=True, decode=True
    )
    layers = _Layers(progress)
    digest = None
    for event in events:
        if "error" in event:
            why = str(event["error"])
            if _is_about_the_kind(why):
                return None, layers.sent
            raise _explain(name, why)
        digest = (event.get("aux") or {}).get("Digest", digest)
        layers.take(event)
    return digest, layers.sent


class _Layers:
    """What the events of a push say of its layers."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._totals: dict[str, int] = {}
        self._done: dict[str, int] = {}
        self._ended: set[str] = set()
        self._said = time.monotonic()

    @property
    def sent(self) -> int:
        """Bytes of the layers that the registry lacked, before compression."""
        return sum(self._totals.values())

    def take(self, event: dict[str, Any]) -> None:
        """One more event."""
        layer, status = event.get("id", ""), event.get("status", "")
        detail = event.get("progressDetail") or {}
        if detail.get("total"):
            self._totals[layer] = detail["total"]
            self._done[layer] = min(detail["current"], detail["total"])
            self._say()
        elif layer not in self._ended and status.startswith(ENDED):
            self._ended.add(layer)
            self._progress(f"{layer}: {status.lower()}")

    def _say(self) -> None:
        """How far it is, now and then."""
        if time.monotonic() - self._said >= SAY_SECONDS:
            self._said = time.monotonic()
            self._progress(f"{sum(self._done.values()) / 1e6:.1f} of {self.sent / 1e6:.1f} MB")


def _written_here(engine: Engine, image: Image, repository: str, registry: Registry) -> Manifest:
    manifest = as_docker(_oci_manifest(engine, str(image.id)))
    lacking = manifest and [
        blob["digest"] for blob in manifest.blobs if not registry.has(repository, blob["digest"])
    ]
    if manifest is None or lacking:
        raise PushFailed(
            f"{repository} cannot be pushed as {MANIFEST}.",
            why=f"the registry lacks {lacking}" if lacking else "its layers are not gzipped.",
            next="invoke build --no-cache, then invoke push",
        )
    registry.put(repository, manifest)
    return registry.released(repository, manifest.digest)


def _oci_manifest(engine: Engine, image: str) -> dict[str, Any]:
    """The manifest of a containerd store's image: a saved image is an OCI layout."""
    documents: dict[str, dict[str, Any]] = {}
    stream = _Reader(engine.client.api.get_image(image))
    with tarfile.open(fileobj=cast(Any, stream), mode="r|") as saved:
        for member in saved:
            if member.isfile() and member.size < SMALL:
                content = cast(Any, saved.extractfile(member)).read()
                try:
                    documents[member.name] = json.loads(content)
                except ValueError:
                    continue
    entry = documents["index.json"]["manifests"][0]
    while True:
        found = documents[f"blobs/{entry['digest'].replace(':', '/')}"]
        if "manifests" not in found:
            return found
        entry = next(
            inner
            for inner in found["manifests"]
            if inner.get("platform", {}).get("architecture") == ARCHITECTURE
        )


class _Reader:
    """The chunks of an answer as a file that is read once."""

    def __init__(self, chunks: Any) -> None:
        self._chunks = iter(chunks)
        self._rest = b""

    def read(self, size: int) -> bytes:
        while len(self._rest) < size:
            chunk = next(self._chunks, b"")
            if not chunk:
                break
            self._rest += chunk
        data, self._rest = self._rest[:size], self._rest[size:]
        return data


def _is_about_the_kind(why: str) -> bool:
    lowered = why.lower()
    return any(word in lowered for word in ("unsupported", "manifest invalid", "405"))


def _explain(name: str, why: str) -> UnderwayError:
    lowered = why.lower()
    if any(word in lowered for word in ("unauthorized", "authentication required", "denied")):
        return Unauthorized(
            f"the registry does not let this account push {name}.", why=why, next="invoke status"
        )
    if any(word in lowered for word in ("connection refused", "timeout", "eof", "503", "502")):
        return HerokuUnavailable(
            f"the registry could not be reached while {name} was pushed.",
            why=f"{why}\nnothing was released; what had arrived is kept there.",
            next="invoke deploy again: it goes on where this push ended",
        )
    return PushFailed(f"{name} was not pushed.", why=why, next="invoke deploy again")

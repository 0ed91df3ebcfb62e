"""A Docker registry, through the Distribution API: what is in it, and copies within it."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import httpx

from underway import web
from underway.errors import HerokuUnavailable, PushFailed, Unauthorized
from underway.target import Target

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
"""Where OCI and Docker differ in the name only: the bytes are the same."""
KINDS = (
    MANIFEST,
    "application/vnd.docker.distribution.manifest.list.v2+json",
    OCI_MANIFEST,
    "application/vnd.oci.image.index.v1+json",
)
ARCHITECTURE = "amd64"
SECONDS = 60
CHUNK = 256 * 1024
SHELL = set("$&|;<>()`*?~#")
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Manifest:
    """An image in a registry: its manifest's bytes, and their media type."""

    raw: bytes = field(repr=False)
    kind: str

    @property
    def digest(self) -> str:
        """The manifest's own."""
        return f"sha256:{hashlib.sha256(self.raw).hexdigest()}"

    @property
    def content(self) -> dict[str, Any]:
        """What it says."""
        said: dict[str, Any] = json.loads(self.raw)
        return said

    @property
    def config_digest(self) -> str:
        """The digest by which Heroku releases the image."""
        return str(self.content["config"]["digest"])

    @property
    def blobs(self) -> list[dict[str, Any]]:
        """Configuration and layers: ``digest`` and ``size`` (bytes) of each."""
        return [self.content["config"], *self.content["layers"]]

    @property
    def size(self) -> int:
        """Bytes in the registry, compressed."""
        return sum(blob["size"] for blob in self.blobs)


class Registry(AbstractContextManager["Registry"]):
    """The registry of a target's platform. ``repository`` is always ``APP/PROCESS-TYPE``."""

    def __init__(self, target: Target, http: httpx.Client | None = None) -> None:
        self._url = f"{target.registry}/v2"
        self._login = httpx.BasicAuth("_", target.token.reveal())
        self._http = http or web.client(
            target.authority, timeout=SECONDS, auth=self._login, follow_redirects=True
        )

    def __exit__(self, *error: object) -> None:
        self._http.close()

    def manifest(self, repository: str, reference: str = "latest") -> Manifest | None:
        """The image of a tag or digest, of whatever kind it is; None where there is none.

        Raises:
            Unauthorized: the token is not accepted.
            HerokuUnavailable: the registry does not answer as it should.
        """
        headers = {"Accept": ", ".join(KINDS)}
        answer = self._ask("GET", f"{repository}/manifests/{reference}", headers=headers)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        kind = answer.headers.get("Content-Type", "").partition(";")[0]
        return Manifest(answer.content, kind)

    def released(self, repository: str, reference: str = "latest") -> Manifest:
        """The same, where it has to be what Heroku runs.

        Raises:
            PushFailed: there is none, or it is of another kind, or for another processor.
        """
        found = self.manifest(repository, reference)
        if found is None:
            raise PushFailed(
                f"the registry has no {repository} ({reference}).",
                next="invoke push puts it there",
            )
        if found.kind != MANIFEST:
            raise PushFailed(
                f"{repository} is in the registry as {found.kind}.",
                why=f"Heroku runs {MANIFEST} only: no index, no attestations beside the image.",
                next="invoke push makes and pushes the right kind",
            )
        config = self.config(repository, found)
        system = f"{config.get('os')}/{config.get('architecture')}"
        if system != f"linux/{ARCHITECTURE}":
            raise PushFailed(
                f"{repository} is for {system}.",
                why=f"Heroku runs linux/{ARCHITECTURE}.",
                next="build it on such a machine, or with DOCKER_DEFAULT_PLATFORM=linux/amd64",
            )
        return found

    def config(self, repository: str, manifest: Manifest) -> dict[str, Any]:
        """An image's configuration."""
        path = f"{repository}/blobs/{manifest.config_digest}"
        found: dict[str, Any] = self._ask("GET", path).json()
        return found

    def has(self, repository: str, digest: str) -> bool:
        """Whether a blob is there."""
        answer = self._ask("HEAD", f"{repository}/blobs/{digest}")
        return answer.status_code == httpx.codes.OK

    def put(self, repository: str, manifest: Manifest) -> None:
        """Write a manifest whose blobs are there, as the repository's latest.

        Raises:
            PushFailed: the registry does not take it.
        """
        path, headers = f"{repository}/manifests/latest", {"Content-Type": manifest.kind}
        answer = self._ask("PUT", path, content=manifest.raw, headers=headers)
        if answer.is_error:
            raise PushFailed(
                f"the registry does not take {repository}.", why=answer.text[:300], next="try again"
            )

    def copy(self, source: str, destination: str, digest: str, on_progress: Progress) -> Manifest:
        """Have an image of one repository in another too, byte for byte; without an engine.

        What the registry can take over by itself does not travel.

        Raises:
            PushFailed: the source has no such image, or the registry does not take the copy.
        """
        manifest = self.released(source, digest)
        for number, blob in enumerate(manifest.blobs, 1):
            how = self._copy_blob(source, destination, blob)
            on_progress(f"{number}/{len(manifest.blobs)} {blob['digest'][7:19]}: {how}")
        self.put(destination, manifest)
        return self.released(destination, manifest.digest)

    def derive(self, source: str, destination: str, manifest: Manifest, command: str) -> Manifest:
        """Have an image of one repository in another with another command: the same layers.

        Raises:
            PushFailed: the registry does not take it.
        """
        for layer in manifest.content["layers"]:
            self._copy_blob(source, destination, layer)
        config = self.config(source, manifest)
        config["config"] |= {"Cmd": words(command), "Entrypoint": None}
        raw = json.dumps(config, sort_keys=True).encode()
        digest = f"sha256:{hashlib.sha256(raw).hexdigest()}"
        if not self.has(destination, digest):
            place = self._begin_upload(destination, {})
            self._upload(place, digest, raw, len(raw))
        content = manifest.content
        content["config"] |= {"digest": digest, "size": len(raw)}
        derived = Manifest(json.dumps(content).encode(), manifest.kind)
        self.put(destination, derived)
        return self.released(destination, derived.digest)

    def _copy_blob(self, source: str, destination: str, blob: dict[str, Any]) -> str:
        digest = blob["digest"]
        if self.has(destination, digest):
            return "already there"
        place = self._begin_upload(destination, {"mount": digest, "from": source})
        if place is None:
            return "taken over"
        with self._http.stream("GET", f"{self._url}/{source}/blobs/{digest}") as content:
            content.raise_for_status()
            self._upload(place, digest, content.iter_raw(CHUNK), blob["size"])
        return f"copied, {blob['size'] / 1e6:.1f} MB"

    def _begin_upload(self, repository: str, parameters: dict[str, str]) -> httpx.URL | None:
        """Where a blob is to go; None where the registry has taken it over by itself."""
        begun = self._ask("POST", f"{repository}/blobs/uploads/", params=parameters)
        if begun.status_code == httpx.codes.CREATED:
            return None
        return httpx.URL(f"{self._url}/").join(begun.headers["Location"])

    def _upload(
        self, place: httpx.URL | None, digest: str, content: bytes | Iterator[bytes], size: int
    ) -> None:
        assert place is not None
        # Not sent twice: a stream has one beginning.
        answer = self._http.put(
            place.copy_merge_params({"digest": digest}),
            content=content,
            headers={"Content-Length": str(size)},
            extensions={"retry": web.ONCE},
        )
        if answer.is_error:
            raise PushFailed(f"{digest} was not taken by the registry.", why=answer.text[:300])

    def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, f"{self._url}/{path}", **options)
        except httpx.HTTPError as error:
            raise HerokuUnavailable(
                "the registry does not answer.",
                why=f"{type(error).__name__}: {error}, for {method} {path}",
                next="try again",
            ) from None
        if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise Unauthorized(
                f"the registry does not let this account at {path.partition('/blobs')[0]}.",
                why=f"it answered {answer.status_code}: no such app, or not this account's.",
                next="invoke status",
            )
        if answer.status_code >= 500:
            raise HerokuUnavailable(
                f"the registry failed: {answer.status_code}.",
                why=answer.text[:300],
                next="try again",
            )
        return answer


def as_docker(content: dict[str, Any]) -> Manifest | None:
    """An OCI manifest in Docker's words; None where a layer is not of a kind that Docker knows."""
    known = {LAYER, OCI_LAYER}
    if any(layer["mediaType"] not in known for layer in content["layers"]):
        return None
    keys = ("size", "digest")
    said = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, **{key: content["config"][key] for key in keys}},
        "layers": [
            {"mediaType": LAYER, **{key: layer[key] for key in keys}} for layer in content["layers"]
        ],
    }
    return Manifest(json.dumps(said).encode(), MANIFEST)


def words(command: str) -> list[str]:
    """A command as an image holds it: by itself, or in a shell where it needs one."""
    if set(command) & SHELL:
        return ["sh", "-c", command]
    return shlex.split(command)

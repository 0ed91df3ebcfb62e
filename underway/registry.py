"""A Docker registry, through the Distribution API: what is in it, and copies within and into it."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
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
    """A registry, by its URL without a slash at the end; ``repository`` has no host.

    On a platform's own registry it is always ``APP/PROCESS-TYPE``.
    """

    def __init__(
        self,
        url: str,
        auth: httpx.Auth | None,
        authority: Path | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        self._url = f"{url}/v2"
        self._http = http or web.client(
            authority, timeout=SECONDS, auth=auth, follow_redirects=True
        )

    @classmethod
    def of(cls, target: Target) -> Registry:
        """The registry of a target's platform."""
        login = httpx.BasicAuth("_", target.token.reveal())
        return cls(target.registry, login, target.authority)

    @classmethod
    def at(cls, host: str, auth: httpx.Auth | None) -> Registry:
        """The registry of this host, and port; without TLS on this machine only."""
        plain = host.partition(":")[0] in ("localhost", "127.0.0.1")
        return cls(f"{'http' if plain else 'https'}://{host}", auth)

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
        self._require_platform(repository, found)
        return found

    def shippable(self, repository: str, reference: str) -> Manifest:
        """The same, also where an engine has pushed it in OCI's words: in Docker's then."""
        found = self.manifest(repository, reference)
        docker = as_docker(found.content) if found and found.kind == OCI_MANIFEST else None
        if docker is None:
            return self.released(repository, reference)
        self._require_platform(repository, docker)
        return docker

    def _require_platform(self, repository: str, manifest: Manifest) -> None:
        config = self.config(repository, manifest)
        system = f"{config.get('os')}/{config.get('architecture')}"
        if system != f"linux/{ARCHITECTURE}":
            raise PushFailed(
                f"{repository} is for {system}.",
                why=f"Heroku runs linux/{ARCHITECTURE}.",
                next="build it on such a machine, or with DOCKER_DEFAULT_PLATFORM=linux/amd64",
            )

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

    def copy(
        self,
        source: str,
        destination: str,
        digest: str,
        on_progress: Progress,
        origin: Registry | None = None,
    ) -> Manifest:
        """Have an image of one repository in another too, the same layers; without an engine.

        ``origin`` is the registry of the source, if that is not this one. What the registry has,
        or can take over by itself, does not travel.

        Raises:
            PushFailed: the source has no such image, or the registry does not take the copy.
            HerokuUnavailable: one of the two does not answer.
        """
        origin = origin or self
        manifest = origin.shippable(source, digest)
        for number, blob in enumerate(manifest.blobs, 1):
            how = self._copy_blob(origin, source, destination, blob)
            on_progress(f"{number}/{len(manifest.blobs)} {blob['digest'][7:19]}: {how}")
        self.put(destination, manifest)
        return self.released(destination, manifest.digest)

    def derive(self, source: str, destination: str, manifest: Manifest, command: str) -> Manifest:
        """Have an image of one repository in another with another command: the same layers.

        Raises:
            PushFailed: the registry does not take it.
        """
        for layer in manifest.content["layers"]:
            self._copy_blob(self, source, destination, layer)
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

    def _copy_blob(
        self, origin: Registry, source: str, destination: str, blob: dict[str, Any]
    ) -> str:
        digest = blob["digest"]
        if self.has(destination, digest):
            return "already there"
        mount = {"mount": digest, "from": source} if origin is self else {}
        place = self._begin_upload(destination, mount)
        if place is None:
            return "taken over"
        with origin._blob(source, digest) as content:
            self._upload(place, digest, content, blob["size"])
        return f"copied, {blob['size'] / 1e6:.1f} MB"

    @contextmanager
    def _blob(self, repository: str, digest: str) -> Iterator[Iterator[bytes]]:
        """Its bytes, as they come."""
        path = f"{repository}/blobs/{digest}"
        with _answered(f"GET {path}"), self._http.stream("GET", f"{self._url}/{path}") as answer:
            answer.raise_for_status()
            yield answer.iter_raw(CHUNK)

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
        with _answered(f"the upload of {digest}"):
            answer = self._http.put(
                place.copy_merge_params({"digest": digest}),
                content=content,
                headers={"Content-Length": str(size)},
                extensions={"retry": web.ONCE},
            )
        if answer.is_error:
            raise PushFailed(f"{digest} was not taken by the registry.", why=answer.text[:300])

    def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        with _answered(f"{method} {path}"):
            answer = self._http.request(method, f"{self._url}/{path}", **options)
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


@contextmanager
def _answered(what: str) -> Iterator[None]:
    try:
        yield
    except httpx.HTTPError as error:
        raise HerokuUnavailable(
            "the registry does not answer.",
            why=f"{type(error).__name__}: {error}, for {what}",
            next="try again",
        ) from None


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

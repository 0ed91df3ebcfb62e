"""A registry's answers, and what is made of them."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from underway.errors import HerokuUnavailable, PushFailed, Unauthorized
from underway.registry import (
    LAYER,
    MANIFEST,
    OCI_LAYER,
    OCI_MANIFEST,
    Registry,
    as_docker,
    words,
)

URL = "https://registry.example"
LOGIN = httpx.BasicAuth("_", "hunter2")


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class FakeRegistry:
    """A registry in memory: blobs and manifests by repository."""

    def __init__(self) -> None:
        self.blobs: dict[str, dict[str, bytes]] = {}
        self.manifests: dict[str, dict[str, tuple[str, bytes]]] = {}
        self.asked: list[str] = []
        self.mounts = True

    def image(self, repository: str, architecture: str = "amd64", kind: str = MANIFEST) -> str:
        """Put an image there; its manifest's digest."""
        config = {
            "os": "linux",
            "architecture": architecture,
            "config": {"Cmd": ["web"]},
            "rootfs": {"diff_ids": ["sha256:1"]},
        }
        raw, layer = json.dumps(config).encode(), b"a layer"
        self.blobs.setdefault(repository, {}).update({digest(raw): raw, digest(layer): layer})
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": kind,
                "config": {"digest": digest(raw), "size": len(raw)},
                "layers": [{"digest": digest(layer), "size": len(layer), "mediaType": LAYER}],
            }
        ).encode()
        self._keep(repository, "latest", kind, manifest)
        return digest(manifest)

    def client(self) -> Registry:
        http = httpx.Client(
            transport=httpx.MockTransport(self.answer), auth=httpx.BasicAuth("_", "hunter2")
        )
        return Registry(URL, LOGIN, http=http)

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/v2/")
        self.asked.append(f"{request.method} {path}")
        app, type, what, *rest = path.split("/")
        repository, name = f"{app}/{type}", rest[-1]
        if what == "manifests" and request.method == "PUT":
            self._keep(repository, name, request.headers["Content-Type"], request.content)
            return httpx.Response(201)
        if what == "manifests":
            found = self.manifests.get(repository, {}).get(name)
            if found is None:
                return httpx.Response(404)
            return httpx.Response(200, content=found[1], headers={"Content-Type": found[0]})
        if request.method == "POST":
            return self._begin(repository, request.url.params)
        if request.method == "PUT":
            self.blobs.setdefault(repository, {})[request.url.params["digest"]] = request.read()
            return httpx.Response(201)
        blob = self.blobs.get(repository, {}).get(name)
        status = 404 if blob is None else 200
        return httpx.Response(status, stream=httpx.ByteStream(blob or b""))

    def _begin(self, repository: str, parameters: httpx.QueryParams) -> httpx.Response:
        blob = self.blobs.get(parameters.get("from", ""), {}).get(parameters.get("mount", ""))
        if blob is not None and self.mounts:
            self.blobs.setdefault(repository, {})[parameters["mount"]] = blob
            return httpx.Response(201)
        where = f"/v2/{repository}/blobs/uploads/1?state=x"
        return httpx.Response(202, headers={"Location": where})

    def _keep(self, repository: str, name: str, kind: str, raw: bytes) -> None:
        kept = self.manifests.setdefault(repository, {})
        kept[name] = kept[digest(raw)] = (kind, raw)


def test_what_heroku_runs_is_read_back_with_its_digests() -> None:
    fake = FakeRegistry()
    made = fake.image("shop/web")
    manifest = fake.client().released("shop/web", made)
    assert manifest.digest == made
    assert manifest.config_digest in fake.blobs["shop/web"]


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"architecture": "arm64"}, "is for linux/arm64"),
        ({"kind": OCI_MANIFEST}, OCI_MANIFEST),
    ],
)
def test_what_heroku_does_not_run_is_refused(values: dict[str, Any], problem: str) -> None:
    fake = FakeRegistry()
    fake.image("shop/web", **values)
    with pytest.raises(PushFailed) as failure:
        fake.client().released("shop/web")
    assert problem in str(failure.value)


def test_what_was_never_pushed_is_said_with_the_command_that_pushes() -> None:
    with pytest.raises(PushFailed) as failure:
        FakeRegistry().client().released("shop/web")
    assert "invoke push" in failure.value.next


@pytest.mark.parametrize("mounts", [True, False], ids=["taken over", "copied"])
def test_a_copy_is_the_very_same_image(mounts: bool) -> None:
    fake = FakeRegistry()
    fake.mounts = mounts
    made, said = fake.image("staging/web"), list[str]()
    copied = fake.client().copy("staging/web", "shop/web", made, said.append)
    assert copied.digest == made
    assert fake.blobs["shop/web"] == fake.blobs["staging/web"]
    assert len(said) == 2 and ("taken over" if mounts else "copied") in said[0]


def test_a_copy_from_another_registry_is_the_very_same_image() -> None:
    gitlab, heroku = FakeRegistry(), FakeRegistry()
    made, said = gitlab.image("group/hello"), list[str]()
    copied = heroku.client().copy("group/hello", "shop/web", made, said.append, gitlab.client())
    assert copied.digest == made
    assert heroku.blobs["shop/web"] == gitlab.blobs["group/hello"]
    assert not [asked for asked in heroku.asked if "mount" in asked]
    assert "copied" in said[0]
    said.clear()
    heroku.client().copy("group/hello", "shop/web", made, said.append, gitlab.client())
    assert all(line.endswith("already there") for line in said)


def test_a_copy_of_what_an_engine_has_pushed_in_oci_s_words_is_in_docker_s() -> None:
    gitlab, heroku = FakeRegistry(), FakeRegistry()
    made = gitlab.image("group/hello", kind=OCI_MANIFEST)
    copied = heroku.client().copy(
        "group/hello", "shop/web", made, lambda line: None, gitlab.client()
    )
    assert copied.kind == MANIFEST
    assert copied.config_digest in gitlab.blobs["group/hello"]


def test_a_copy_of_what_heroku_does_not_run_is_refused() -> None:
    gitlab = FakeRegistry()
    made = gitlab.image("group/hello", architecture="arm64", kind=OCI_MANIFEST)
    with pytest.raises(PushFailed, match="arm64"):
        FakeRegistry().client().copy(
            "group/hello", "shop/web", made, lambda line: None, gitlab.client()
        )


def test_a_copy_sends_nothing_that_is_there_already() -> None:
    fake = FakeRegistry()
    made = fake.image("staging/web")
    fake.image("shop/web")
    fake.client().copy("staging/web", "shop/web", made, lambda line: None)
    assert not [asked for asked in fake.asked if asked.startswith("POST")]


def test_another_process_type_has_the_same_layers_and_its_own_command() -> None:
    fake = FakeRegistry()
    fake.image("shop/web")
    client = fake.client()
    web = client.released("shop/web")
    release = client.derive("shop/web", "shop/release", web, "python manage.py release")
    assert release.content["layers"] == web.content["layers"]
    assert release.config_digest != web.config_digest
    config = client.config("shop/release", release)
    assert config["config"]["Cmd"] == ["python", "manage.py", "release"]
    again = client.derive("shop/web", "shop/release", web, "python manage.py release")
    assert again == release, "the same command gives the same image"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("python manage.py release", ["python", "manage.py", "release"]),
        ("echo 'a b'", ["echo", "a b"]),
        ("a && b", ["sh", "-c", "a && b"]),
        ("serve --port $PORT", ["sh", "-c", "serve --port $PORT"]),
    ],
)
def test_a_command_gets_a_shell_where_it_needs_one(command: str, expected: list[str]) -> None:
    assert words(command) == expected


def test_an_oci_manifest_is_put_in_docker_s_words() -> None:
    layer = {"digest": "sha256:b", "size": 2, "mediaType": OCI_LAYER}
    oci = {"config": {"digest": "sha256:a", "size": 1}, "layers": [layer]}
    made = as_docker(oci)
    assert made is not None and made.kind == made.content["mediaType"] == MANIFEST
    assert made.content["layers"] == [{"digest": "sha256:b", "size": 2, "mediaType": LAYER}]
    layer["mediaType"] = "application/vnd.oci.image.layer.v1.tar+zstd"
    assert as_docker(oci) is None


def answering(answer: Callable[[httpx.Request], httpx.Response]) -> Registry:
    return Registry(URL, LOGIN, http=httpx.Client(transport=httpx.MockTransport(answer)))


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_not_accepted_is_no_part_of_the_error(status: int) -> None:
    with pytest.raises(Unauthorized) as failure:
        answering(lambda request: httpx.Response(status)).manifest("shop/web")
    assert "shop/web" in str(failure.value) and "hunter2" not in str(failure.value)


def test_a_registry_that_fails_or_is_away_is_said_to_be() -> None:
    with pytest.raises(HerokuUnavailable):
        answering(lambda request: httpx.Response(503)).manifest("shop/web")

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused")

    with pytest.raises(HerokuUnavailable) as failure:
        answering(refuse).manifest("shop/web")
    assert "connection refused" in str(failure.value)

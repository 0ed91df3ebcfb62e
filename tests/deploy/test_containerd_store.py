"""Pushing from an engine with containerd's image store, as Docker has it by default since 29.

It is a second engine, in a container: its images have manifest digests for ids, and come as OCI
indexes with attestations where its builder makes those. Heroku's registry takes neither.
"""

import io
import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from tests.deploy.conftest import Place
from tests.deploy.faults import Wire
from tests.waiting import wait_until
from underway.engine import Engine
from underway.push import push
from underway.registry import MANIFEST, Registry
from underway.secret import Secret
from underway.target import Target

SOCKET = "/run/inner/docker.sock"
CONFIG = {
    "features": {"containerd-snapshotter": True},
    "hosts": [f"unix://{SOCKET}", "unix:///var/run/docker.sock"],
    "insecure-registries": ["172.16.0.0/12"],
}
DOCKERFILE = f"""\
FROM python:3.13-slim-trixie
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq \
    --no-install-recommends docker.io docker-cli docker-buildx iptables
RUN mkdir -p /etc/docker && echo '{json.dumps(CONFIG)}' > /etc/docker/daemon.json
VOLUME /var/lib/docker /var/lib/containerd
CMD ["dockerd"]
"""
TAG = "underway-tests-containerd-store"
LABEL = {"underway.tests": "containerd-store"}


@pytest.fixture(scope="module")
def inner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """A container with an engine of its own."""
    outer = Engine.connect()
    outer.client.images.build(fileobj=io.BytesIO(DOCKERFILE.encode()), tag=TAG, rm=True)
    with outer.throwaway(
        TAG,
        labels=LABEL,
        cap_add=["SYS_ADMIN", "NET_ADMIN"],
        security_opt=["seccomp=unconfined", "apparmor=unconfined"],
        volumes=[f"{tmp_path_factory.mktemp('inner')}:{Path(SOCKET).parent}"],
    ) as container:
        container.reload()
        wait_until(lambda: container.exec_run(["docker", "info"]).exit_code == 0)
        yield container
    outer.client.close()


@pytest.fixture(scope="module")
def store(inner: Container) -> Iterator[Engine]:
    """That engine."""
    folder = inner.attrs["Mounts"]
    where = next(m["Source"] for m in folder if m["Destination"] == str(Path(SOCKET).parent))
    client = docker.DockerClient(base_url=f"unix://{where}/docker.sock", timeout=60)
    yield Engine(client)
    client.close()


@pytest.fixture(scope="module")
def target(place: Place, inner: Container) -> Iterator[Target]:
    """An app, and its registry where the inner engine finds it: beyond its network's gateway."""
    place.done("create")
    gateway = inner.attrs["NetworkSettings"]["Networks"]["bridge"]["Gateway"]
    wire = Wire(place.settings.ports.registry, host=gateway)
    yield Target(
        place.checkout.project.name,
        True,
        f"http://127.0.0.1:{place.settings.ports.api}",
        wire.url,
        Secret(place.token),
    )
    wire.close()


def build(inner: Container, *flags: str) -> str:
    """Build an image with the inner engine's own BuildKit; its name."""
    name = f"tests-{secrets.token_hex(4)}"
    context = "mkdir -p /tmp/c && cd /tmp/c && head -c 50000 /dev/urandom > blob"
    dockerfile = "printf 'FROM scratch\\nCOPY blob /\\nCMD [\"/blob\"]\\n' > Dockerfile"
    words = f"docker buildx build {' '.join(flags)} --tag {name} ."
    code, output = inner.exec_run(["sh", "-c", f"{context} && {dockerfile} && {words}"])
    assert code == 0, output
    return name


@pytest.mark.parametrize(
    "flags", [["--provenance=false"], ["--provenance=true"]], ids=["plain", "with attestations"]
)
def test_what_arrives_is_docker_s_own_manifest_for_one_platform(
    inner: Container, store: Engine, target: Target, flags: list[str]
) -> None:
    assert store.facts().containerd_store
    name, said = build(inner, *flags), list[str]()
    with Registry.of(target) as registry:
        pushed = push(store, name, "web", target, registry, said.append)
        manifest = registry.manifest(pushed.repository)
        assert manifest is not None and manifest.kind == MANIFEST
        assert manifest == pushed.manifest
        config = registry.config(pushed.repository, manifest)
    converted = "the registry wants Docker's own manifest; writing it" in said
    assert converted or "--provenance=true" not in flags
    image = store.image(name, next="")
    assert (config["os"], config["architecture"]) == ("linux", "amd64")
    assert config["rootfs"]["diff_ids"] == image.attrs["RootFS"]["Layers"]
    assert pushed.manifest.config_digest != image.id, "the id of such an engine is no config digest"
    assert not [tag for tag in image.tags if target.app in tag], "nothing is left on the engine"

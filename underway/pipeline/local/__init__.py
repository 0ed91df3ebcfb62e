"""Running .gitlab-ci.yml on this machine: gitlab-ci-local, the local platform, a registry.

In the jobs' containers localhost leads to this machine as well: the platform, its router and the
registry have the same addresses there as here. Each job's engine is the one of its own service.
"""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from underway import cleaning, console, machine
from underway.command import Command, Runner
from underway.engine import Engine
from underway.errors import PushFailed, UsageError
from underway.machine import images
from underway.pipeline.local import gateway, registry, tool
from underway.platform import supervisor
from underway.platform.settings import Settings
from underway.project import METHODS, Project

EVENTS = {
    "push": {},
    "merge-request": {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_IID": "1"},
    "schedule": {"CI_PIPELINE_SOURCE": "schedule"},
}
"""What GitLab starts a pipeline for, and the variables that say so."""
NAME = "localhost"
JOBS = 4
"""At once, also on two cores: a build waits for the network half of its time."""


@dataclass(frozen=True)
class Wanted:
    """What the user asked for."""

    job: str
    """Only this one; empty: all that do not wait for a person."""
    needs: bool
    """Also the jobs that it needs; otherwise it takes what they have left before."""
    event: str
    method: str
    file: str


def run(project: Project, wanted: Wanted, runner: Runner) -> int:
    """Run the file, or one job of it with those that it needs; gitlab-ci-local's exit code.

    Raises:
        UsageError: there is no such event or method.
        SetupImpossible, ImageUnavailable: this machine lacks something, and cannot be given it.
    """
    if wanted.event not in EVENTS or wanted.method not in METHODS:
        raise UsageError(
            f"there is no event {wanted.event!r} with the method {wanted.method!r}.",
            why=f"events: {', '.join(EVENTS)}; methods: {', '.join(METHODS)}",
        )
    engine = machine.prepare(project, runner)
    program = tool.install(project, runner)
    for reference in named_images(project.root / wanted.file):
        images.ensure(reference, project.python_image, engine, runner)
    helper = images.ci_helper(project.python_image, engine)
    platform = project.state / "platform"
    supervisor.ensure(platform)
    with _registry(project, engine) as (port, base):
        settings = Settings.load(platform)
        ports = {port, settings.ports.api, settings.ports.registry, settings.ports.https}
        _write_variables(project, wanted, settings, port, base)
        labels = project.labels | {"underway.pipeline": secrets.token_hex(6)}
        told = tool.docker(project, engine, labels)
        with (
            gateway.opened(engine, project.labels, ports) as address,
            tempfile.TemporaryDirectory(prefix="underway-") as scratch,
            _put_away(engine, labels),
        ):
            command = _command(project, wanted, program, helper, address)
            # It leaves behind what it makes there.
            return runner.attach(replace(command, env=told | {"TMPDIR": scratch}))


def folder(project: Project) -> Path:
    """Where runs of this checkout keep what they need and make."""
    return project.state / "pipeline"


def named_images(file: Path) -> set[str]:
    """The images that the file's jobs and services name, besides those made in the pipeline."""
    import yaml

    content = yaml.safe_load(file.read_text())
    found: set[str] = set()
    for part in content.values():
        if isinstance(part, dict):
            for entry in [part.get("image"), *part.get("services", [])]:
                found.add(entry["name"] if isinstance(entry, dict) else entry or "")
    return {name for name in found if name and not name.startswith("$")}


@contextmanager
def _registry(project: Project, engine: Engine) -> Iterator[tuple[int, str]]:
    """The registry's port, and the base image's name in it: a job's engine has no images."""
    with registry.running(folder(project) / "registry", engine, project.labels) as port:
        name = f"{NAME}:{port}/{project.python_image}"
        engine.image(project.python_image, next="invoke setup").tag(name)
        try:
            with console.step(f"Pushing {name}"):
                for event in engine.client.images.push(name, stream=True, decode=True):
                    if "error" in event:
                        raise PushFailed(f"{name} was not pushed.", why=str(event["error"]))
            yield port, name
        finally:
            engine.client.images.remove(name, noprune=True)


@contextmanager
def _put_away(engine: Engine, labels: dict[str, str]) -> Iterator[None]:
    """Remove what the run has made and, stopped at a bad moment, has left."""
    try:
        yield
    finally:
        cleaning.remove(labels, engine)


def _write_variables(
    project: Project, wanted: Wanted, settings: Settings, port: int, base: str
) -> None:
    """What GitLab and the project's settings there would give to each job."""
    ports = settings.ports
    variables: dict[str, Any] = {
        "CI_COMMIT_BRANCH": "main",
        "CI_DEFAULT_BRANCH": "main",
        "CI_REGISTRY": f"{NAME}:{port}",
        "CI_REGISTRY_IMAGE": f"{NAME}:{port}/{project.name}",
        "CI_REGISTRY_USER": "local",
        "CI_REGISTRY_PASSWORD": "local",  # nosec B105: the registry asks for none
        "DEPLOY_METHOD": wanted.method,
        "HEROKU_API_KEY": (settings.folder / "token").read_text().strip(),
        "HEROKU_API_URL": f"http://{NAME}:{ports.api}",
        "HEROKU_REGISTRY_URL": f"http://{NAME}:{ports.registry}",
        # A path is a variable of the type file: its content goes into a file in each job.
        "SSL_CERT_FILE": str(settings.folder / "authority" / "ca.pem"),
        "PYTHON_IMAGE": base,
        **EVENTS[wanted.event],
    }
    file = folder(project) / "variables.yml"
    file.touch(0o600)
    file.write_text(json.dumps(variables, indent=2))  # JSON is YAML


def _command(project: Project, wanted: Wanted, program: str, helper: str, address: str) -> Command:
    place = os.path.relpath(folder(project), project.root)
    certificates = folder(project) / "certificates"
    certificates.mkdir(parents=True, exist_ok=True)
    argv = [program, "--file", wanted.file, "--state-dir", f"{place}/state"]
    argv += ["--home", str(folder(project) / "home"), "--variables-file", f"{place}/variables.yml"]
    argv += ["--helper-image", helper, "--container-executable", str(tool.DOCKER)]
    argv += ["--privileged"]
    argv += ["--concurrency", str(JOBS)]
    argv += ["--pull-policy", "if-not-present", "--mount-cache", "--timestamps"]
    argv += ["--no-artifacts-to-source"]
    argv += ["--extra-host", f"{NAME}:{address}"]
    argv += ["--volume", f"{certificates}:/certs/client"]
    argv += [wanted.job] if wanted.job else []
    argv += ["--needs"] if wanted.job and wanted.needs else []
    return Command(tuple(argv), cwd=project.root)

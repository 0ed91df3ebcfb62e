"""Building an image: with BuildKit through the docker command line, else the classic builder."""

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from underway.command import Command, Runner
from underway.engine import Engine, disk_full
from underway.errors import BuildFailed, CommandFailed, UnderwayError

TAIL_LINES = 25
NOISE = re.compile(r"(#\d+ (sha256:[0-9a-f]{64}|[\d.]+))?\s*")
"""Lines of BuildKit's plain progress that say nothing."""
FIRST_WITHOUT = 23
"""The first docker client that has BuildKit only with the buildx plugin."""


@dataclass(frozen=True)
class Build:
    """What to build; ``context`` is the folder, ``target`` one of the Dockerfile's stages."""

    context: Path
    target: str
    tag: str
    arguments: dict[str, str]
    labels: dict[str, str]
    no_cache: bool = False
    dockerfile: str = "Dockerfile"
    """Its name in the context."""
    platform: str = ""
    """Such as linux/amd64; empty: the engine's own."""
    cache_from: tuple[str, ...] = ()
    """Images on the engine whose layers may be taken over, besides the engine's own."""


@dataclass(frozen=True)
class BuildKit:
    """A docker command line that speaks BuildKit. ``name`` says which, for people."""

    docker: str
    buildx: bool
    name: str

    def command(self, build: Build, id_file: Path) -> Command:
        """The build as a command."""
        argv = [self.docker, *(["buildx", "build", "--load"] if self.buildx else ["build"])]
        argv += ["--progress", "plain", "--iidfile", str(id_file)]
        if build.dockerfile != "Dockerfile":
            argv += ["--file", str(build.context / build.dockerfile)]
        argv += ["--target", build.target] if build.target else []
        argv += ["--platform", build.platform] if build.platform else []
        argv += ["--tag", build.tag]
        argv += [f"--build-arg={key}={value}" for key, value in build.arguments.items()]
        argv += [f"--label={key}={value}" for key, value in build.labels.items()]
        argv += ["--no-cache"] if build.no_cache else []
        # Heroku takes a plain manifest of one platform: no attestations beside it.
        env = {"DOCKER_BUILDKIT": "1", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
        return Command((*argv, str(build.context)), env=env)


def find_buildkit(runner: Runner) -> BuildKit | None:
    """The first docker on PATH that speaks BuildKit: a newer one may lack the plugin for it."""
    for folder in os.get_exec_path():
        docker = shutil.which("docker", path=folder)
        if docker is None:
            continue
        plugin = runner.capture(Command((docker, "buildx", "version")), check=False)
        if plugin.code == 0:
            return BuildKit(docker, True, " ".join(plugin.stdout.split()[:2]))
        client = runner.capture(Command((docker, "--version")), check=False)
        version = re.search(r"version (\d+)\.[\d.]+", client.stdout)
        if version and int(version[1]) < FIRST_WITHOUT:
            return BuildKit(docker, False, f"docker {version[0]}")
    return None


def build(plan: Build, engine: Engine, runner: Runner, on_line: Callable[[str], None]) -> str:
    """Build with BuildKit, or where there is none with the engine, and return the image's id.

    Raises:
        BuildFailed: a step failed.
        DiskFull: the engine has no room for it.
    """
    if buildkit := find_buildkit(runner):
        return build_with_buildkit(buildkit, plan, runner, on_line)
    return build_with_engine(plan, engine, on_line)


def build_with_buildkit(
    buildkit: BuildKit, build: Build, runner: Runner, on_line: Callable[[str], None]
) -> str:
    """Build through the command line and return the image's id.

    Raises:
        BuildFailed: a step failed.
        DiskFull: the engine has no room for it.
    """
    with tempfile.TemporaryDirectory() as folder:
        id_file = Path(folder) / "id"
        try:
            runner.follow(
                buildkit.command(build, id_file),
                lambda line: None if NOISE.fullmatch(line) else on_line(line),
            )
        except CommandFailed as error:
            raise _failed(build, error.why) from error
        return id_file.read_text().strip()


def build_with_engine(build: Build, engine: Engine, on_line: Callable[[str], None]) -> str:
    """Build with the engine's classic builder, through the SDK, and return the image's id.

    Raises:
        BuildFailed: a step failed.
        DiskFull: the engine has no room for it.
    """
    from docker.errors import APIError, DockerException

    lines: list[str] = []
    image_id = ""
    try:
        events = engine.client.api.build(
            path=str(build.context),
            dockerfile=build.dockerfile,
            target=build.target,
            tag=build.tag,
            buildargs=build.arguments,
            labels=build.labels,
            nocache=build.no_cache,
            cache_from=list(build.cache_from) or None,
            platform=build.platform or None,
            rm=True,
            forcerm=True,
            decode=True,
        )
        for event in events:
            if "error" in event:
                raise _failed(build, "\n".join([*lines[-TAIL_LINES:], event["error"]]))
            image_id = event.get("aux", {}).get("ID", image_id)
            for line in event.get("stream", "").splitlines():
                if line.strip():
                    lines.append(line)
                    on_line(line)
    except APIError as error:
        raise _failed(build, str(error.explanation)) from error
    except DockerException as error:
        raise _failed(build, str(error)) from error
    return image_id


def _failed(build: Build, why: str) -> UnderwayError:
    if "no space left on device" in why.lower():
        return disk_full(why)
    return BuildFailed(
        f"{build.tag} was not built.",
        why=why,
        next="mend the step above, then invoke build again",
    )

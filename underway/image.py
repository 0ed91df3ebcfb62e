"""The project's images: building them."""

from dataclasses import dataclass

from underway import console, source
from underway.builder import Build, build_with_buildkit, build_with_engine, find_buildkit
from underway.command import Runner
from underway.engine import Engine
from underway.errors import BuildFailed, UsageError
from underway.project import TARGETS, Project


@dataclass(frozen=True)
class Built:
    """An image that was built: the name that it has now, and its id on the engine."""

    reference: str
    id: str


def build(
    project: Project,
    engine: Engine,
    runner: Runner,
    *,
    target: str = "production",
    classic: bool = False,
    no_cache: bool = False,
    platform: str = "",
) -> Built:
    """Build one stage of the Dockerfile; ``platform``, such as linux/amd64, if not the engine's.

    Raises:
        UsageError: there is no such stage.
        BuildFailed: a step failed.
        DiskFull: the engine has no room for it.
    """
    if target not in TARGETS:
        raise UsageError(f"there is no stage {target!r}.", why=f"stages: {', '.join(TARGETS)}")
    plan = Build(
        context=project.root,
        dockerfile=project.dockerfile,
        target=target,
        tag=project.image(target),
        arguments={
            "PYTHON_IMAGE": project.python_image,
            "SOURCE_COMMIT": source.commit(project, runner),
        },
        labels=project.labels,
        no_cache=no_cache,
        platform=platform,
    )
    buildkit = None if classic else find_buildkit(runner)
    builder = buildkit.name if buildkit else "the engine's classic builder"
    try:
        with console.step(f"Building {plan.tag} with {builder}") as line:
            if buildkit:
                id = build_with_buildkit(buildkit, plan, runner, line)
            else:
                id = build_with_engine(plan, engine, line)
    except BuildFailed as error:
        if engine.find_image(project.python_image):
            raise
        raise BuildFailed(
            error.what,
            why=f"{error.why}\nthe base image {project.python_image} is not on the engine.",
            next="invoke setup fetches or makes the default one; PYTHON_IMAGE chooses another",
        ) from error
    return Built(plan.tag, id)

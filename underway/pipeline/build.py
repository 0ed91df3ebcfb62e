"""The build job: the image once, from what the last pipelines have left in GitLab's registry.

It is booted here, where it is, before anybody else gets it: the jobs that release it only copy it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from underway import console, fitness
from underway.builder import Build, build_with_engine
from underway.command import Runner
from underway.engine import Engine
from underway.errors import ImageUnavailable, PushFailed
from underway.pipeline.job import Images
from underway.project import Project
from underway.source import commit

STAGES = ("build", "production", "test")
"""In the order of the Dockerfile: each is made of those before."""
SHIPPED = "production"
CACHED = ("build", "test")
"""Whose layers are all that there are: the test image has those of production, and its own."""
REPORT = "build.env"


def build(
    project: Project, engine: Engine, runner: Runner, images: Images, *, fresh: bool
) -> dict[str, str]:
    """Build and push the image and its test image; the references to both, by digest.

    The engine's classic builder is used: it takes layers from any image that was pulled, and a job
    needs no docker client for it. With ``fresh`` no layer is taken, and the base image is pulled.

    Raises:
        BuildFailed: a step failed.
        CheckFailed, ContainerFailed: the image is not fit to ship.
        PushFailed: GitLab's registry does not take an image.
    """
    if fresh:
        with console.step(f"Pulling {project.python_image}"):
            engine.pull(project.python_image)
    caches = () if fresh else _pull_caches(engine, images)
    for stage in STAGES:
        plan = Build(
            context=project.root,
            dockerfile=project.dockerfile,
            target=stage,
            tag=f"{images.named(stage)}:{images.commit}",
            arguments={
                "PYTHON_IMAGE": project.python_image,
                "SOURCE_COMMIT": commit(project, runner) or images.commit,
            },
            labels={"underway.project": project.name},
            no_cache=fresh and stage == STAGES[0],
            cache_from=caches,
        )
        with console.step(f"Building {plan.tag}") as line:
            build_with_engine(plan, engine, line)
        if stage == SHIPPED:
            fitness.check(engine, plan.tag, project.labels)
        # Where images are named, the engine takes layers of no other, not even of its last build.
        caches = (plan.tag, *caches)
    for stage in CACHED:
        _push(engine, images, stage, "latest")
    return {
        "IMAGE": _push(engine, images, SHIPPED, images.commit),
        "TEST_IMAGE": _push(engine, images, "test", images.commit),
    }


def _pull_caches(engine: Engine, images: Images) -> tuple[str, ...]:
    """Have the last pipeline's images, all at once: unpacking one leaves a processor idle."""
    references = [f"{images.named(stage)}:latest" for stage in CACHED]

    def pull(reference: str) -> str:
        try:
            engine.pull(reference, login=images.login.as_dict())
            return ""
        except ImageUnavailable as unavailable:
            return f"  no layers from {reference}: {unavailable.why}"

    with console.step("Pulling the layers of the last pipeline"), ThreadPoolExecutor() as pool:
        problems = list(pool.map(pull, references))
    for problem in filter(None, problems):
        console.say(problem)
    return tuple(ref for ref, problem in zip(references, problems, strict=True) if not problem)


def _push(engine: Engine, images: Images, stage: str, tag: str) -> str:
    """Push an image, and return its reference by digest."""
    repository = images.named(stage)
    with console.step(f"Pushing {repository}:{tag}"):
        found = engine.image(f"{repository}:{images.commit}", next="invoke pipeline.build")
        found.tag(repository, tag)
        digest = ""
        events = engine.client.images.push(
            repository, tag=tag, auth_config=images.login.as_dict(), stream=True, decode=True
        )
        for event in events:
            if "error" in event:
                raise PushFailed(f"{repository}:{tag} was not pushed.", why=str(event["error"]))
            digest = (event.get("aux") or {}).get("Digest", digest)
    return f"{repository}@{digest}"

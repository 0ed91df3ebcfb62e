"""The production image and its local life."""

import os
from functools import partial

from invoke.context import Context
from invoke.exceptions import Exit

from underway import console
from underway.command import Runner
from underway.tasks.base import project, task


@task(
    target="stage of the Dockerfile: production, release, test, build or packages",
    classic="use the engine's classic builder even where BuildKit is there",
    no_cache="build every layer anew",
)
def build(
    c: Context, target: str = "production", classic: bool = False, no_cache: bool = False
) -> None:
    """Build the image and print its reference."""
    from underway import image as images
    from underway.engine import Engine

    built = images.build(
        project(c), Engine.connect(), Runner(), target=target, classic=classic, no_cache=no_cache
    )
    console.result(built.reference)


@task(
    port="port of this machine to publish it on; left out: a free one",
    debug="run it with DEBUG=1",
    follow="show its log until Ctrl-C, then stop it",
)
def run(c: Context, port: str = "", debug: bool = False, follow: bool = False) -> None:
    """Run the image here, wait until it answers, and print its address."""
    from underway import local
    from underway.engine import Engine

    here, engine = project(c), Engine.connect()
    database = os.environ.get("DATABASE_URL")
    console.result(local.run(here, engine, port=port, debug=debug, database_url=database))
    if follow:
        local.follow(here, engine)


@task()
def stop(c: Context) -> None:
    """Stop the container that `run` started."""
    from underway import local
    from underway.engine import Engine

    if not local.stop(project(c), Engine.connect()):
        console.say("nothing to stop.")


@task()
def shell(c: Context) -> None:
    """Open a shell in the running container."""
    from underway import local
    from underway.engine import Engine

    container = local.find(project(c), Engine.connect())
    raise Exit(code=Runner().attach(local.shell(container)))


@task()
def check_static(c: Context) -> None:
    """Check that every static file is in the image and is served as it should be."""
    from underway import local, static_files
    from underway.engine import Engine

    here, engine = project(c), Engine.connect()
    files = static_files.inventory(engine, here.image(), here.labels)
    with local.serving(here, engine) as url:
        for name in static_files.samples(files):
            static_files.check_served(url, files, name)
            console.say(f"{console.good('✓')} {files.address(name)}")
    console.result(f"{len(files.manifest)} static files are in {here.image()}")


@task()
def smoke(c: Context) -> None:
    """Boot the image the way Heroku would, ask it, and stop it in the middle of a request."""
    from underway import smoke as smoke_test
    from underway import static_files
    from underway.engine import Engine

    here, engine = project(c), Engine.connect()
    image = engine.image(here.image(), next="invoke build").tags[0]
    files = partial(static_files.inventory, engine, image, here.labels)
    smoke_test.smoke(engine, image, here.labels, files)
    console.result(f"{image} is fit to ship")

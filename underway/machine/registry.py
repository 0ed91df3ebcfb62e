"""The registry of the local platform: Debian's program, or the official image."""

from underway import console
from underway.command import Runner
from underway.engine import Engine
from underway.errors import ImageUnavailable
from underway.machine.daemon import SYSTEMD
from underway.machine.debian import Debian, find_program

PROGRAM = "docker-registry"
"""The program, and Debian's package of it."""
IMAGE = "registry:2"


def ensure(engine: Engine, runner: Runner) -> str:
    """Have one of the two, and say which.

    Raises:
        SetupImpossible: the image cannot be pulled, and this is neither Debian nor Ubuntu, or
            root is out of reach.
    """
    if find_program(PROGRAM):
        return PROGRAM
    if engine.find_image(IMAGE):
        return IMAGE
    try:
        with console.step(f"Pulling {IMAGE}"):
            engine.pull(IMAGE)
        return IMAGE
    except ImageUnavailable as unavailable:
        console.say(f"  {unavailable}")
    debian = Debian.here(runner)
    with console.step(f"Installing {PROGRAM}") as line:
        debian.install([PROGRAM], line)
        if SYSTEMD.is_dir():
            # The package starts a registry of its own; the platform starts one when it needs it.
            debian.runner.capture(debian.root("systemctl", "disable", "--now", PROGRAM))
    return PROGRAM

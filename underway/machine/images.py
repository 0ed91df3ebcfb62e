"""Having an image on the engine: it is there, or it is pulled, or something stands in for it."""

from underway import console
from underway.command import Runner
from underway.engine import Engine
from underway.errors import ImageUnavailable, UnderwayError
from underway.machine import stand_ins
from underway.machine.stand_ins import StandIn, Workshop

BROWSER = "underway-browser"
CI_HELPER = "underway-ci-helper"


def ensure(reference: str, base: str, engine: Engine, runner: Runner) -> str:
    """Have the image on the engine, and say where it is from; ``base`` is the base image's name.

    Raises:
        ImageUnavailable: it cannot be pulled, and nothing can stand in for it.
    """
    stand_in = stand_ins.find(reference)
    if found := engine.find_image(reference):
        if not stand_ins.is_stand_in(found):
            return "the original"
        if stand_in is None or stand_in.made(found):
            return "a stand-in"
    try:
        with console.step(f"Pulling {reference}"):
            engine.pull(reference)
        return "the original"
    except ImageUnavailable as unavailable:
        if stand_in is None:
            raise _unavailable(reference, unavailable.why) from unavailable
        console.say(f"  {unavailable}")
    try:
        _make(stand_in, reference, Workshop(engine, base, runner))
    except UnderwayError as error:
        raise _unavailable(reference, str(error)) from error
    return "a stand-in"


def browser(base: str, engine: Engine) -> str:
    """Have the image for browser tests on the engine, and return its name."""
    return _own(stand_ins.BROWSER, BROWSER, base, engine)


def ci_helper(base: str, engine: Engine) -> str:
    """Have the image that copies files between a pipeline's jobs, and return its name."""
    return _own(stand_ins.CI_HELPER, CI_HELPER, base, engine)


def _own(stand_in: StandIn, name: str, base: str, engine: Engine) -> str:
    """Have an image that exists nowhere else."""
    found = engine.find_image(name)
    if found is None or not stand_in.made(found):
        _make(stand_in, name, Workshop(engine, base, Runner()))
    return name


def _make(stand_in: StandIn, reference: str, workshop: Workshop) -> None:
    with console.step(f"Making {reference} from Debian's packages") as line:
        stand_in.make(reference, workshop, line)


def _unavailable(reference: str, why: str) -> ImageUnavailable:
    versions = " or ".join(stand_ins.NAMES)
    return ImageUnavailable(
        f"{reference} can neither be pulled nor be made here.",
        why=why,
        next="let the engine reach the image's registry, or choose another image in "
        f"pyproject.toml, [tool.underway]\n(what can be made on Debian and Ubuntu: {versions})",
    )

"""How the time of a deploy grows: one thing gets more, all else stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bench import surroundings
from bench.deploys import Ours
from bench.figures import Figure
from tests.deploy.conftest import Place
from underway.platform.models import App, new_id
from underway.platform.store import Store

MEGABYTES = (200, 500, 1000, 2000)
FILES = (10, 100, 1000, 10_000)
TYPES = (1, 2, 4, 8)
DYNOS = (1, 4, 8, 16)
RELEASES = (10, 100, 400, 1000)
OWN_MEGABYTES = 181
"""What the image has by itself, its base included."""
PADDING = "/padding"
AFTER_PADDING = "COPY --from=packages /opt/venv /opt/venv"
PROCESSES = "\n[tool.underway.processes]\n"
Grow = Callable[[Place, int], object]


def size(rounds: int) -> list[Figure]:
    """Megabytes of the image, in a layer that does not change and cannot be compressed."""
    with surroundings.place() as place:
        return _curve("MB of image", place, MEGABYTES, _pad)


def files(rounds: int) -> list[Figure]:
    """Static files of the app's own, a kilobyte each."""
    with surroundings.place() as place:
        return _curve("static files", place, FILES, _add_files)


def types(rounds: int) -> list[Figure]:
    """Process types that are released beside web; they have no dynos."""
    with surroundings.place() as place:
        return _curve("process types", place, TYPES, _add_types)


def dynos(rounds: int) -> list[Figure]:
    """Web dynos, all of which have to serve before the deploy has ended."""
    with surroundings.place() as place:
        place.done("deploy")
        return _curve("web dynos", place, DYNOS, _scale)


def releases(rounds: int) -> list[Figure]:
    """Releases that the app has had before."""
    with surroundings.place() as place:
        place.done("deploy")
        return _curve("releases in the history", place, RELEASES, _add_releases)


def _curve(axis: str, place: Place, points: tuple[int, ...], grow: Grow) -> list[Figure]:
    """A deploy of a changed view at each point, after one that has all that is new there."""
    ours = Ours(place)
    made: list[Figure] = []
    for point in points:
        grow(place, point)
        ours.first()
        ours.change_code()
        taken = (ours.deploy(),)
        made.append(
            Figure(
                f"deploy with {point} {axis}",
                "s",
                taken,
                made[0].values if made else taken,
                against=f"{points[0]} {axis}",
                axis=axis,
                at=point,
                parts=ours.parts,
            )
        )
    return made


def _pad(place: Place, megabytes: int) -> None:
    file = place.checkout.root / "Dockerfile"
    lines = [line for line in file.read_text().splitlines() if PADDING not in line]
    step = f"RUN head -c {megabytes - OWN_MEGABYTES}MB /dev/urandom > {PADDING}"
    lines.insert(lines.index(AFTER_PADDING), step)
    file.write_text("\n".join(lines) + "\n")


def _add_files(place: Place, count: int) -> None:
    folder = place.checkout.root / "hello_django" / "static" / "many"
    folder.mkdir(exist_ok=True)
    for number in range(count):
        rules = "\n".join(f".rule-{number}-{line} {{ margin: {line}px }}" for line in range(32))
        (folder / f"{number}.css").write_text(rules)


def _add_types(place: Place, count: int) -> None:
    workers = "\n".join(f'worker-{number} = "sleep 3600"' for number in range(1, count))
    file = place.checkout.root / "pyproject.toml"
    # Behind all else, so that it can be cut off again.
    file.write_text(f"{file.read_text().partition(PROCESSES)[0]}{PROCESSES}{workers}\n")


def _scale(place: Place, count: int) -> None:
    place.done("scale", "--", f"web={count}")


def _add_releases(place: Place, count: int) -> None:
    """Copies of the one in service, in the platform's store: made one by one they take hours."""
    store = Store(place.settings.folder / "state.sqlite")
    app = store.find(App, name=place.checkout.project.name)
    assert app
    newest = store.current_release(app.id)
    assert newest
    with store.transaction():
        for version in range(newest.version + 1, count + 1):
            store.add(replace(newest, id=new_id(), version=version))
    store.close()

"""What one web dyno carries, held against the tutorial's: load, files, memory, first answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import httpx

from bench import containers, figures, load, surroundings
from bench.containers import HEADERS
from bench.figures import Figure, Values
from underway.command import Runner
from underway.engine import Engine

if TYPE_CHECKING:
    from docker.models.containers import Container

FEW, WAITING, MANY = 16, 32, 100
"""Connections."""
BROWSER = {"Accept-Encoding": "gzip, deflate, br"}
SHEET = re.compile(r'href="(/static/admin/css/base\.[^"]+)"')
WORKER = "one sync worker"


@dataclass(frozen=True)
class Images:
    """All that is started: the labels of their containers, and ids on the engine."""

    labels: dict[str, str]
    ours: str
    tutorial: str
    hello: str


def first_request(rounds: int) -> list[Figure]:
    """From the start of a container to its first answer, beside the least, and the tutorial's."""
    with _images() as (engine, images):

        def start(image: str) -> float:
            with containers.created(engine, image, images.labels) as container:
                return containers.first_answer(container, "/ping/")

        started = (images.ours, images.hello, images.tutorial)
        ours, hello, tutorial = figures.rounds(rounds, *(partial(start, it) for it in started))
    name, goal = "first request after container start", "ratio < 1.5"
    return [
        Figure(name, "s", ours, hello, against="gunicorn, hello world", goal=goal),
        Figure(f"{name}, Django in both", "s", ours, tutorial, against=WORKER),
    ]


def serving(rounds: int) -> list[Figure]:
    """Requests of four kinds, memory under them, and the size of a file on the wire."""
    load.ensure(Runner())
    with _images() as (engine, images), _both(engine, images) as (ours, theirs):
        return [
            *_pings(rounds, ours, theirs),
            _waits(rounds, ours, theirs),
            *_files(rounds, ours, theirs),
            Figure(
                "memory of a web dyno after all this load",
                "MB",
                (containers.megabytes(ours),),
                (containers.megabytes(theirs),),
                against=WORKER,
                goal="value < 256",
            ),
        ]


def _pings(rounds: int, ours: Container, theirs: Container) -> Iterator[Figure]:
    few = _both_rates(rounds, (ours, theirs), ("/ping/", "/ping/"), FEW)
    what, goal = f"/ping/, {FEW} connections", "ratio >= 1.9"
    yield Figure(what, "requests/s", *few, against=WORKER, goal=goal)
    many = figures.pair(rounds, partial(_p99, ours), partial(_p99, theirs))
    what, goal = f"/ping/, {MANY} connections, p99", "ratio <= 1"
    yield Figure(what, "ms", *many, against=WORKER, goal=goal)


def _waits(rounds: int, ours: Container, theirs: Container) -> Figure:
    both = _both_rates(rounds, (ours, theirs), ("/slow/", "/slow/"), WAITING)
    what, goal = f"a view that waits 100 ms, {WAITING} connections", "ratio >= 8"
    return Figure(what, "requests/s", *both, against=WORKER, goal=goal)


def _files(rounds: int, ours: Container, theirs: Container) -> Iterator[Figure]:
    sheets = _sheet(ours), _sheet(theirs)
    both = _both_rates(rounds, (ours, theirs), sheets, FEW, BROWSER)
    what, goal = f"a static file, {FEW} connections", "ratio >= 2"
    yield Figure(what, "requests/s", *both, against=f"{WORKER}, gzip", goal=goal)
    brotli, gzip = ((_bytes(ours, sheets[0], encoding),) for encoding in ("br", "gzip"))
    what, goal = "the same file on the wire, Brotli", "ratio <= 0.8"
    yield Figure(what, "bytes", brotli, gzip, against="gzip", goal=goal)


def _both_rates(
    rounds: int,
    both: tuple[Container, Container],
    paths: tuple[str, str],
    connections: int,
    more: dict[str, str] | None = None,
) -> tuple[Values, Values]:
    def rate(container: Container, path: str) -> float:
        asked = containers.url(container, path)
        return load.steady(asked, connections, HEADERS | (more or {})).per_second

    return figures.pair(rounds, *(partial(rate, *it) for it in zip(both, paths, strict=True)))


def _p99(container: Container) -> float:
    return load.steady(containers.url(container, "/ping/"), MANY, HEADERS).p99


def _sheet(container: Container) -> str:
    """The address of a style sheet that a page names, hash included."""
    page = httpx.get(containers.url(container, "/admin/login/"), headers=HEADERS, trust_env=False)
    found = SHEET.search(page.text)
    assert found, page.text
    return found[1]


def _bytes(container: Container, path: str, encoding: str) -> float:
    """How long a file is as it travels; it comes so encoded, and to be kept for long."""
    asked = HEADERS | {"Accept-Encoding": encoding}
    with httpx.stream(
        "GET", containers.url(container, path), headers=asked, trust_env=False
    ) as answer:
        body = b"".join(answer.iter_raw())
    assert answer.headers["Content-Encoding"] == encoding
    assert "immutable" in answer.headers["Cache-Control"]
    return len(body)


@contextmanager
def _images() -> Iterator[tuple[Engine, Images]]:
    """Ours, with a view that waits, the tutorial's, and the bare server's; gone afterwards."""
    with surroundings.checkout() as made:
        surroundings.add_slow_view(made)
        engine, name, labels = Engine.connect(), made.project.name, made.project.labels
        folders = (made.root, surroundings.tutorial(made), surroundings.HELLO)
        built = [
            surroundings.build(engine, folder, f"{name}:{folder.name}", labels)
            for folder in folders
        ]
        yield engine, Images(labels, *built)


@contextmanager
def _both(engine: Engine, images: Images) -> Iterator[tuple[Container, Container]]:
    with containers.serving(engine, images.ours, images.labels) as ours:
        with containers.serving(engine, images.tutorial, images.labels) as theirs:
            yield ours, theirs

"""From a change to a release that was seen to serve: here, by hand, and at the least."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from bench import figures, load, surroundings
from bench.by_hand import ByHand
from bench.figures import Figure
from bench.least import Least
from tests.deploy.conftest import Place
from underway.command import Runner
from underway.registry import Registry
from underway.tasks.base import on_local_platform

BY_HAND = "the tutorial's way"
CONNECTIONS = 4
LONGEST = 300
"""Seconds of load, at most."""


def code(rounds: int) -> list[Figure]:
    """A changed view: how long it takes, and what it pushes."""
    with surroundings.place() as place:
        ours, theirs, least = Ours(place), ByHand(place), Least(place)
        pushed: dict[str, list[float]] = {ours.app: [], theirs.app: []}

        def changed(way: Ours | ByHand) -> float:
            before = _blobs(place, way.app)
            way.change_code()
            seconds = way.deploy()
            after = _blobs(place, way.app)
            new = after.keys() - before.keys()
            pushed[way.app].append(sum(after[digest] for digest in new) / 1e3)
            return seconds

        for way in (ours, theirs, least):
            way.first()
        both = (partial(changed, ours), partial(changed, theirs))
        here, by_hand, unavoidable = figures.rounds(rounds, *both, least.deploy, warm_up=False)
    name, floor = "code-only change to verified release", "built, pushed and booted"
    sent, theirs_sent = (tuple(values) for values in pushed.values())
    goals = ("ratio <= 0.5", "ratio <= 2", "value <= 200")
    return [
        Figure(name, "s", here, by_hand, against=BY_HAND, goal=goals[0], parts=ours.parts),
        Figure(f"code-only change, {BY_HAND}", "s", by_hand, parts=theirs.parts),
        Figure(
            "code-only change, against what cannot be avoided",
            "s",
            here,
            unavoidable,
            against=floor,
            goal=goals[1],
        ),
        Figure("what a code-only change cannot avoid", "s", unavoidable, parts=least.parts),
        Figure(
            "pushed by a code-only change", "kB", sent, theirs_sent, against=BY_HAND, goal=goals[2]
        ),
    ]


def dependency(rounds: int) -> list[Figure]:
    """One more package: how long it takes."""
    with surroundings.place() as place:
        ours, theirs = Ours(place), ByHand(place)

        def changed(way: Ours | ByHand) -> float:
            surroundings.add_dependency(way.root / "requirements")
            way.change_code()
            return way.deploy()

        for way in (ours, theirs):
            way.first()
        both = (partial(changed, ours), partial(changed, theirs))
        taken = figures.pair(rounds, *both, warm_up=False)
    name, goal = "dependency change to verified release", "ratio <= 0.5"
    return [Figure(name, "s", *taken, against=BY_HAND, goal=goal, parts=ours.parts)]


def preboot(rounds: int) -> list[Figure]:
    """Requests without an answer while a new release takes over, under load."""
    load.ensure(Runner())
    with surroundings.place() as place:
        ours = Ours(place)
        ours.first()
        with_it = partial(_lost, place, ours, preboot=True)
        without = partial(_lost, place, ours, preboot=False)
        lost = figures.pair(rounds, with_it, without, warm_up=False)
    name, goal = "requests lost during a deploy under load, with preboot", "value <= 0"
    return [Figure(name, "", *lost, against="without preboot", goal=goal)]


@dataclass
class Ours:
    """Somebody who says ``invoke deploy``."""

    place: Place
    receipt: dict[str, Any] = field(default_factory=dict)

    @property
    def app(self) -> str:
        return self.place.checkout.project.name

    @property
    def root(self) -> Path:
        return self.place.checkout.root

    @property
    def parts(self) -> dict[str, float]:
        """Seconds of the newest deploy, by step."""
        seconds: dict[str, float] = self.receipt["seconds"]
        return seconds

    def first(self) -> None:
        """All that only the first deploy does."""
        self.deploy()

    def change_code(self) -> None:
        """Change a view."""
        surroundings.change_code(self.root / "hello_django" / "views.py")

    def deploy(self) -> float:
        """The task, as a process of its own; seconds."""
        started = time.monotonic()
        self.receipt = json.loads(self.place.done("deploy", "--json"))
        return time.monotonic() - started


def _blobs(place: Place, app: str) -> dict[str, int]:
    """What the registry holds of an app's newest images: digests, and bytes."""
    blobs: dict[str, int] = {}
    with Registry.of(on_local_platform(place.checkout.project, app)) as registry:
        for type in ("web", *place.checkout.project.processes):
            found = registry.manifest(f"{app}/{type}")
            if found:
                blobs[found.digest] = len(found.raw)
                blobs |= {blob["digest"]: blob["size"] for blob in found.blobs}
    return blobs


def _lost(place: Place, ours: Ours, *, preboot: bool) -> float:
    with place.api() as api:
        api.patch(
            f"/apps/{ours.app}/features/preboot", json={"enabled": preboot}
        ).raise_for_status()
    host = place.ask("")["web_url"].removeprefix("https://").partition(":")[0]
    url = f"https://127.0.0.1:{place.settings.ports.https}/ping/"
    ours.change_code()
    with load.meanwhile(url, CONNECTIONS, {"Host": host}, LONGEST) as heard:
        ours.deploy()
        # The old dynos stop a while after the new ones serve.
        time.sleep(2 * place.settings.limits.preboot)
    assert heard[0].requests > 0
    return heard[0].lost

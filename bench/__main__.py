"""Run benchmarks: ``python -m bench``, or some of them by name."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Callable

from bench import deploys, everyday, growth, image, page, results, router, serving, table
from bench.figures import Figure
from underway import console

BENCHMARKS: dict[str, Callable[[int], list[Figure]]] = {
    "image": image.image,
    "code": deploys.code,
    "dependency": deploys.dependency,
    "first-request": serving.first_request,
    "serving": serving.serving,
    "preboot": deploys.preboot,
    "listing": everyday.listing,
    "nox": everyday.nox,
    "router": router.router,
    "size": growth.size,
    "files": growth.files,
    "types": growth.types,
    "dynos": growth.dynos,
    "releases": growth.releases,
}


def main() -> None:
    """Measure, then show and keep what was found; what cannot run ends it with a traceback."""
    # Whoever ends it otherwise than by Ctrl-C wants it cleaned up as well.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parser = argparse.ArgumentParser(prog="nox -s bench --", description=__doc__)
    names = ", ".join(BENCHMARKS)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"left out: all of {names}")
    parser.add_argument("--rounds", type=int, default=3, help="of each; left out: 3")
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {names}")
    for name in chosen.names or BENCHMARKS:
        with console.step(f"Measuring {name}"):
            found = BENCHMARKS[name](chosen.rounds)
        console.say(table.text(found))
        # Kept at once, and alike in both places: the next one may fail.
        results.save(results.merge(results.load(), found))
        page.write(results.load())
    _draw()


def _draw() -> None:
    from bench import pictures

    known = results.load()
    pictures.draw(known)
    console.result(table.text(known))


if __name__ == "__main__":
    main()

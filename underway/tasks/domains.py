"""The host names that lead to the app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.context import Context

from underway import console
from underway.tasks.base import targeted

if TYPE_CHECKING:
    from underway.target import Target


@targeted(json="print them as JSON")
def list(c: Context, target: Target, json: bool = False) -> None:
    """List the host names that lead to the app, and where their DNS entries are to point."""
    from underway.heroku import Heroku
    from underway.operations import domains

    with Heroku(target) as heroku:
        found = heroku.domains()
    rows = [domains.as_dict(domain) for domain in found]
    console.result_json(rows) if json else console.result(domains.table(found))


@targeted(hostname="such as www.example.com")
def add(c: Context, target: Target, hostname: str = "") -> None:
    """Let a host name lead to the app, and print what its DNS entry is to point at."""
    from underway.heroku import Heroku
    from underway.operations import domains

    with Heroku(target) as heroku:
        console.result(domains.add(heroku, hostname).cname)


@targeted(hostname="such as www.example.com")
def remove(c: Context, target: Target, hostname: str = "") -> None:
    """Let a host name lead to the app no more."""
    from underway.heroku import Heroku
    from underway.operations import domains

    with Heroku(target) as heroku:
        domains.remove(heroku, hostname)

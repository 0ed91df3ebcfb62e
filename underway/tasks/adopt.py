"""Adopting Underway in an existing Django project."""

from pathlib import Path

from invoke.context import Context

from underway.command import Runner
from underway.tasks.base import task


@task(
    plan="print what would be written as a diff, and write nothing",
    yes="do not ask before it is written",
    json="print what was found and what happens to each file as JSON",
)
def init(c: Context, plan: bool = False, yes: bool = False, json: bool = False) -> None:
    """Make the Django project in this folder ready for a deploy; nothing of it is overwritten."""
    from underway import adopt

    adopt.init(Path.cwd(), Runner(), plan=plan, yes=yes, json=json)

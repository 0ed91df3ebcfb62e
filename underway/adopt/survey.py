"""What there is, what is in the way, and what will be written; found out in a copy."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from underway import console
from underway.adopt import choices, existing, found, locking, obstacles, rendering, requirements
from underway.adopt.found import Found
from underway.adopt.plan import RECORD, Change, changes
from underway.adopt.trial import Trial, trial
from underway.checks.finding import Finding
from underway.command import Runner
from underway.errors import CommandFailed

QUIET = (RECORD, *(f"{requirements.FOLDER}/{name}.txt" for name in ("production", "underway")))
"""Files whose difference nobody reads."""


@dataclass(frozen=True)
class Survey:
    """All that ``init`` has found out; no changes where something is in the way."""

    facts: Mapping[str, str]
    findings: tuple[Finding, ...]
    changes: tuple[Change, ...] = ()

    @property
    def blocked(self) -> bool:
        """Whether something has to be mended before anything is written."""
        return any(finding.level == "error" for finding in self.findings)

    @property
    def written(self) -> tuple[Change, ...]:
        """The files that are touched."""
        return tuple(change for change in self.changes if change.written)

    @property
    def text(self) -> str:
        """What was found, for people."""
        return "\n".join(f"{name + ':':<14}{text}" for name, text in self.facts.items())

    @property
    def preview(self) -> str:
        """What will be done, file by file; where there is one already, with the difference."""
        shown = []
        for change in self.changes:
            shown.append(str(change))
            if change.state in ("changed", "appended", "edited") and change.path not in QUIET:
                shown.append(change.diff.rstrip("\n"))
        return "\n".join(shown)

    @property
    def diff(self) -> str:
        """All that will be written, as git shows and applies it."""
        return "".join(change.diff for change in self.written)

    @property
    def undo(self) -> str:
        """The command that takes all of it back, until it is committed."""
        touched = [change.path for change in self.written if change.state != "new"]
        new = [change.path for change in self.written if change.state == "new"]
        made = sorted({re.sub(f"^{found.PACKAGE}/.*", found.PACKAGE, path) for path in new})
        commands = [f"git checkout -- {shlex.join(touched)}"] if touched else []
        commands += [f"git clean -fdq -- {shlex.join(made)}"] if made else []
        return " && ".join(commands)

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return {
            "found": dict(self.facts),
            "findings": [finding.as_dict() for finding in self.findings],
            "files": {change.path: change.state for change in self.changes},
            "undo": self.undo,
        }


@dataclass
class _Looking:
    """A survey under way."""

    root: Path
    copy: Trial
    facts: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def blocked(self) -> bool:
        return any(finding.level == "error" for finding in self.findings)


def survey(root: Path, runner: Runner) -> Survey:
    """Find out everything; nothing is changed in ``root``.

    Raises:
        UsageError: something that has to be there to begin with is not.
        CheckFailed: what it needs does not fit together, or cannot be installed.
    """
    python, source = found.python(root), requirements.source(root)
    with trial(root, runner) as copy:
        looking = _Looking(root, copy)
        looking.facts |= {"project": found.name(root), "requirements": str(source)}
        locking.lock(root, copy, source, python)
        sources = requirements.without_wheels(copy.root, python, runner)
        looking.findings += locking.needing_libraries(sources, python)
        if looking.blocked:
            return Survey(looking.facts, tuple(looking.findings))
        looking.findings += locking.lock_tool(root, copy, python)
        copy.install(python)
        slow = tuple(locking.compiled(copy, sources))
        looking.findings += slow
        known = _look(looking, python)
        made: tuple[Change, ...] = ()
        if known and not looking.blocked:
            packages = locking.COMPILER if slow else ""
            known = _try(looking, replace(known, build_packages=packages))
            made = changes(root, *_texts(looking, known))
            looking.findings += existing.notes(root, known, made)
    return Survey(looking.facts, tuple(looking.findings), made)


def _look(looking: _Looking, python: str) -> Found | None:
    """Ask the project's own Django; None where it does not load."""
    copy, facts = looking.copy, looking.facts
    with console.step("Looking at the project"):
        chosen = copy.ask()
        if "error" in chosen:
            looking.findings += obstacles.of_settings(chosen, "manage.py")
            return None
        settings = choices.settings(looking.root, chosen)
        facts["settings"] = settings
        asked = copy.ask(settings)
        if "error" in asked:
            looking.findings += obstacles.of_settings(asked, settings)
            return None
    known = choices.decide(looking.root, python, chosen["settings"], asked)
    facts["application"] = known.application + (" (ASGI)" if known.asynchronous else " (WSGI)")
    facts["Python"] = python
    facts["database"] = f"{asked['engine'].rpartition('.')[2] or 'none'}; Postgres in production"
    facts["static files"] = f"{asked['static_root'] or 'no STATIC_ROOT'}; collected into the image"
    facts["media"] = asked["default_storage"].rpartition(".")[2]
    facts["processes"] = ", ".join(["web", "release", *known.processes])
    looking.findings += obstacles.of_project(asked)
    return known


def _try(looking: _Looking, known: Found) -> Found:
    """Let the copy's Django check itself with all that is added, and collect its static files."""
    copy, settings = looking.copy, f"{known.package}.settings"
    with console.step("Trying it with what is added") as line:
        copy.write(rendering.render(known))
        asked = copy.ask(settings, deploy=True)
        if "error" not in asked and (apps := obstacles.missing_apps(asked)):
            known = replace(known, apps=apps)
            copy.write(rendering.render(known))
            asked = copy.ask(settings, deploy=True)
        if "error" in asked:
            looking.findings += obstacles.of_settings(asked, settings)
            return known
        known = replace(known, silenced=obstacles.silenced_by(asked))
        looking.findings += obstacles.of_checks(asked)
        try:
            collect = copy.manage(
                "collectstatic", "--noinput", "--verbosity", "0", settings=settings
            )
            copy.runner.follow(collect, line)
        except CommandFailed as error:
            looking.findings.append(obstacles.of_static_files(error.why))
    return known


def _texts(looking: _Looking, known: Found) -> tuple[dict[str, str], dict[str, str]]:
    """The files, and the lines that are appended to the user's own."""
    texts = rendering.render(known) | locking.texts(looking.copy)
    appended = existing.appended(looking.root, known)
    return {path: text for path, text in texts.items() if path not in appended}, appended

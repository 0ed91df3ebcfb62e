"""What a deploy is going to do, as a diff of what will change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from underway import console
from underway.deploy.facts import NAMED, Facts
from underway.deploy.prepare import Need, needs
from underway.deploy.run import Options
from underway.project import Project
from underway.target import Target

HOW = {
    "container": "built here, through the container registry",
    "manifest": "built by the platform, from heroku.yml",
    "promote": "copied from {source}, byte for byte",
    "copy": "copied from {source}",
}


@dataclass(frozen=True)
class Plan:
    """Made from facts; nothing has happened yet."""

    target: Target
    facts: Facts
    needs: tuple[Need, ...]
    changes: tuple[str, ...]
    """Each begins with + (made), ~ (changed) or = (stays)."""

    @property
    def billed(self) -> list[str]:
        """What costs money on Heroku."""
        app = [] if self.facts.app else [f"the app {self.target.app}"]
        return app + [need.text for need in self.needs if need.billed]

    def __str__(self) -> str:
        colours = {"+": console.good, "~": console.warn}
        return "\n".join(
            "  " + colours.get(change[0], str)(change[0]) + change[1:] for change in self.changes
        )

    def as_dict(self) -> dict[str, Any]:
        """For programs: where, from what commit, and the changes."""
        return {
            "app": self.target.app,
            "local": self.target.local,
            "commit": self.facts.commit,
            "release": self.facts.version or None,
            "changes": list(self.changes),
        }


def make(project: Project, target: Target, options: Options, facts: Facts) -> Plan:
    """Decide what to do."""
    missing = needs(facts)
    changes = [] if facts.app else [f"+ app {target.app}, on the container stack"]
    changes += [f"+ {need.text}" for need in missing]
    what = _source(options, facts)
    types = ", ".join(dict.fromkeys(["web", *project.processes]))
    changes.append(f"~ {types}: {what}, {HOW[options.method].format(source=options.source)}")
    if facts.serves:
        changes.append(f"~ a new release in place of {facts.serves} ({facts.serves.description})")
    else:
        changes.append("+ the first release with code")
    changes += [f"= {row.type}: {row.quantity} × {row.size}" for row in facts.formation]
    if facts.app and facts.app.maintenance:
        changes.append("= maintenance mode is on: visitors go on seeing its page")
    return Plan(target, facts, missing, tuple(changes))


def _source(options: Options, facts: Facts) -> str:
    if options.method == "promote":
        return "the images in service there"
    if options.method == "copy":
        return "the image of this pipeline"
    if options.image:
        return options.image
    commit = facts.commit.partition("-")[0][:7] or "no commit"
    if not facts.changed:
        return commit
    named = ", ".join(facts.changed[:NAMED]) + (" …" if len(facts.changed) > NAMED else "")
    return f"{commit} and what differs from it ({named})"

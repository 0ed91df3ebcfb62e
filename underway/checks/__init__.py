"""Looking at the machine without changing anything: all of ``invoke doctor`` but its printing."""

from underway import console
from underway.checks import engine, local
from underway.checks.finding import Finding
from underway.command import Runner
from underway.errors import CheckFailed, spelled
from underway.project import Project

__all__ = ["Finding", "diagnose", "render", "require_no_errors"]

PORTS = (8000,)
"""Where ``invoke serve`` listens unless it is told otherwise."""


def diagnose(
    project: Project, runner: Runner, ports: tuple[int, ...] = PORTS
) -> tuple[Finding, ...]:
    """Check everything; what is broken becomes a finding, never an exception."""
    return (
        *engine.check(project),
        local.builder(runner),
        local.python(),
        *local.locks(project.root / "requirements"),
        *local.tools(),
        *map(local.port, ports),
    )


def require_no_errors(findings: tuple[Finding, ...]) -> None:
    """Let notes and warnings pass.

    Raises:
        CheckFailed: there is an error among the findings.
    """
    errors = [item for item in findings if item.level == "error"]
    if errors:
        raise CheckFailed(
            f"{' and '.join(dict.fromkeys(item.subject for item in errors))}: to be mended first.",
            next="\n".join(dict.fromkeys(item.next for item in errors if item.next)),
        )


def render(findings: tuple[Finding, ...]) -> str:
    """The findings for people, each with its cause and the command that mends it."""
    marks = {
        "ok": console.good("✓"),
        "note": "·",
        "warning": console.warn("!"),
        "error": console.bad("✗"),
    }
    lines = []
    for item in findings:
        lines.append(f"{marks[item.level]} {item.subject}: {item.what}")
        for label, text in (("why: ", item.why), ("next:", spelled(item.next))):
            if text:
                lines.append(f"    {label} " + text.replace("\n", "\n          "))
    return "\n".join(lines)

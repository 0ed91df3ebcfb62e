"""Asking the advisory database about the locked versions, and saying so where it did not answer."""

import json
import sys
from typing import Any

from underway import console
from underway.command import Command, Runner
from underway.errors import CheckFailed
from underway.project import Project


def audit(project: Project, runner: Runner) -> str:
    """Look up every locked package of production, and return the outcome as a sentence.

    Raises:
        CheckFailed: a version has a known vulnerability.
    """
    result = runner.capture(command(project), check=False)
    try:
        packages: list[dict[str, Any]] = json.loads(result.stdout)["dependencies"]
    except (ValueError, KeyError):
        reason = (result.stderr.strip().splitlines() or [f"pip-audit exited {result.code}"])[-1]
        return console.warn(f"not audited: the advisory database did not answer ({reason}).")
    vulnerable = [package for package in packages if package.get("vulns")]
    if vulnerable:
        raise CheckFailed(
            f"{len(vulnerable)} locked packages have a known vulnerability.",
            why="\n".join(map(_advisories, vulnerable)),
            next="invoke lock --upgrade",
        )
    # pip-audit exits 0, with "no known vulnerabilities", when it could look nothing up.
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    if skipped:
        return console.warn(
            f"not audited: {len(skipped)} of {len(packages)} packages"
            " (the advisory database knows nothing of them, or cannot be reached)."
        )
    return f"no known vulnerability in {len(packages)} locked packages."


def command(project: Project) -> Command:
    """The look-up; it installs nothing."""
    argv = [sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip"]
    argv += ["--progress-spinner", "off", "--format", "json"]
    return Command((*argv, "--requirement", "requirements/production.txt"), cwd=project.root)


def _advisories(package: dict[str, Any]) -> str:
    advisories = ", ".join(
        f"{known['id']} (mended in {', '.join(known['fix_versions']) or 'no version yet'})"
        for known in package["vulns"]
    )
    return f"{package['name']} {package['version']}: {advisories}"

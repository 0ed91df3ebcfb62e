"""What GitLab tells a job."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from underway.bearer import Login
from underway.errors import UsageError
from underway.project import Project
from underway.secret import Secret


@dataclass(frozen=True)
class Images:
    """Where the project's images are kept, and with whose password; GitLab's own registry."""

    repository: str
    login: Login
    commit: str

    @classmethod
    def of_job(cls, environ: Mapping[str, str] = os.environ) -> Images:
        """From the variables that every job has.

        Raises:
            UsageError: this is no job, or the project's registry is switched off.
        """
        return cls(
            repository=_variable("CI_REGISTRY_IMAGE", environ),
            login=Login(
                _variable("CI_REGISTRY_USER", environ),
                Secret(_variable("CI_REGISTRY_PASSWORD", environ)),
            ),
            commit=_variable("CI_COMMIT_SHA", environ),
        )

    def named(self, stage: str) -> str:
        """The repository of the images of one of the Dockerfile's stages."""
        return self.repository if stage == "production" else f"{self.repository}/{stage}"


def review_app(project: Project, environ: Mapping[str, str] = os.environ) -> str:
    """The app of this merge request.

    Raises:
        UsageError: this is no merge request's job.
    """
    number = _variable("CI_MERGE_REQUEST_IID", environ)
    # An app's name has 30 characters at most.
    return f"{project.name[: 30 - len(f'-mr-{number}')]}-mr-{number}"


def report(path: Path, variables: Mapping[str, str]) -> None:
    """Leave variables for later jobs, as a dotenv report."""
    path.write_text("".join(f"{name}={value}\n" for name, value in variables.items()))


def _variable(name: str, environ: Mapping[str, str]) -> str:
    value = environ.get(name, "")
    if not value:
        raise UsageError(
            f"{name} is not set.",
            why="this task belongs into a job of .gitlab-ci.yml.",
            next="invoke pipeline runs that file here",
        )
    return value

"""What is checked out: the commit, what differs from it, and all of it as a tarball."""

import tempfile
from pathlib import Path

from underway.command import Command, Runner
from underway.errors import UsageError
from underway.project import Project


def commit(project: Project, runner: Runner) -> str:
    """The commit checked out, ``-dirty`` behind it where files differ; empty without git."""
    describe = ("git", "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*")
    return runner.capture(Command(describe, cwd=project.root), check=False).stdout.strip()


def changes(project: Project, runner: Runner) -> tuple[str, ...]:
    """The files that differ from the commit, new ones included; none without git."""
    status = Command(("git", "status", "--porcelain", "--untracked-files=all"), cwd=project.root)
    lines = runner.capture(status, check=False).stdout.splitlines()
    return tuple(line[3:] for line in lines)


def archive(project: Project, runner: Runner) -> bytes:
    """The working tree as a gzipped tarball: what git knows or does not ignore, as it is now.

    Raises:
        UsageError: the folder is no git checkout.
    """
    if not commit(project, runner):
        raise UsageError(
            "there is no commit to build from.",
            why=f"{project.root} is no git checkout, or has no commit yet.",
            next='git init && git add --all && git commit --message "First commit"',
        )
    with tempfile.TemporaryDirectory() as folder:
        tarball = Path(folder) / "source.tar.gz"
        # An index of its own: the user's stays as it is.
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        for words in (("read-tree", "HEAD"), ("add", "--all")):
            runner.capture(Command(("git", *words), env=index, cwd=project.root))
        write = Command(("git", "write-tree"), env=index, cwd=project.root)
        tree = runner.capture(write).stdout.strip()
        pack = ("git", "archive", "--format=tar.gz", f"--output={tarball}", tree)
        runner.capture(Command(pack, cwd=project.root))
        return tarball.read_bytes()

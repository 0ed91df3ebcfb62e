"""What is checked out, in real git checkouts."""

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from underway import source
from underway.command import Runner
from underway.errors import UsageError
from underway.project import Project


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    argv = ["git", *identity, *words]
    return subprocess.run(argv, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Project:
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text("ignored\n")
    (tmp_path / "known").write_text("committed\n")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    return Project(tmp_path, "shop")


def archived(project: Project) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(source.archive(project, Runner()))) as tar:
        names = [member.name for member in tar if member.isfile()]
        files = {name: tar.extractfile(name) for name in names}
        return {name: file.read().decode() for name, file in files.items() if file}


def test_the_commit_is_named_and_marked_where_a_file_differs(checkout: Project) -> None:
    head = git(checkout.root, "rev-parse", "HEAD").strip()
    assert source.commit(checkout, Runner()) == head
    assert source.changes(checkout, Runner()) == ()
    (checkout.root / "known").write_text("changed\n")
    assert source.commit(checkout, Runner()) == f"{head}-dirty"
    assert source.changes(checkout, Runner()) == ("known",)


def test_a_new_file_is_a_change_an_ignored_one_is_not(checkout: Project) -> None:
    (checkout.root / "new").write_text("")
    (checkout.root / "ignored").write_text("")
    assert source.changes(checkout, Runner()) == ("new",)


def test_the_archive_holds_the_working_tree_and_the_index_stays_as_it_is(
    checkout: Project,
) -> None:
    (checkout.root / "known").write_text("changed\n")
    (checkout.root / "new").write_text("new\n")
    (checkout.root / "ignored").write_text("secret\n")
    before = git(checkout.root, "status", "--porcelain")
    assert archived(checkout) == {
        ".gitignore": "ignored\n",
        "known": "changed\n",
        "new": "new\n",
    }
    assert git(checkout.root, "status", "--porcelain") == before


def test_without_a_commit_there_is_nothing_to_archive(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as failure:
        source.archive(Project(tmp_path, "shop"), Runner())
    assert "git init" in failure.value.next

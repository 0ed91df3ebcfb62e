"""What `init` does to each file, and that it does all of it or nothing."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from underway.adopt import plan, writing
from underway.adopt.plan import Change

RENDERED = {"Dockerfile": "FROM base\n", "on_heroku/env.py": "import os\n"}


def adopt(
    root: Path, rendered: dict[str, str] = RENDERED, appended: dict[str, str] | None = None
) -> dict[str, Change]:
    """Plan it and write it; the changes by path."""
    made = plan.changes(root, rendered, appended or {})
    writing.write(root, [change for change in made if change.written])
    return {change.path: change for change in made}


def states(made: dict[str, Change]) -> dict[str, str]:
    return {path: change.state for path, change in made.items()}


def tree(root: Path) -> dict[str, str]:
    return {str(p.relative_to(root)): p.read_text() for p in root.rglob("*") if p.is_file()}


def test_what_is_not_there_is_written(tmp_path: Path) -> None:
    adopt(tmp_path)
    assert RENDERED.items() <= tree(tmp_path).items()


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    adopt(tmp_path, appended={"pyproject.toml": "[tool.underway]\n"})
    before = tree(tmp_path)
    again = adopt(tmp_path, appended={"pyproject.toml": ""})
    assert set(states(again).values()) == {"same"}
    assert tree(tmp_path) == before


def test_a_file_of_the_users_is_kept(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM theirs\n")
    assert states(adopt(tmp_path))["Dockerfile"] == "yours"
    assert (tmp_path / "Dockerfile").read_text() == "FROM theirs\n"
    assert states(adopt(tmp_path))["Dockerfile"] == "yours", "not later either"


def test_a_changed_template_is_taken_where_the_user_has_changed_nothing(tmp_path: Path) -> None:
    adopt(tmp_path)
    newer = RENDERED | {"Dockerfile": "FROM newer\n"}
    change = plan.changes(tmp_path, newer, {})[0]
    assert (change.path, change.state) == ("Dockerfile", "changed")
    assert "-FROM base\n+FROM newer\n" in change.diff
    adopt(tmp_path, newer)
    assert (tmp_path / "Dockerfile").read_text() == "FROM newer\n"


def test_a_changed_template_is_only_shown_where_the_user_has_changed_the_file(
    tmp_path: Path,
) -> None:
    adopt(tmp_path)
    (tmp_path / "Dockerfile").write_text("FROM theirs\n")
    assert states(adopt(tmp_path))["Dockerfile"] == "yours", "the template is as it was"
    made = adopt(tmp_path, RENDERED | {"Dockerfile": "FROM newer\n"})
    assert states(made)["Dockerfile"] == "edited"
    assert "+FROM newer\n" in made["Dockerfile"].diff
    assert (tmp_path / "Dockerfile").read_text() == "FROM theirs\n"


def test_a_file_that_the_user_has_removed_stays_away(tmp_path: Path) -> None:
    adopt(tmp_path)
    (tmp_path / "Dockerfile").unlink()
    assert states(adopt(tmp_path))["Dockerfile"] == "removed"
    assert not (tmp_path / "Dockerfile").exists()


def test_lines_are_appended_to_what_the_user_has(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    adopt(tmp_path, appended={"pyproject.toml": "[tool.underway]\n"})
    text = (tmp_path / "pyproject.toml").read_text()
    assert text == '[project]\nname = "shop"\n\n[tool.underway]\n'


def test_the_users_later_changes_of_such_a_file_concern_nobody(tmp_path: Path) -> None:
    adopt(tmp_path, appended={"pyproject.toml": "[tool.underway]\n"})
    (tmp_path / "pyproject.toml").write_text("# theirs\n[tool.underway]\n")
    assert set(states(adopt(tmp_path, appended={"pyproject.toml": ""})).values()) == {"same"}


def test_git_applies_the_diff(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    rendered = RENDERED | {"on_heroku/__init__.py": ""}
    made = plan.changes(tmp_path, rendered, {"pyproject.toml": "[tool.underway]\n"})
    diff = "".join(change.diff for change in made if change.written)
    subprocess.run(["git", "apply"], cwd=tmp_path, input=diff, text=True, check=True)
    applied = tree(tmp_path)
    adopt(tmp_path, rendered, {"pyproject.toml": ""})
    assert tree(tmp_path) == applied


@pytest.mark.parametrize("moved", range(3))
@pytest.mark.parametrize("ending", [KeyboardInterrupt, OSError])
def test_when_it_ends_in_the_middle_all_is_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: int, ending: type[BaseException]
) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    before = tree(tmp_path)
    stop_after(moved, ending, monkeypatch)
    with pytest.raises(ending):
        adopt(tmp_path, appended={"pyproject.toml": "[tool.underway]\n"})
    assert tree(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["pyproject.toml"]


@pytest.mark.parametrize("moved", range(4))
def test_what_a_killed_run_has_left_is_taken_back_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    before = tree(tmp_path)
    with monkeypatch.context() as patch:
        stop_after(moved, KeyboardInterrupt, patch)
        patch.setattr(writing, "recover", lambda root: None)  # a killed process cannot
        with pytest.raises(KeyboardInterrupt):
            adopt(tmp_path, appended={"pyproject.toml": "[tool.underway]\n"})
    assert (tmp_path / writing.STAGING).exists()
    writing.recover(tmp_path)
    assert tree(tmp_path) == before


def stop_after(moved: int, ending: type[BaseException], patch: pytest.MonkeyPatch) -> None:
    """Let so many files be moved into place, then end it."""
    move, left = writing._move, iter(range(moved))

    def limited(root: Path, staging: Path, path: str) -> None:
        if next(left, None) is None:
            raise ending
        move(root, staging, path)

    patch.setattr(writing, "_move", limited)


def test_the_record_names_each_file_with_its_hash(tmp_path: Path) -> None:
    adopt(tmp_path)
    record = json.loads((tmp_path / plan.RECORD).read_text())
    assert record == {path: plan.digest(text) for path, text in RENDERED.items()}


def test_a_lost_record_overwrites_nothing(tmp_path: Path) -> None:
    adopt(tmp_path)
    (tmp_path / plan.RECORD).unlink()
    made = adopt(tmp_path, RENDERED | {"Dockerfile": "FROM newer\n"})
    assert states(made)["Dockerfile"] == "yours"
    shutil.rmtree(tmp_path / "on_heroku")

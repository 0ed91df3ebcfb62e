"""The tasks as `invoke --list` and `--help` show them."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from invoke.collection import Collection
from invoke.context import Context
from invoke.exceptions import Exit

from underway.errors import PortTaken
from underway.tasks import collection
from underway.tasks.base import remainder, task

ROOT = Path(__file__).parent.parent.parent
TASKS = collection(ROOT)


def every_task() -> list[str]:
    return sorted(TASKS.task_names)


@pytest.mark.parametrize("name", every_task())
def test_every_task_is_listed_with_a_sentence(name: str) -> None:
    sentence = (TASKS[name].__doc__ or "").splitlines()[0]
    assert re.fullmatch(r"[A-Z].+\.|[A-Z].+: invoke .+\.?", sentence), sentence


@pytest.mark.parametrize("name", every_task())
def test_no_argument_is_required_so_that_help_never_runs_the_task(name: str) -> None:
    arguments = list(inspect.signature(TASKS[name].body).parameters.values())[1:]
    assert [argument.name for argument in arguments if argument.default is argument.empty] == []
    assert TASKS[name].positional == []


@pytest.mark.parametrize("name", every_task())
def test_every_argument_is_explained(name: str) -> None:
    arguments = list(inspect.signature(TASKS[name].body).parameters)[1:]
    assert set(TASKS[name].help) == set(arguments)


def test_listing_the_tasks_loads_neither_engine_nor_http_client() -> None:
    code = (
        "import sys, tasks\n"
        "print([name for name in ('docker', 'httpx', 'requests', 'rich') if name in sys.modules])"
    )
    listed = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert listed.stdout == "[]\n"


def run(body: object) -> None:
    made = task()(body)  # type: ignore[arg-type]
    Collection(made)
    made(Context())


def test_an_error_is_shown_with_its_mend_and_gives_its_exit_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def body(c: Context) -> None:
        raise PortTaken("port 80 is taken.", why="by somebody", next="choose another")

    with pytest.raises(Exit) as ending:
        run(body)
    assert ending.value.code == 13
    shown = capsys.readouterr()
    assert shown.err == "error: port 80 is taken.\n  why:  by somebody\n  next: choose another\n"
    assert shown.out == ""


def test_ctrl_c_gives_exit_code_130_and_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    def body(c: Context) -> None:
        raise KeyboardInterrupt

    with pytest.raises(Exit) as ending:
        run(body)
    assert ending.value.code == 130
    assert capsys.readouterr().err == "stopped.\n"


def test_words_after_the_dashes_keep_their_quoting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["invoke", "manage", "--", "shell", "-c", "print('a  b')"])
    assert remainder() == ("shell", "-c", "print('a  b')")
    monkeypatch.setattr(sys, "argv", ["invoke", "manage"])
    assert remainder() == ()

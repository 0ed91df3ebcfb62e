import io
import json

import pytest

from underway import console
from underway.errors import UsageError

Streams = pytest.CaptureFixture[str]


def test_only_results_go_to_standard_output(capsys: Streams) -> None:
    console.say("a message")
    console.error(UsageError("it broke.", next="invoke mend"))
    console.result("the data")
    captured = capsys.readouterr()
    assert captured.out == "the data\n"
    assert captured.err == "a message\nerror: it broke.\n  next: invoke mend\n"


def test_a_result_for_programs_is_json(capsys: Streams) -> None:
    console.result_json([{"level": "ok"}])
    assert json.loads(capsys.readouterr().out) == [{"level": "ok"}]


def test_off_a_terminal_a_step_is_plain_lines_with_its_time(capsys: Streams) -> None:
    with console.step("Building") as line:
        line("layer 1")
    first, second, third = capsys.readouterr().err.splitlines()
    assert (first, second) == ("Building …", "  layer 1")
    assert third.startswith("✓ Building (0.")


def test_a_step_that_fails_is_not_said_to_be_done(capsys: Streams) -> None:
    with pytest.raises(ValueError), console.step("Building"):
        raise ValueError
    assert "✓" not in capsys.readouterr().err


def test_off_a_terminal_there_is_no_colour() -> None:
    assert console.good("fine") + console.bad("not") + console.warn("so") == "finenotso"


@pytest.mark.parametrize("variable", ["NO_COLOR", "TERM"])
def test_a_terminal_has_colour_unless_it_is_unwanted(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert console.good("fine") == "\x1b[32mfine\x1b[0m"
    monkeypatch.setenv(variable, "dumb")
    assert console.good("fine") == "fine"


@pytest.mark.parametrize("variable,value", [("CI", "true"), ("TERM", "dumb")])
def test_progress_does_not_redraw_itself_in_ci(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert console.animated()
    monkeypatch.setenv(variable, value)
    assert not console.animated()


def test_without_a_terminal_only_the_flag_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    console.confirm("Remove everything?", True, "--yes")
    with pytest.raises(UsageError, match="add --yes"):
        console.confirm("Remove everything?", False, "--yes")


def test_only_the_very_name_confirms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("my-app\n"))
    console.confirm_name("my-app", "my-app")
    with pytest.raises(UsageError, match="'other' is not my-app"):
        console.confirm_name("my-app", "other")
    with pytest.raises(UsageError, match="add --confirm my-app"):
        console.confirm_name("my-app", "")


def test_at_a_terminal_the_name_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: Streams
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("my-app\nyes\n"))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    console.confirm_name("my-app", "")
    assert capsys.readouterr().err == "Type my-app to go on: "
    with pytest.raises(UsageError, match="'yes' is not my-app"):
        console.confirm_name("my-app", "")

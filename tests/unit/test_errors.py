import pytest

from underway import errors
from underway.errors import UnderwayError


def test_an_error_says_what_why_and_the_next_command() -> None:
    error = UnderwayError("it broke.", why="a cause\nin two lines", next="invoke mend")
    assert str(error).splitlines() == [
        "it broke.",
        "  why:  a cause",
        "        in two lines",
        "  next: invoke mend",
    ]


def test_the_next_command_is_spelled_as_the_user_has_called_this_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.argv", ["/usr/local/bin/underway", "deploy"])
    assert UnderwayError("it broke.", next="invoke setup").next == "underway setup"


def test_an_error_without_cause_or_command_is_one_line() -> None:
    assert str(UnderwayError("it broke.")) == "it broke."


def test_every_kind_of_error_has_an_exit_code_of_its_own() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    codes = [kind.exit_code for kind in kinds if issubclass(kind, UnderwayError)]
    assert len(codes) > 10
    assert len(set(codes)) == len(codes)
    assert 0 not in codes

import pytest

from underway.secret import Secret


@pytest.mark.parametrize("printed", [str, repr, "{}".format, "{!r}".format, "%s".__mod__])
def test_a_secret_never_prints(printed: object) -> None:
    assert callable(printed)
    assert "hunter2" not in printed(Secret("hunter2"))


def test_a_secret_never_prints_inside_something_else() -> None:
    assert "hunter2" not in repr({"password": [Secret("hunter2")]})


def test_a_secret_reveals_its_value_when_asked() -> None:
    assert Secret("hunter2").reveal() == "hunter2"


def test_two_secrets_of_one_value_are_equal() -> None:
    assert Secret("hunter2") == Secret("hunter2") != Secret("hunter3")

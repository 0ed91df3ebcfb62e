"""Files of variables: what is taken from them, and what is refused without being quoted."""

from pathlib import Path

import pytest

from underway.errors import UsageError
from underway.operations import dotenv


def read(folder: Path, text: str) -> dict[str, str]:
    path = folder / ".env"
    path.write_text(text)
    return dotenv.read(path)


@pytest.mark.parametrize(
    "line,value",
    [
        ("KEY=value", "value"),
        ("  export KEY = value  ", "value"),
        ("KEY=two words", "two words"),
        ("KEY=a=b&c", "a=b&c"),
        ("KEY=value # a comment, it's one", "value"),
        ("KEY=a#b", "a#b"),
        ("KEY=", ""),
        ("KEY=''", ""),
        ("KEY='as $it \\n is # here'", "as $it \\n is # here"),
        ("KEY='value' # comment", "value"),
        (r'KEY="one\ntwo \"quoted\" \$5 \\"', 'one\ntwo "quoted" $5 \\'),
        ('KEY="it\'s # here"', "it's # here"),
        ("KEY=${OTHER}", "${OTHER}"),
        ("KEY=ключ", "ключ"),
    ],
)
def test_a_line_gives_a_variable(line: str, value: str, tmp_path: Path) -> None:
    assert read(tmp_path, line) == {"KEY": value}


def test_empty_lines_and_comments_are_passed_over(tmp_path: Path) -> None:
    assert read(tmp_path, "# a comment\n\n  # one more\nB=1\r\nA=2\n") == {"B": "1", "A": "2"}


@pytest.mark.parametrize(
    "line",
    [
        "hunter2",
        "1KEY=hunter2",
        "KEY-NAME=hunter2",
        'KEY="hunter2',
        "KEY='hunter2",
        "KEY='hunter2'x",
        "KEY=hunter2'",
        'KEY="hunter2""',
        "KEY=#hunter2",
    ],
)
def test_what_is_not_clear_is_named_by_its_line_and_not_quoted(line: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.env, line 2") as failure:
        read(tmp_path, f"GOOD=1\n{line}\n")
    assert "hunter2" not in str(failure.value)


def test_a_variable_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="line 2: KEY is there twice"):
        read(tmp_path, "KEY=1\nKEY=2\n")


@pytest.mark.parametrize(
    "content,message", [(b"", "no variables"), (b"# only\n", "no variables"), (b"A=\xff", "UTF-8")]
)
def test_a_file_that_gives_nothing_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=message):
        dotenv.read(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none cannot be read\.\n.*No such file"):
        dotenv.read(tmp_path / "none")

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from underway.command import Command, Runner
from underway.errors import CommandFailed
from underway.secret import Secret


def python(code: str, **options: object) -> Command:
    return Command((sys.executable, "-c", code), **options)  # type: ignore[arg-type]


def test_a_command_gives_its_output_and_its_errors_apart() -> None:
    result = Runner().capture(python("import sys; print('out'); print('err', file=sys.stderr)"))
    assert (result.code, result.stdout, result.stderr) == (0, "out\n", "err\n")


def test_a_failing_command_names_itself_its_exit_code_and_its_last_words() -> None:
    with pytest.raises(CommandFailed) as failure:
        Runner().capture(python("raise SystemExit('no room for it')"))
    assert failure.value.what.startswith(f"exited 1: {sys.executable}")
    assert failure.value.why == "no room for it"


def test_a_command_that_may_fail_gives_its_exit_code() -> None:
    assert Runner().capture(python("raise SystemExit(7)"), check=False).code == 7


def test_a_program_that_is_not_installed_is_named() -> None:
    with pytest.raises(CommandFailed, match="no-such-program is not installed"):
        Runner().capture(Command(("no-such-program", "--version")))


def test_a_secret_reaches_the_program_by_variable_and_by_standard_input() -> None:
    code = "import os; print(os.environ['KEY'], input())"
    command = python(code, env={"KEY": Secret("from-env")}, stdin=Secret("from-stdin"))
    assert Runner().capture(command).stdout == "from-env from-stdin\n"


def test_a_failing_command_keeps_its_secrets() -> None:
    command = python("raise SystemExit(1)", env={"KEY": Secret("hunter2")})
    with pytest.raises(CommandFailed) as failure:
        Runner().capture(command)
    assert "hunter2" not in str(failure.value) + repr(command)


def test_a_followed_command_hands_over_each_line_of_both_streams() -> None:
    lines: list[str] = []
    code = "import sys; print('one', flush=True); print('two', file=sys.stderr)"
    Runner().follow(python(code), lines.append)
    assert lines == ["one", "two"]


def test_a_followed_command_that_fails_is_an_error() -> None:
    with pytest.raises(CommandFailed, match="exited 3"):
        Runner().follow(python("raise SystemExit(3)"), print)


def test_files_pass_through_a_command_byte_for_byte(tmp_path: Path) -> None:
    given, taken = tmp_path / "given", tmp_path / "taken"
    given.write_bytes(b"\x00\xff\r\n\x80")
    code = "import shutil, sys; shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)"
    with given.open("rb") as source, taken.open("wb") as sink:
        Runner().transfer(python(code), source=source, sink=sink)
    assert taken.read_bytes() == given.read_bytes()


def test_a_command_between_files_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed) as failure:
        Runner().transfer(python("input()"))
    assert "EOFError" in failure.value.why


def test_an_attached_command_gives_its_exit_code() -> None:
    assert Runner().attach(python("raise SystemExit(4)")) == 4


def test_an_attached_command_that_is_interrupted_puts_away_what_it_has_made(
    tmp_path: Path,
) -> None:
    made = tmp_path / "made"
    code = f"""
import pathlib, time
made = pathlib.Path({str(made)!r})
try:
    made.touch()
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(0.5)
    made.unlink()
"""
    program = f"from underway.command import *; Runner().attach(Command({python(code).argv!r}))"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while not made.exists():
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
    assert not made.exists()


def test_a_command_runs_in_its_folder(tmp_path: Path) -> None:
    result = Runner().capture(python("import os; print(os.getcwd())", cwd=tmp_path))
    assert result.stdout.strip() == str(tmp_path)

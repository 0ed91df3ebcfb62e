"""The exit status that a one-off dyno's shell prints behind a mark."""

import pytest

from underway.heroku.rendezvous import MARK, ExitStatus

OUTPUT = f"hello\r\nworld\r\n{MARK}3\r\n".encode()


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_it_is_taken_out_of_the_output_however_that_is_cut(size: int) -> None:
    seen = list[bytes]()
    status = ExitStatus(seen.append)
    for start in range(0, len(OUTPUT), size):
        status.feed(OUTPUT[start : start + size])
    status.end()
    assert b"".join(seen) == b"hello\r\nworld\r\n"
    assert status.code == 3


def test_output_that_only_begins_like_the_mark_is_passed_on() -> None:
    seen = list[bytes]()
    status = ExitStatus(seen.append)
    text = "a \uffff b".encode()
    status.feed(text)
    status.end()
    assert b"".join(seen) == text
    assert status.code is None


def test_without_the_mark_there_is_no_status() -> None:
    status = ExitStatus(lambda data: None)
    status.feed(b"cut off")
    status.end()
    assert status.code is None

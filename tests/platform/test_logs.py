"""Log lines and output streams: kept, bounded, followed."""

import asyncio
import re
from pathlib import Path

import pytest

from underway.platform.logs import Logs
from underway.platform.streams import Streams

pytestmark = pytest.mark.anyio


def texts(lines: list[str]) -> list[str]:
    return [line.partition(": ")[2] for line in lines]


async def test_a_line_looks_as_on_heroku(tmp_path: Path) -> None:
    logs = Logs(tmp_path, keep=100)
    logs.write("a", "app", "web.1", "hello: world")
    (line,) = logs.recent("a", 10)
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00 app\[web\.1\]: hello: world", line
    )
    logs.close()


async def test_lines_are_filtered_by_source_and_dyno_or_its_type(tmp_path: Path) -> None:
    logs = Logs(tmp_path, keep=100)
    logs.write("a", "app", "web.1", "one")
    logs.write("a", "app", "web.2", "two\nthree")
    logs.write("a", "heroku", "web.1", "four")
    logs.write("a", "heroku", "router", "five")
    logs.write("other", "app", "web.1", "six")
    assert texts(logs.recent("a", 10, source="app")) == ["one", "two", "three"]
    assert texts(logs.recent("a", 10, dyno="web.1")) == ["one", "four"]
    assert texts(logs.recent("a", 10, dyno="web")) == ["one", "two", "three", "four"]
    assert texts(logs.recent("a", 2)) == ["four", "five"]
    logs.forget("a")
    assert logs.recent("a", 10) == []
    assert texts(logs.recent("other", 10)) == ["six"]
    logs.close()


async def test_only_the_newest_lines_are_kept_and_they_outlive_the_platform(tmp_path: Path) -> None:
    logs = Logs(tmp_path, keep=20)
    for number in range(500):
        logs.write("a", "app", "web.1", str(number))
    logs.close()
    logs = Logs(tmp_path, keep=20)
    assert texts(logs.recent("a", 1500)) == [str(number) for number in range(480, 500)]
    logs.close()


async def test_a_tail_gives_recent_lines_then_new_ones_and_ends_with_the_log(
    tmp_path: Path,
) -> None:
    logs = Logs(tmp_path, keep=100)
    for number in range(5):
        logs.write("a", "app", "web.1", f"old {number}")
    seen: list[str] = []

    async def read() -> None:
        async for line in logs.tail("a", 2, dyno="web.1"):
            seen.append(line)

    reader = asyncio.create_task(read())
    await asyncio.sleep(0.05)
    logs.write("a", "heroku", "router", "not asked for")
    logs.write("a", "app", "web.1", "new 1")
    await asyncio.sleep(0.05)
    logs.write("a", "app", "web.1", "new 2")
    await asyncio.sleep(0.05)
    logs.close()
    await asyncio.wait_for(reader, 1)
    assert texts(seen) == ["old 3", "old 4", "new 1", "new 2"]


async def test_a_stream_is_followed_from_its_start_until_it_is_closed(tmp_path: Path) -> None:
    streams = Streams(tmp_path)
    stream = streams.open()
    stream.write("one ")

    async def read() -> bytes:
        return b"".join([chunk async for chunk in streams.follow(stream.id)])

    early = asyncio.create_task(read())
    await asyncio.sleep(0.05)
    stream.write("two ")
    late = asyncio.create_task(read())
    await asyncio.sleep(0.05)
    stream.write("three")
    stream.close()
    assert await asyncio.wait_for(early, 1) == await late == await read() == b"one two three"


async def test_a_stream_that_was_left_open_is_closed_after_a_restart(tmp_path: Path) -> None:
    stream = Streams(tmp_path).open()
    stream.write("half")
    again = Streams(tmp_path)
    assert [chunk async for chunk in again.follow(stream.id)] == [b"half"]
    again.open(stream.id).write(" and half")
    again.close()
    assert [chunk async for chunk in again.follow(stream.id)] == [b"half and half"]
    again.remove(stream.id)
    assert again.get(stream.id) is None


async def test_an_id_that_is_a_path_finds_nothing(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    streams = Streams(tmp_path / "streams")
    assert streams.get("../secret") is None
    assert [chunk async for chunk in streams.follow("../secret")] == []

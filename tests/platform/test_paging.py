"""Parts of long lists, by the Range header."""

from pathlib import Path
from typing import Any

import pytest

from underway.platform.api.errors import ApiError
from underway.platform.api.paging import Page, page
from underway.platform.models import Release
from underway.platform.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Any:
    made = Store(tmp_path / "state.sqlite")
    for version in range(1, 31):
        made.add(Release(app_id="app", version=version, description="", user_id="user"))
    yield made
    made.close()


def read(store: Store, header: str | None) -> Page:
    return page(
        store, header, Release, ("version", "id"), lambda row: {"v": row.version}, app_id="app"
    )


def versions(found: Page) -> list[int]:
    return [item["v"] for item in found.items]


def test_without_a_range_everything_comes_in_order(store: Store) -> None:
    found = read(store, None)
    assert versions(found) == list(range(1, 31))
    assert not found.partial
    assert found.headers["Content-Range"] == "version 1..30; max=200"
    assert "Next-Range" not in found.headers


def test_the_newest_first_as_the_cli_asks(store: Store) -> None:
    found = read(store, "version ..; max=10, order=desc")
    assert versions(found) == list(range(30, 20, -1))
    assert found.partial
    assert found.headers["Next-Range"] == "version ]21..; max=10, order=desc"


def test_following_next_range_gives_every_item_once(store: Store) -> None:
    header, seen = "version ..; order=desc,max=7", []
    while header:
        found = read(store, header)
        seen += versions(found)
        header = found.headers.get("Next-Range", "")
    assert seen == list(range(30, 0, -1))


def test_bounds_are_inclusive_unless_bracketed(store: Store) -> None:
    assert versions(read(store, "version 5..8")) == [5, 6, 7, 8]
    assert versions(read(store, "version ]5..8[")) == [6, 7]


@pytest.mark.parametrize(
    "header", ["bytes=0-10", "colour ..", "version a..b", "version ..; max=0", "version ..; max=x"]
)
def test_a_range_that_cannot_be_read_is_416(store: Store, header: str) -> None:
    with pytest.raises(ApiError) as refused:
        read(store, header)
    assert refused.value.status == 416

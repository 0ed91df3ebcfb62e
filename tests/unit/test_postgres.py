import io
import tarfile
from typing import TYPE_CHECKING, cast

import pytest

from underway import postgres
from underway.secret import Secret

if TYPE_CHECKING:
    from docker.models.containers import Container


@pytest.fixture
def server() -> postgres.Server:
    no_container = cast("Container", None)
    return postgres.Server(no_container, "127.0.0.1", 5433, "app", Secret("p/w"), "db", b"PEM")


def test_the_address_demands_tls_unless_told_otherwise(server: postgres.Server) -> None:
    assert server.url().reveal() == "postgres://app:p%2Fw@127.0.0.1:5433/db?sslmode=require"
    assert server.url("disable").reveal().endswith("?sslmode=disable")


def test_the_password_never_prints(server: postgres.Server) -> None:
    assert "p/w" not in f"{server} {server.url()}"


def test_the_key_is_readable_by_the_server_alone() -> None:
    _, archive = postgres._certificates("127.0.0.1")
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        key = tar.getmember("underway/server.key")
    assert (key.uid, oct(key.mode)) == (postgres.UID, "0o600")


def test_over_tcp_there_is_no_access_without_tls() -> None:
    kinds = [line.split()[0] for line in postgres.ACCESS.splitlines()]
    assert kinds == ["local", "hostssl"]

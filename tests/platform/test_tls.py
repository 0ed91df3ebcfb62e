"""The platform's certificate authority: what a strict client accepts."""

import socket
import ssl
import stat
import threading
from pathlib import Path

import pytest

from underway.platform.tls import Authority


def shake_hands(context: ssl.SSLContext, authority: Authority, name: str) -> dict[str, object]:
    """The server's certificate, as a client that trusts the authority alone sees it."""
    trust = ssl.create_default_context(cafile=str(authority.ca_file))
    trust.verify_flags |= ssl.VERIFY_X509_STRICT
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            with context.wrap_socket(theirs, server_side=True) as connection:
                connection.recv(1)
        except OSError:
            theirs.close()

    server = threading.Thread(target=serve)
    server.start()
    try:
        with trust.wrap_socket(ours, server_hostname=name) as connection:
            return dict(connection.getpeercert() or {})
    finally:
        ours.close()
        server.join(5)


@pytest.mark.parametrize(
    "name", ["localhost", "127.0.0.1", "shop-0123456789ab.localhost", "www.Example.com"]
)
def test_any_host_that_is_asked_for_has_a_certificate(tmp_path: Path, name: str) -> None:
    authority = Authority(tmp_path)
    assert shake_hands(authority.context(), authority, name)["subjectAltName"]


def test_a_very_long_host_name_has_one_too(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    name = ".".join(["a" * 60] * 3) + ".localhost"
    assert shake_hands(authority.context(), authority, name)


def test_the_same_host_keeps_its_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    context = authority.context("localhost")
    seen = {str(shake_hands(context, authority, "a.localhost")["serialNumber"]) for _ in range(3)}
    assert len(seen) == 1


def test_the_authority_is_made_once_and_its_key_is_private(tmp_path: Path) -> None:
    first, again = Authority(tmp_path / "new"), Authority(tmp_path / "new")
    assert shake_hands(again.context(), first, "localhost")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
    assert modes == {"ca.pem": 0o644, "ca-key.pem": 0o600}


def test_another_authority_is_not_trusted(tmp_path: Path) -> None:
    one, other = Authority(tmp_path / "one"), Authority(tmp_path / "other")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(one.context(), other, "localhost")


def test_a_certificate_can_be_had_as_files_for_other_servers(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.certificate("172.17.0.1", "postgres.localhost")
    both = tmp_path / "both.pem"
    both.write_bytes(certificate + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    assert shake_hands(context, authority, "172.17.0.1")
    assert shake_hands(context, authority, "postgres.localhost")

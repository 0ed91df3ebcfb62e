"""The platform's own certificate authority: HTTPS for whatever host name a client asks for."""

import ipaddress
import os
import re
import ssl
import tempfile
from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DEFAULT_NAMES = ("localhost", "127.0.0.1", "::1")
"""For clients that name no host."""
YEARS = 10
DAYS = 397
"""What browsers accept of a certificate that is not an authority's."""
KEPT = 500
"""Host names whose certificate stays in memory."""
HOST_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9])?")


class Authority:
    """An authority that is made once and kept in a folder; clients are told to trust ``ca_file``.

    Certificates of hosts are kept in memory only: the next start makes new ones.
    """

    def __init__(self, folder: Path) -> None:
        self.ca_file = folder / "ca.pem"
        key_file = folder / "ca-key.pem"
        if not self.ca_file.exists():
            folder.mkdir(parents=True, exist_ok=True)
            key = ec.generate_private_key(ec.SECP256R1())
            # The certificate comes last: where it is, its key is too.
            _write(key_file, _pem(key), mode=0o600)
            _write(self.ca_file, _authority(key).public_bytes(serialization.Encoding.PEM), 0o644)
        self._certificate = x509.load_pem_x509_certificate(self.ca_file.read_bytes())
        loaded = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey)
        self._key = loaded
        self._contexts: OrderedDict[str, ssl.SSLContext] = OrderedDict()

    def certificate(self, *names: str) -> tuple[bytes, bytes]:
        """A new certificate for these host names and addresses, and its key; both PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(_common_name(names[0]), self._certificate.subject, key.public_key(), DAYS)
            .add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), False
            )
            .sign(self._key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM), _pem(key)

    def context(self, *names: str) -> ssl.SSLContext:
        """A server's context for these names, which also answers for any other name asked for."""
        context = self._context(names or DEFAULT_NAMES)
        context.sni_callback = self._choose
        return context

    def _choose(
        self, connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext
    ) -> None:
        name = (name or "").lower()
        if not HOST_NAME.fullmatch(name):
            return
        if name not in self._contexts:
            self._contexts[name] = self._context([name])
            if len(self._contexts) > KEPT:
                self._contexts.popitem(last=False)
        self._contexts.move_to_end(name)
        connection.context = self._contexts[name]

    def _context(self, names: Sequence[str]) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        certificate, key = self.certificate(*names)
        # The ssl module takes files only; this one is readable by nobody else, and gone at once.
        with tempfile.NamedTemporaryFile() as both:
            both.write(key + certificate)
            both.flush()
            context.load_cert_chain(both.name)
        return context


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    # Two platforms have two authorities: one browser can tell them apart.
    serial = x509.random_serial_number()
    name = _common_name(f"Underway local platform {serial:x}"[:40])
    usage = dict.fromkeys(
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement"
        " encipher_only decipher_only".split(),
        False,
    )
    return (
        _builder(name, name, key.public_key(), YEARS * 365)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .add_extension(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), True)
        .sign(key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(yesterday)
        .not_valid_after(yesterday + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
    )


def _common_name(text: str) -> x509.Name:
    # A common name has 64 characters at most; who checks a host reads the alternative names.
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    """All of the file or nothing, and with this mode from the start."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    part.replace(path)

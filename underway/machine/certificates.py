"""The certificate authorities that this machine trusts beyond those of Debian's own package.

A company that inspects HTTPS has one; without it nothing inside a container reaches a registry.
"""

import os
import re
from pathlib import Path

BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
DEBIANS = Path("/usr/share/ca-certificates")
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def extra() -> list[str]:
    """Each of them, in PEM."""
    bundle = Path(os.environ.get("SSL_CERT_FILE") or BUNDLE)
    known = {pem for file in DEBIANS.rglob("*.crt") for pem in _certificates(file)}
    return [pem for pem in _certificates(bundle) if pem not in known]


def _certificates(file: Path) -> list[str]:
    try:
        return CERTIFICATE.findall(file.read_text(errors="replace"))
    except OSError:
        return []

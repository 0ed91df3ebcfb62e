"""DATABASES from DATABASE_URL: TLS for whatever is remote, never weaker than the URL asks."""

import ipaddress
import os
from pathlib import Path

import dj_database_url

from hello_django.env import ConfigurationError

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
ENGINES = ("django.db.backends.sqlite3", "django.db.backends.postgresql")
EXAMPLE = "postgres://user:password@host:5432/name"


def configure(url: str, sqlite: Path) -> dj_database_url.DBConfig:
    try:
        config = dj_database_url.parse(
            url or f"sqlite:///{sqlite}", conn_max_age=600, conn_health_checks=True
        )
    except ValueError:
        # Its text is left out: a URL cut wrongly may show its password in any part.
        raise ConfigurationError(
            "DATABASE_URL", "is not a URL, or has parts that are not percent-encoded", EXAMPLE
        ) from None
    if config["ENGINE"] not in ENGINES:
        raise ConfigurationError("DATABASE_URL", "is neither postgres:// nor sqlite://", EXAMPLE)
    if not config["NAME"]:
        raise ConfigurationError("DATABASE_URL", "names no database after the host", EXAMPLE)
    if config["ENGINE"].endswith("postgresql"):
        _secure(config)
    return config


def _secure(config: dj_database_url.DBConfig) -> None:
    options = config.setdefault("OPTIONS", {})
    # A database that is away must not hold a thread for the minutes that TCP would.
    options.setdefault("connect_timeout", 5)

    if options.get("sslmode", "prefer") not in SSL_MODES:
        raise ConfigurationError(
            "DATABASE_URL",
            f"has an sslmode that is none of {', '.join(SSL_MODES)}",
            f"{EXAMPLE}?sslmode=require",
        )
    mode = options.get("sslmode") or os.environ.get("PGSSLMODE") or "prefer"
    if mode in ("allow", "prefer") and _is_remote(config):
        # Both fall back to plain text when whoever is in between refuses TLS.
        options["sslmode"] = "require"


def _is_remote(config: dj_database_url.DBConfig) -> bool:
    """Whether any server that libpq may connect to is off this machine; it takes lists of hosts."""
    options = config["OPTIONS"]
    named = (
        options.get("hostaddr")
        or config["HOST"]
        or options.get("host")
        or os.environ.get("PGHOSTADDR")
        or os.environ.get("PGHOST")
        or ""
    )
    return any(not _is_local(host.strip()) for host in str(named).split(","))


def _is_local(host: str) -> bool:
    if not host or host == "localhost" or host.startswith(("/", "@")):  # a socket's path or name
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

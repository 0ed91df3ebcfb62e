"""The static files of an image: all there, and served as they should be."""

from __future__ import annotations

import gzip
import json
import mimetypes
import secrets
from dataclasses import dataclass
from pathlib import PurePosixPath

from underway.engine import Engine
from underway.errors import CheckFailed

YEAR = 31_536_000
"""Seconds; the least that a file whose name carries its hash may be cached."""

INVENTORY = """
import json
from pathlib import Path
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
root = Path(settings.STATIC_ROOT)
print(json.dumps({
    "base": settings.STATIC_URL,
    "manifest": sorted(set(staticfiles_storage.hashed_files.values())),
    "present": sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()),
}))
"""


@dataclass(frozen=True)
class StaticFiles:
    """``manifest``: the hashed names the pages use; ``present``: what lies in STATIC_ROOT."""

    base: str
    manifest: tuple[str, ...]
    present: frozenset[str]

    def address(self, name: str) -> str:
        """The path at which a file is served."""
        return f"{self.base.rstrip('/')}/{name}"


def inventory(
    engine: Engine, image: str, labels: dict[str, str], *, first: str = ""
) -> StaticFiles:
    """Ask the image's own Django what it would serve.

    ``first`` is Python code to run there before: it saves loading Django once more.

    Raises:
        CheckFailed: nothing was collected, or a file of the manifest is missing.
        ContainerFailed: the project in the image does not load.
    """
    output = engine.run(
        image,
        ["python", "manage.py", "shell", "--verbosity", "0", "--command", first + INVENTORY],
        environment={"SECRET_KEY": secrets.token_urlsafe(50), "ALLOWED_HOSTS": "localhost"},
        labels=labels | {"underway.role": "check"},
    )
    found = json.loads(output.strip().splitlines()[-1])
    files = StaticFiles(found["base"], tuple(found["manifest"]), frozenset(found["present"]))
    if not files.manifest:
        raise CheckFailed(
            f"{image} has no manifest of static files.",
            why="collectstatic did not run in the build, or its storage keeps no manifest.",
            next="look at STORAGES in the settings and at collectstatic in the Dockerfile",
        )
    missing = sorted(set(files.manifest) - files.present)
    if missing:
        raise CheckFailed(
            f"{len(missing)} of {len(files.manifest)} static files are not in {image}.",
            why="missing: " + ", ".join(missing[:5]),
            next="invoke build --no-cache",
        )
    return files


def samples(files: StaticFiles) -> list[str]:
    """One file of each kind, style sheets first.

    Without a suffix a name does not show its hash where WhiteNoise looks for it: no sample.
    """
    kinds: dict[str, str] = {}
    for name in files.manifest:
        if mimetypes.guess_type(name)[0]:
            kinds.setdefault(PurePosixPath(name).suffix, name)
    return [kinds[suffix] for suffix in sorted(kinds, key=lambda kind: (kind != ".css", kind))]


def check_served(
    url: str, files: StaticFiles, name: str, headers: dict[str, str] | None = None
) -> None:
    """Ask a running container for one file, plain and compressed.

    Raises:
        CheckFailed: status, type, encoding, caching or content is not as it should be.
    """
    address = files.address(name)
    plain = _fetch(url + address, "identity", headers)
    problems = []
    expected = mimetypes.guess_type(name)[0]
    if expected and not _same_type(plain.type, expected):
        problems.append(f"its type is {plain.type!r}, not {expected!r}")
    if plain.max_age < YEAR:
        problems.append(f"it may be cached for {plain.max_age} s only; its name carries its hash")
    for encoding, suffix in (("gzip", ".gz"), ("br", ".br")):
        if name + suffix not in files.present:
            continue
        small = _fetch(url + address, encoding, headers)
        if small.encoding != encoding:
            problems.append(f"asked for {encoding}, it came as {small.encoding or 'plain'}")
        elif encoding == "gzip" and gzip.decompress(small.body) != plain.body:
            problems.append("unpacked, its gzip variant is another file")
        elif len(small.body) >= len(plain.body):
            problems.append(f"its {encoding} variant is no smaller")
    if problems:
        raise CheckFailed(
            f"{address} is not served as it should be.",
            why="\n".join(problems),
            next="look at WhiteNoise's settings and its place among the middleware",
        )


@dataclass(frozen=True)
class _Answer:
    type: str
    encoding: str
    max_age: int
    body: bytes


def _fetch(url: str, encoding: str, headers: dict[str, str] | None) -> _Answer:
    import httpx

    asked = (headers or {}) | {"Accept-Encoding": encoding}
    with httpx.stream("GET", url, headers=asked, trust_env=False, timeout=10) as response:
        body = b"".join(response.iter_raw())
    if response.status_code != httpx.codes.OK:
        raise CheckFailed(
            f"{url} answered {response.status_code}.",
            why=body[:300].decode(errors="replace"),
            next="invoke check-static",
        )
    caching = response.headers.get("Cache-Control", "")
    age = next((part[8:] for part in caching.split(", ") if part.startswith("max-age=")), "0")
    return _Answer(
        type=response.headers.get("Content-Type", "").partition(";")[0],
        encoding=response.headers.get("Content-Encoding", ""),
        max_age=int(age),
        body=body,
    )


def _same_type(given: str, expected: str) -> bool:
    # JavaScript has two names, both in use.
    return given == expected or {given, expected} <= {"text/javascript", "application/javascript"}

"""The base image's stand-in: a Debian made from nothing, so a file system and not a Dockerfile."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from underway.command import Runner
from underway.engine import Engine, explained
from underway.machine import certificates
from underway.machine.debian import Debian, find_program

KEYRING = Path("/usr/share/keyrings/debian-archive-trixie-stable.gpg")
PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"


def make(
    recipe: Path,
    reference: str,
    labels: dict[str, str],
    engine: Engine,
    runner: Runner,
    on_line: Callable[[str], None],
) -> None:
    """Make the file system with the recipe's script, and import it as the image.

    Raises:
        SetupImpossible: this is neither Debian nor Ubuntu, or root is out of reach.
    """
    debian = Debian.here(runner)
    if not (find_program("mmdebstrap") and KEYRING.exists()):
        debian.install(["mmdebstrap", "debian-archive-keyring"], on_line)
    with tempfile.TemporaryDirectory(prefix="underway-") as name:
        folder = Path(name)
        (folder / "certificates").mkdir()
        for number, certificate in enumerate(certificates.extra()):
            (folder / "certificates" / f"machine-{number}.crt").write_text(certificate + "\n")
        runner.follow(debian.root("sh", str(recipe / "make.sh"), name), on_line)
        version = (folder / "version").read_text().strip()
        changes = [
            f"ENV PATH={PATH}",
            "ENV LANG=C.UTF-8",
            f"ENV PYTHON_VERSION={version}",
            'CMD ["python3"]',
            *(f"LABEL {key}={value}" for key, value in labels.items()),
        ]
        repository, _, tag = reference.partition(":")
        on_line(f"importing Python {version} as {reference}")
        with explained():
            engine.client.api.import_image_from_file(
                str(folder / "image.tar"), repository=repository, tag=tag, changes=changes
            )

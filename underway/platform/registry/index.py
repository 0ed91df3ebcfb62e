"""Which manifest an image's id leads to: Heroku's clients name a pushed image by its config.

A file for each pushed config: ``APP-ID/TYPE/<digest>``, holding the manifest's digest.
"""

import os
import shutil
from pathlib import Path

from underway.platform.models import App


class Index:
    """The manifests pushed so far, those without a tag included: a rollback needs them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def record(self, app: App, type: str, config: str, manifest: str) -> None:
        """Remember a pushed manifest, by the digest of its config and by its own."""
        for digest in (config, manifest):
            file = self._file(app, type, digest)
            file.parent.mkdir(parents=True, exist_ok=True)
            partial = file.with_name(f"{file.name}.partial")
            partial.write_text(manifest)
            os.replace(partial, file)

    def find(self, app: App, type: str, digest: str) -> str | None:
        """The digest of the manifest with this config, or of this very manifest."""
        try:
            return self._file(app, type, digest).read_text()
        except FileNotFoundError:
            return None

    def forget(self, app: App) -> None:
        """Remove all of an app."""
        shutil.rmtree(self._folder / app.id, ignore_errors=True)

    def _file(self, app: App, type: str, digest: str) -> Path:
        # The names come from a client.
        return self._folder / app.id / Path(type).name / Path(digest.replace(":", "-")).name

"""Builds: from a source with a heroku.yml to a release.

All is built, then all is pushed, then one release is made: whatever fails before, nothing has
changed.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from underway.command import Runner
from underway.engine import Engine
from underway.errors import BuildFailed, UnderwayError
from underway.platform import heroku_yml, sources
from underway.platform.heroku_yml import Image, Manifest, ManifestError
from underway.platform.image_builder import ImageBuilder
from underway.platform.logs import Logs
from underway.platform.models import Account, App, Build, Release
from underway.platform.registry import Registry
from underway.platform.releases import Releases
from underway.platform.settings import Settings
from underway.platform.store import Store
from underway.platform.streams import Stream, Streams

NO_MANIFEST = """\
Your app does not include a heroku.yml build manifest. To deploy your app, either create a \
heroku.yml: https://devcenter.heroku.com/articles/build-docker-images-heroku-yml
Or change your stack by running: 'heroku stack:set heroku-24'"""
NO_BUILDPACKS = "Only the container stack is built here: heroku stack:set container"
logger = logging.getLogger(__name__)


class Builds:
    """Builds of all apps; of one app, one after another."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        engine: Engine,
        registry: Registry,
        releases: Releases,
        streams: Streams,
        logs: Logs,
    ) -> None:
        self._settings, self._store = settings, store
        self._registry, self._releases = registry, releases
        self._streams, self._logs = streams, logs
        self._builder = ImageBuilder(engine, Runner())
        self._folder = settings.folder / "builds"
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._running: dict[str, asyncio.Task[None]] = {}

    async def create(self, app: App, user: Account, source_url: str, version: str = "") -> Build:
        """Begin a build of the tarball at an address; what it says goes to its stream."""
        stream = self._streams.open()
        build = self._store.add(Build(app.id, user.id, stream.id, source_url, version))
        self._logs.write(app.id, "app", "api", f"Build started by user {user.email}")
        self._running[build.id] = asyncio.create_task(self._run(app, user, build, stream))
        return build

    async def wait(self, build: Build) -> Build:
        """The build once it has ended, and its release phase too."""
        if build.id in self._running:
            await asyncio.wait([self._running[build.id]])
        return self._store.find(Build, id=build.id) or build

    def recover(self) -> None:
        """Nothing is left to go on with of what a killed platform was building."""
        shutil.rmtree(self._folder, ignore_errors=True)
        sources.forget_old(self._settings)
        for build in self._store.all(Build, status="pending"):
            self._end(build)

    async def stop(self) -> None:
        """End the builds that run, as failed."""
        self._builder.stop()
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, app: App, user: Account, build: Build, stream: Stream) -> None:
        try:
            async with self._locks[app.id]:
                await self._build(app, user, build, stream)
        except UnderwayError as error:
            stream.write(_refusal(error))
        except Exception:
            logger.exception("build %s", build.id)
            stream.write(_refusal(UnderwayError("The platform itself failed; see its log.")))
        finally:
            self._end(build)
            if build.status == "failed":
                stream.write(f"Verifying deploy...\n\n!\tPush rejected to {app.name}.\n\n")
            stream.close()
            del self._running[build.id]

    def _end(self, build: Build) -> None:
        """A build has done its work when there is a release; that may then fail by itself."""
        build.status = "succeeded" if build.release_id else "failed"
        self._store.save(build)
        self._logs.write(build.app_id, "app", "api", f"Build {build.status}")

    async def _build(self, app: App, user: Account, build: Build, stream: Stream) -> None:
        if app.build_stack != "container":
            raise UnderwayError(NO_BUILDPACKS)
        stream.write("=== Fetching app code\n\n")
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            source = await sources.unpack(self._settings, build.source_url, Path(folder))
            manifest = _manifest(source)
            images = await self._build_images(app, manifest, source, stream)
        for type in images:
            stream.write(f"=== Pushing {type} ({manifest.images[type].dockerfile})\n")
            await self._registry.push(images[type], app, type, _threadsafe(stream))
            stream.write("\n")
        stream.write("Verifying deploy... done.\n")
        release = await self._release(app, user, build, manifest, images)
        build.release_id = release.id
        self._store.save(build)
        if release.status == "pending" and release.stream_id:
            await self._follow(release, release.stream_id, stream)

    async def _build_images(
        self, app: App, manifest: Manifest, source: Path, stream: Stream
    ) -> dict[str, str]:
        images = {}
        for type, image in manifest.images.items():
            stream.write(f"=== Building {type} ({image.dockerfile})\n")
            images[type] = await self._builder.build(
                _dockerfile(source, type, image),
                image.target,
                self._registry.reference(app, type),
                manifest.arguments,
                self._settings.labels,
                lambda line: stream.write(f"{line}\n"),
            )
            stream.write("\n")
        return images

    async def _release(
        self, app: App, user: Account, build: Build, manifest: Manifest, images: dict[str, str]
    ) -> Release:
        # A build takes long: the app may have been changed meanwhile, or destroyed.
        found = self._store.find(App, id=app.id)
        if found is None:
            raise UnderwayError("The app was destroyed meanwhile.")
        found.stack = found.build_stack
        self._store.save(found)
        release_image = manifest.release_image
        return await self._releases.create(
            found,
            user,
            f"Deploy {(build.version or build.id)[:8]}",
            images={type: images[image] for type, image in manifest.processes.items()},
            commands=manifest.commands,
            release_image=images[release_image] if release_image else None,
            release_command=manifest.release_command,
            commit=build.version,
        )

    async def _follow(self, release: Release, stream_id: str, stream: Stream) -> None:
        stream.write("Running release command...\n\n")
        async for chunk in self._streams.follow(stream_id):
            stream.write(chunk.decode(errors="replace"))
        ended = await self._releases.wait(release)
        outcome = "done" if ended.status == "succeeded" else "failed"
        stream.write(f"Waiting for release.... {outcome}.\n")


def _manifest(source: Path) -> Manifest:
    try:
        text = (source / "heroku.yml").read_text()
    except FileNotFoundError:
        raise UnderwayError(NO_MANIFEST)
    except UnicodeDecodeError as error:
        raise ManifestError("", "is not UTF-8.") from error
    return heroku_yml.parse(text)


def _dockerfile(source: Path, type: str, image: Image) -> Path:
    file = (source / image.dockerfile).resolve()
    if not file.is_relative_to(source.resolve()) or not file.is_file():
        raise ManifestError(f"build.docker.{type}", f"there is no file {image.dockerfile}.")
    return file


def _threadsafe(stream: Stream) -> Callable[[str], None]:
    """Takes lines from another thread."""
    loop = asyncio.get_running_loop()

    def line(text: str) -> None:
        loop.call_soon_threadsafe(stream.write, f"{text}\n")

    return line


def _refusal(error: UnderwayError) -> str:
    """Heroku's mark, what went wrong, and of a reason its last line: the others were shown."""
    text = error.what
    if error.why:
        text += f"\n{error.why.strip().splitlines()[-1]}"
    if error.next and not isinstance(error, BuildFailed):
        text += f"\n{error.next}"
    return f"\n=!= {text}\n\n"

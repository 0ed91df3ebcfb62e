"""heroku.yml: what to build from a source, and what to run of it.

Each error names the key it is about. ``setup`` is read, and acted on by nobody here: Heroku looks
at it when an app is created from a manifest, and the CLI does that itself, with plain requests.
"""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import yaml

from underway.errors import UnderwayError

PROCESS_TYPE = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class ManifestError(UnderwayError):
    """heroku.yml cannot be used."""

    def __init__(self, key: str, problem: str, hint: str = "") -> None:
        super().__init__(f"heroku.yml: {key + ': ' if key else ''}{problem}", next=hint)


@dataclass(frozen=True)
class Image:
    """What ``build.docker`` says of one image. ``target`` is a stage; empty: the last."""

    dockerfile: str
    target: str = ""


@dataclass(frozen=True)
class Addon:
    """An add-on of ``setup``; ``name`` is what it is attached as."""

    plan: str
    name: str = ""


@dataclass(frozen=True)
class Manifest:
    """A heroku.yml."""

    images: dict[str, Image]
    """What is built, by the process type it is built for."""
    arguments: dict[str, str] = field(default_factory=dict)
    """Build arguments, for all images."""
    processes: dict[str, str] = field(default_factory=dict)
    """The image of each process type: a key of ``images``."""
    commands: dict[str, list[str]] = field(default_factory=dict)
    """For process types that do not run their image's own command."""
    release_image: str | None = None
    """The image of the release phase: a key of ``images``; None: there is no release phase."""
    release_command: list[str] | None = None
    addons: tuple[Addon, ...] = ()
    config: dict[str, str] = field(default_factory=dict)
    """Config vars of ``setup``."""


def parse(text: str) -> Manifest:
    """Read a heroku.yml.

    Raises:
        ManifestError: it is not YAML, or a key or value in it cannot be used.
    """
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ManifestError("", f"is not valid YAML: {' '.join(str(error).split())}") from error
    root = _mapping("", content, ("setup", "build", "release", "run"))
    addons, config = _setup(root.get("setup"))
    images, arguments = _build(root.get("build"))
    processes, commands = _run(root.get("run"), images)
    release_image, release_command = _release(root.get("release"), images)
    return Manifest(
        images=images,
        arguments=arguments,
        processes=processes,
        commands=commands,
        release_image=release_image,
        release_command=release_command,
        addons=addons,
        config=config,
    )


def _setup(section: Any) -> tuple[tuple[Addon, ...], dict[str, str]]:
    if section is None:
        return (), {}
    section = _mapping("setup", section, ("addons", "config"))
    entries = section.get("addons") or []
    if not isinstance(entries, list):
        raise ManifestError("setup.addons", f"must be a list, not {_kind(entries)}.")
    addons = []
    for number, entry in enumerate(entries):
        key = f"setup.addons[{number}]"
        entry = _mapping(key, entry, ("plan", "as"))
        if "plan" not in entry:
            raise ManifestError(key, "has no plan.", "such as: plan: heroku-postgresql")
        name = _text(f"{key}.as", entry["as"]) if "as" in entry else ""
        addons.append(Addon(_text(f"{key}.plan", entry["plan"]), name))
    return tuple(addons), _variables("setup.config", section.get("config"))


def _build(section: Any) -> tuple[dict[str, Image], dict[str, str]]:
    if isinstance(section, dict) and {"languages", "packs", "pipelines"} & section.keys():
        raise ManifestError("build", "only docker images are built here, nothing else.")
    section = _mapping("build", section, ("docker", "config"))
    docker = section.get("docker")
    if not isinstance(docker, dict) or not docker:
        raise ManifestError("build.docker", "names no image.", "such as: web: Dockerfile")
    images = {}
    for type, value in docker.items():
        key = f"build.docker.{type}"
        if not PROCESS_TYPE.fullmatch(str(type)):
            raise ManifestError(key, "a process type has letters, digits, dashes and underscores.")
        if isinstance(value, dict):
            value = _mapping(key, value, ("dockerfile", "target"))
            target = _text(f"{key}.target", value["target"]) if "target" in value else ""
            dockerfile = _text(f"{key}.dockerfile", value.get("dockerfile", "Dockerfile"))
            images[str(type)] = Image(dockerfile, target)
        elif isinstance(value, str) and value:
            images[str(type)] = Image(value)
        else:
            problem = f"must be a path or {{dockerfile, target}}, not {_kind(value)}."
            raise ManifestError(key, problem)
    return images, _variables("build.config", section.get("config"))


def _run(section: Any, images: dict[str, Image]) -> tuple[dict[str, str], dict[str, list[str]]]:
    processes = {type: type for type in images if type != "release"}
    commands = {}
    section = {} if section is None else _mapping("run", section)
    for type, value in section.items():
        key = f"run.{type}"
        if not PROCESS_TYPE.fullmatch(type):
            raise ManifestError(key, "a process type has letters, digits, dashes and underscores.")
        if not isinstance(value, dict):
            value = {"command": value}
        value = _mapping(key, value, ("command", "image"))
        default = type if type in images else "web"
        processes[type] = _built(f"{key}.image", value.get("image", default), images)
        if value.get("command") is not None:
            commands[type] = _command(f"{key}.command", value["command"])
    return processes, commands


def _release(section: Any, images: dict[str, Image]) -> tuple[str | None, list[str] | None]:
    default = "release" if "release" in images else "web"
    if section is None:
        return ("release" if "release" in images else None), None
    section = _mapping("release", section, ("image", "command"))
    image = _built("release.image", section.get("image", default), images)
    command = section.get("command")
    if command is None:
        if image != "release":
            raise ManifestError("release", "has no command.", "such as: command: [./migrate.sh]")
        return image, None
    return image, _command("release.command", command)


def _mapping(key: str, value: Any, keys: Iterable[str] = ()) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ManifestError(key, f"must be a mapping, not {_kind(value)}.")
    known = list(keys)
    for name in value:
        if known and name not in known:
            close = difflib.get_close_matches(str(name), known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"keys: {', '.join(known)}"
            raise ManifestError(f"{key}.{name}" if key else str(name), "is not a key.", hint)
    return {str(name): entry for name, entry in value.items()}


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ManifestError(key, f"must be text, not {_kind(value)}.")
    return value


def _variables(key: str, value: Any) -> dict[str, str]:
    variables = {}
    for name, entry in ({} if value is None else _mapping(key, value)).items():
        if isinstance(entry, bool):
            entry = str(entry).lower()
        if not isinstance(entry, str | int | float):
            raise ManifestError(f"{key}.{name}", f"must be text, not {_kind(entry)}.")
        variables[name] = str(entry)
    return variables


def _command(key: str, value: Any) -> list[str]:
    """A text, or a list of words: a shell reads either, as on Heroku."""
    words = value if isinstance(value, list) else [value]
    if not words or not all(isinstance(word, str) and word for word in words):
        raise ManifestError(key, f"must be text or a list of texts, not {_kind(value)}.")
    return ["/bin/sh", "-c", " ".join(words)]


def _built(key: str, value: Any, images: dict[str, Image]) -> str:
    name = _text(key, value)
    if name not in images:
        raise ManifestError(key, f"{name} is not built.", f"build.docker has {', '.join(images)}")
    return name


def _kind(value: Any) -> str:
    kinds = {dict: "a mapping", list: "a list", str: "text", type(None): "nothing"}
    return kinds.get(type(value), repr(value))

"""What is written into a project: the templates, filled with what was found."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

from underway.adopt.found import Found

SUFFIX = ".template"
PLACEHOLDER = re.compile(r"\{\{ (\w+) \}\}")
PARTS = (f"Dockerfile.django{SUFFIX}", f"Dockerfile.pytest{SUFFIX}")
"""What the Dockerfile may end with: with Django's tests, or with those of tools of their own."""
HIDDEN = ("dockerignore", "gitlab-ci.yml")
"""Templates of files whose names begin with a dot."""
THREADS = """\
worker_class = "gthread"
threads = capacity.threads(workers)"""
EVENT_LOOP = 'worker_class = "asgi"'


def render(found: Found) -> dict[str, str]:
    """The text of each file, by its path in the project."""
    values = _values(found)
    return {
        _path(name, found): fill(template.read_text(encoding="utf-8"), values)
        for name, template in sorted(_templates())
    }


def fill(text: str, values: dict[str, str]) -> str:
    """Put the values in the places that bear their names; a line of none but an empty one goes."""

    def value(match: re.Match[str]) -> str:
        return values[match[1]]

    lines = []
    for line in text.splitlines(keepends=True):
        filled = PLACEHOLDER.sub(value, line)
        if filled.strip() or not PLACEHOLDER.search(line):
            lines.append(filled)
    return "".join(lines)


def tables(found: Found) -> str:
    """[tool.underway] of pyproject.toml."""
    lines = ["[tool.underway]", f'name = "{found.name}"']
    defaults = Found(found.name, found.settings, found.application)
    if found.python_image != defaults.python_image:
        lines.append(f'python-image = "{found.python_image}"')
    if found.dockerfile != defaults.dockerfile:
        lines.append(f'dockerfile = "{found.dockerfile}"')
    lines += ["", "[tool.underway.environments]"]
    lines += [f'staging = "{found.name[:22].rstrip("-")}-staging"', f'production = "{found.name}"']
    if found.processes:
        lines += ["", "[tool.underway.processes]"]
        lines += [f"{type} = {json.dumps(command)}" for type, command in found.processes.items()]
    return "\n".join(lines) + "\n"


def _values(found: Found) -> dict[str, str]:
    return {
        "name": found.name,
        "package": found.package,
        "settings": found.settings,
        "application": found.application,
        "program": found.program,
        "tool_lock": found.tool_lock,
        "tool_folder": found.tool_folder,
        "install": _install(found),
        "python": found.python,
        "python_image": found.python_image,
        "dockerfile": found.dockerfile,
        "build_packages": found.build_packages,
        "copy": _copy(found),
        "remove": "".join(f"rm -r {path} \\\n    && " for path in found.unshipped),
        "choose_settings": f"DJANGO_SETTINGS_MODULE={found.package}.settings \\\n    "
        * (found.manage_settings != f"{found.package}.settings"),
        "test": _test(found),
        "worker": EVENT_LOOP if found.asynchronous else THREADS,
        "run": _run(found),
        "ignored": "\n".join(found.ignored),
        "connections": _connections(found),
        "default_storage": json.dumps({"BACKEND": found.default_storage}),
        "legacy": "".join(f"del {name}  # noqa: F821\n    " for name in found.legacy),
        "apps": "".join(f', "{app}"' for app in found.apps),
        "silenced": "".join(f'\n    "{id}",' for id in found.silenced),
    }


def _install(found: Found) -> str:
    """What a job begins with that has no program of the project's own to make the environment."""
    if not found.program.startswith(found.tool_folder):
        return ""
    make = f"test -x {found.program} || python -m venv {found.tool_folder}"
    # In the lock's folder: pip looks for a file that it names in the current one.
    folder, _, lock = found.tool_lock.rpartition("/")
    pip = f"../{found.tool_folder}/bin/python -m pip install --quiet"
    install = f"(cd {folder} && {pip} --require-hashes --requirement {lock})"
    return f"before_script:\n    - {make}\n    - {install}\n  "


def _copy(found: Found) -> str:
    files = [name for name in found.sources if "." in name]
    folders = [name for name in found.sources if "." not in name]
    lines = [f"COPY {' '.join(files)} ./"] if files else []
    lines += [f"COPY {name} {name}" for name in folders]
    return "\n".join(lines) or "COPY . ./"


def _test(found: Found) -> str:
    name = "pytest" if found.test_requirements else "django"
    text = (_folder() / f"Dockerfile.{name}{SUFFIX}").read_text(encoding="utf-8")
    values = {"package": found.package, "settings": found.manage_settings}
    return fill(text, values).rstrip("\n")


def _run(found: Found) -> str:
    if not found.processes:
        return ""
    commands = {"web": f"python -m {found.package}"} | dict(found.processes)
    lines = ["", "run:"]
    for type, command in commands.items():
        lines += [f"  {type}:", "    image: web", f"    command:\n      - {command}"]
    return "\n".join(lines)


def _connections(found: Found) -> str:
    # Each task of an event loop would keep one for itself.
    return 'default["CONN_MAX_AGE"] = 0\n    ' if found.asynchronous else ""


def _templates() -> Iterator[tuple[str, Traversable]]:
    return _below("", _folder())


def _folder() -> Traversable:
    return files("underway.adopt") / "templates"


def _below(prefix: str, folder: Traversable) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _below(f"{prefix}{entry.name}/", entry)
        elif entry.name.endswith(SUFFIX) and entry.name not in PARTS:
            yield prefix + entry.name.removesuffix(SUFFIX), entry


def _path(name: str, found: Found) -> str:
    if name == "Dockerfile":
        return found.dockerfile
    if name.startswith("package/"):
        return found.package + name.removeprefix("package")
    return f".{name}" if name in HIDDEN else name

"""The git settings of the platform's shell: Heroku's addresses lead to the platform."""

import shlex
from pathlib import Path

from underway.platform.settings import Settings

ADDRESSES = (
    "https://git.heroku.localhost/",
    "https://git.heroku.com/",
    "git@heroku.com:",
    "ssh://git@heroku.com/",
)


def write(settings: Settings, home: Path, user_home: Path, token_file: Path) -> None:
    """Write the private home's ``.gitconfig``, which begins with the user's own."""
    base = f"http://127.0.0.1:{settings.ports.api}/"
    # git asks a helper once the platform has answered 401, as it does with Heroku.
    password = f'"$(cat {shlex.quote(str(token_file))})"'
    helper = (
        f"""!f() {{ test "$1" = get && printf 'username=_\\npassword=%s\\n' {password}; }}; f"""
    )
    sections = [
        ("include", [("path", str(user_home / ".config" / "git" / "config"))]),
        ("include", [("path", str(user_home / ".gitconfig"))]),
        (f"url {_quoted(base)}", [("insteadOf", address) for address in ADDRESSES]),
        (f"credential {_quoted(base)}", [("helper", ""), ("helper", helper)]),
    ]
    lines = []
    for name, entries in sections:
        lines.append(f"[{name}]")
        lines += [f"\t{key} = {_quoted(value)}" for key, value in entries]
    (home / ".gitconfig").write_text("\n".join(lines) + "\n")


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

"""The platform's shell, without the Heroku CLI: what its shims and settings lead where."""

import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest

from underway.command import ProgramMissing
from underway.errors import UsageError
from underway.platform import client
from underway.platform.settings import Ports, Settings

FAKE_DOCKER = """\
#!/bin/sh
for argument do printf '<%s>\\n' "$argument"; done
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A platform's folder, and a user with settings of their own."""
    user = tmp_path / "user"
    (user / ".docker" / "contexts").mkdir(parents=True)
    theirs = {"currentContext": "theirs", "auths": {"registry.heroku.com": {"auth": "c2VjcmV0"}}}
    (user / ".docker" / "config.json").write_text(json.dumps(theirs))
    (user / ".gitconfig").write_text("[user]\n\tname = Ada\n")
    docker = tmp_path / "programs" / "docker"
    docker.parent.mkdir()
    docker.write_text(FAKE_DOCKER)
    docker.chmod(0o755)
    for name in ("DOCKER_CONFIG", "UNDERWAY_USER_HOME", "UNDERWAY_USER_DOCKER", "NODE_OPTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(user))
    monkeypatch.setenv("UNDERWAY_DOCKER", str(docker))
    monkeypatch.setenv("HEROKU_ORGANIZATION", "the-real-one")
    folder = tmp_path / "the platform's"
    folder.mkdir()
    (folder / "token").write_text("the-token\n")
    return Settings(folder, Ports(api=5555, registry=6666, https=7777))


def shell(settings: Settings, *argv: str) -> str:
    done = subprocess.run(
        argv,
        env=os.environ | client.environment(settings),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_docker_finds_the_platform_s_registry_under_heroku_s_names(settings: Settings) -> None:
    said = shell(
        settings,
        *("docker", "build", "-t", "registry.heroku.com/app/web"),
        *("--label", "a  b\n'c'", "--cache-from=registry.heroku.localhost/app/web", "."),
    )
    assert said.splitlines() == [
        *("<build>", "<-t>", "<127.0.0.1:6666/app/web>", "<--label>", "<a  b", "'c'>"),
        *("<--cache-from=127.0.0.1:6666/app/web>", "<.>"),
    ]


def test_docker_keeps_the_user_s_context_but_no_login(settings: Settings) -> None:
    folder = Path(client.environment(settings)["DOCKER_CONFIG"])
    assert json.loads((folder / "config.json").read_text()) == {"currentContext": "theirs"}
    assert (folder / "contexts").is_dir()
    # What docker login writes there stays.
    (folder / "config.json").write_text('{"auths": {"127.0.0.1:6666": {}}}')
    client.environment(settings)
    assert "127.0.0.1:6666" in (folder / "config.json").read_text()


@pytest.mark.parametrize(
    "address",
    [
        "https://git.heroku.com/app.git",
        "git@heroku.com:app.git",
        "https://git.heroku.localhost/app.git",
    ],
)
def test_git_finds_the_platform_under_heroku_s_names(settings: Settings, address: str) -> None:
    found = shell(settings, "git", "ls-remote", "--get-url", address)
    assert found == "http://127.0.0.1:5555/app.git\n"


def test_git_keeps_the_user_s_settings_and_has_the_token(settings: Settings) -> None:
    assert shell(settings, "git", "config", "user.name") == "Ada\n"
    done = subprocess.run(
        ["git", "credential", "fill"],
        input="protocol=http\nhost=127.0.0.1:5555\n\n",
        env=os.environ | client.environment(settings) | {"GIT_TERMINAL_PROMPT": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "password=the-token" in done.stdout


@pytest.mark.parametrize("host", ["api.heroku.com", "heroku.com", "app.herokuapp.com"])
def test_node_programs_cannot_reach_the_real_heroku(settings: Settings, host: str) -> None:
    for script in (
        f"require('node:net').connect(443, '{host}')",
        f"require('node:tls').connect({{ host: '{host}', port: 443 }})",
        f"require('node:https').get('https://{host}/')",
    ):
        done = subprocess.run(
            ["node", "-e", script],
            env=os.environ | client.environment(settings),
            capture_output=True,
            text=True,
        )
        assert f"{host} is out of reach in this shell" in done.stderr


def test_a_second_shell_inside_the_first_is_the_same(settings: Settings) -> None:
    first = client.environment(settings)
    with pytest.MonkeyPatch.context() as inside:
        for name, value in first.items():
            inside.setenv(name, value)
        assert client.environment(settings) == first


def test_exports_are_what_a_shell_reads(settings: Settings) -> None:
    script = f'eval {shlex.quote(client.exports(settings))}; printf "%s|" "$HEROKU_HOST" "$HOME"'
    script += '; printf "%s" "$HEROKU_ORGANIZATION"'
    said = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    home = settings.folder.resolve() / "client" / "home"
    assert said == f"heroku.localhost|{home}|"


def test_a_command_s_exit_code_is_passed_on(settings: Settings) -> None:
    assert client.run(settings, ("sh", "-c", "exit 7")) == 7


def test_a_heroku_that_is_not_installed_comes_with_how_to_install_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with pytest.raises(ProgramMissing, match="npm install --global heroku"):
        client.run(settings, ("heroku", "apps"))
    with pytest.raises(UsageError, match="no command"):
        client.run(settings, ())

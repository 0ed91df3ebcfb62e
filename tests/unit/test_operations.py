"""What the everyday tasks decide, without a platform: which changes are sent, which are refused."""

import io
import json
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.fakes import FakeRunner
from underway.errors import CommandFailed, UsageError
from underway.heroku import Heroku, NotFound
from underway.operations import addons, apps, backup, config, database, domains, dynos, remote
from underway.operations.database import Database
from underway.operations.options import number
from underway.operations.table import render
from underway.project import Project
from underway.secret import Secret
from underway.target import Target

PASSWORD = "p@ss/word"
URL = "postgres://u%40x:p%40ss%2Fword@db.example.test:5433/d1"
Answers = dict[str, Any]
Streams = pytest.CaptureFixture[str]

ADDON = {
    "id": "1",
    "name": "postgresql-flat-1",
    "plan": {"name": "heroku-postgresql:essential-0"},
    "state": "provisioned",
    "config_vars": ["DATABASE_URL"],
}
WEB = {"type": "web", "quantity": 1, "size": "Basic", "command": ""}
APP = {
    "id": "1",
    "name": "my-app",
    "stack": {"name": "container"},
    "build_stack": {"name": "container"},
    "web_url": "https://my-app-1.example.test/",
    "git_url": "https://git.example.test/my-app.git",
    "maintenance": False,
}
RELEASE = {
    "id": "1",
    "version": 5,
    "status": "succeeded",
    "description": "Set A config vars",
    "current": True,
    "output_stream_url": None,
    "user": {"email": "me@example.test"},
    "created_at": "",
}


class Platform:
    """Answers GET as it is told to, takes every change, and keeps it."""

    def __init__(self, answers: Answers, local: bool = True) -> None:
        self.answers = answers
        self.changes: list[tuple[str, str, Any]] = []
        http = httpx.Client(transport=httpx.MockTransport(self._answer))
        target = Target("my-app", local, "https://api.test", "https://registry.test", Secret("t"))
        self.heroku = Heroku(target, http)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/apps/my-app")
        if request.method != "GET":
            body = json.loads(request.content) if request.content else None
            self.changes.append((request.method, path, body))
            return httpx.Response(200, json=self.answers.get(f"{request.method} {path}", []))
        if path not in self.answers:
            return httpx.Response(404, json={"id": "not_found", "message": "Couldn't find that."})
        return httpx.Response(200, json=self.answers[path])


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give the process a standard input that is no terminal."""
    return lambda text: monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_a_config_var_comes_from_standard_input_without_its_line_end(
    piped: Callable[[str], None], capsys: Streams
) -> None:
    platform = Platform({"/config-vars": {}, "/releases": [RELEASE]})
    piped("two words \n")
    config.put(platform.heroku, name="KEY")
    assert platform.changes == [("PATCH", "/config-vars", {"KEY": "two words "})]
    captured = capsys.readouterr()
    assert "set: KEY" in captured.err
    assert "two words" not in captured.err + captured.out


def test_what_has_its_value_already_is_not_sent(
    piped: Callable[[str], None], capsys: Streams
) -> None:
    platform = Platform({"/config-vars": {"KEY": "value"}})
    piped("value")
    config.put(platform.heroku, name="KEY")
    config.unset(platform.heroku, "OTHER")
    assert platform.changes == []
    assert capsys.readouterr().err.count("no release was made") == 2


def test_an_empty_standard_input_is_refused(piped: Callable[[str], None]) -> None:
    platform = Platform({"/config-vars": {}})
    piped("\n")
    with pytest.raises(UsageError, match="there is no value for KEY"):
        config.put(platform.heroku, name="KEY")


def test_a_random_value_is_long_and_never_replaces_another(capsys: Streams) -> None:
    platform = Platform({"/config-vars": {}, "/releases": [RELEASE]})
    config.put(platform.heroku, name="SECRET_KEY", generate=True)
    value = platform.changes[0][2]["SECRET_KEY"]
    assert len(value) >= 50
    assert value not in capsys.readouterr().err
    platform = Platform({"/config-vars": {"SECRET_KEY": value}})
    config.put(platform.heroku, name="SECRET_KEY", generate=True)
    assert platform.changes == []


@pytest.mark.parametrize(
    "options", [{}, {"name": "A", "file": ".env"}, {"file": ".env", "generate": True}]
)
def test_it_must_be_clear_what_is_set(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="what is to be set"):
        config.put(Platform({}).heroku, **options)


@pytest.mark.parametrize("name", ["A-B", "1A", "A=B"])
def test_a_name_that_no_variable_has_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is no name for a variable"):
        config.put(Platform({}).heroku, name=name)


@pytest.mark.parametrize(
    "words,updates",
    [
        (("web=2",), [{"type": "web", "quantity": 2}]),
        (("web=0",), [{"type": "web", "quantity": 0}]),
        (("web=:standard-1x",), [{"type": "web", "dyno_size": {"name": "standard-1x"}}]),
        (
            ("web=3:Standard-2X",),
            [{"type": "web", "quantity": 3, "dyno_size": {"name": "Standard-2X"}}],
        ),
        (("web=1",), []),
        (("web=1:basic",), []),
        ((), []),
    ],
)
def test_scaling_sends_only_what_changes(words: tuple[str, ...], updates: list[Any]) -> None:
    platform = Platform({"/formation": [WEB], "PATCH /formation": [WEB]})
    dynos.scale(platform.heroku, words, yes=False)
    sent = [body["updates"] for _, _, body in platform.changes]
    assert sent == ([updates] if updates else [])


@pytest.mark.parametrize("word", ["web", "web=", "web=two", "=2", "web=-1", "web:2"])
def test_a_word_that_is_no_scale_is_refused(word: str) -> None:
    with pytest.raises(UsageError, match="invoke scale -- web=2"):
        dynos.scale(Platform({"/formation": [WEB]}).heroku, (word,), yes=False)


def test_a_process_type_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(UsageError, match="process types: web"):
        dynos.scale(Platform({"/formation": [WEB]}).heroku, ("worker=1",), yes=False)


def test_on_heroku_nothing_is_made_or_billed_without_a_yes(piped: Callable[[str], None]) -> None:
    answers = {"/formation": [WEB], "/addons": []}
    platform = Platform(answers, local=False)
    piped("")
    with pytest.raises(UsageError, match="add --yes"):
        apps.create(platform.heroku, yes=False)
    with pytest.raises(UsageError, match="add --yes"):
        addons.create(platform.heroku, plan=addons.EXAMPLE, name="", yes=False)
    for words in ("web=2", "web=:performance-l"):
        with pytest.raises(UsageError, match="add --yes"):
            dynos.scale(platform.heroku, (words,), yes=False)
    assert platform.changes == []
    dynos.scale(platform.heroku, ("web=0",), yes=False)  # costs less
    assert len(platform.changes) == 1


def test_an_add_on_of_that_kind_is_not_made_twice(capsys: Streams) -> None:
    platform = Platform({"/addons": [ADDON], "POST /addons": ADDON})
    found = addons.create(platform.heroku, plan="heroku-postgresql:standard-0", name="", yes=False)
    assert found.name == "postgresql-flat-1"
    assert platform.changes == []
    assert "--name ANOTHER_DATABASE" in capsys.readouterr().err
    addons.create(platform.heroku, plan=addons.EXAMPLE, name="FOLLOWER", yes=False)
    body = {"plan": addons.EXAMPLE, "attachment": {"name": "FOLLOWER"}}
    assert platform.changes == [("POST", "/addons", body)]


def test_an_add_on_is_removed_by_its_name_or_by_what_it_is_attached_as() -> None:
    for name in ("DATABASE", "postgresql-flat-1"):
        platform = Platform({"/addons": [ADDON], "DELETE /addons/postgresql-flat-1": ADDON})
        addons.remove(platform.heroku, name=name, confirm="my-app")
        assert platform.changes == [("DELETE", "/addons/postgresql-flat-1", None)]


def test_what_destroys_wants_the_name_of_the_app() -> None:
    platform = Platform({"": APP, "/addons": [ADDON]})
    with pytest.raises(UsageError, match="'another' is not my-app"):
        apps.destroy(platform.heroku, "another")
    with pytest.raises(UsageError, match="'DATABASE' is not my-app"):
        addons.remove(platform.heroku, name="DATABASE", confirm="DATABASE")
    with pytest.raises(NotFound, match="has no add-on OTHER"):
        addons.remove(platform.heroku, name="OTHER", confirm="my-app")
    assert platform.changes == []


def test_a_domain_that_is_there_is_not_added_again() -> None:
    row = {"hostname": "www.example.com", "kind": "custom", "cname": "dns.example.test"}
    platform = Platform({"/domains": [row]})
    assert domains.add(platform.heroku, "WWW.example.com").cname == "dns.example.test"
    domains.remove(platform.heroku, "other.example.com")
    assert platform.changes == []


@pytest.mark.parametrize(
    "query,sslmode",
    [
        ("", "require"),
        ("?sslmode=disable", "require"),
        ("?sslmode=prefer", "require"),
        ("?sslmode=verify-ca", "verify-ca"),
        ("?sslmode=verify-full&sslrootcert=system", "verify-full"),
    ],
)
def test_tls_is_never_less_than_required(query: str, sslmode: str) -> None:
    found = Database.parse(URL + query)
    assert found.env["PGSSLMODE"] == sslmode
    assert found.env.get("PGSSLROOTCERT", "") == ("system" if "system" in query else "")


def test_a_database_url_is_taken_apart() -> None:
    found = Database.parse(URL)
    password = found.env["PGPASSWORD"]
    assert isinstance(password, Secret)
    assert password.reveal() == PASSWORD
    named = [found.env[f"PG{name}"] for name in ("HOST", "PORT", "USER", "DATABASE")]
    assert named == ["db.example.test", "5433", "u@x", "d1"]


@pytest.mark.parametrize("url", ["sqlite:////tmp/hunter2", "hunter2", "postgres://h:hunter2@x/"])
def test_what_is_no_postgres_database_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(UsageError) as failure:
        Database.parse(url)
    assert "hunter2" not in str(failure.value)


def test_no_word_of_a_command_and_nothing_printed_has_the_password() -> None:
    project = Project(Path("/project"), "shop")
    command = database.client(project, Database.parse(URL), "psql", "--command", "select 1")
    assert command.argv[-3:] == ("postgres:17", "--command", "select 1")
    assert "PGPASSWORD" in command.argv
    assert PASSWORD not in str(command) + repr(command)


@pytest.fixture
def platform_with_database(monkeypatch: pytest.MonkeyPatch) -> Platform:
    monkeypatch.setattr(database, "require_engine", lambda project: None)
    return Platform({"/config-vars": {"DATABASE_URL": URL}})


def pg_command(project: Project, program: str, *words: str) -> tuple[str, ...]:
    return database.client(project, Database.parse(URL), program, *words).argv


def test_a_backup_is_for_its_owner_alone_and_replaces_nothing(
    platform_with_database: Platform, runner: FakeRunner, tmp_path: Path
) -> None:
    heroku, project = platform_with_database.heroku, Project(tmp_path, "shop")
    path = tmp_path / "shop.dump"
    runner.expect(*pg_command(project, "pg_dump", "--format=custom"), stdout="PGDMP")
    assert backup.write(project, runner, heroku, file=str(path), force=False) == path
    assert path.read_text() == "PGDMP"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(UsageError, match="is there already"):
        backup.write(project, runner, heroku, file=str(path), force=False)
    runner.expect(*pg_command(project, "pg_dump", "--format=custom"), stdout="newer")
    backup.write(project, runner, heroku, file=str(path), force=True)
    assert path.read_text() == "newer"


def test_a_backup_that_fails_leaves_no_file(
    platform_with_database: Platform, runner: FakeRunner, tmp_path: Path
) -> None:
    heroku, project = platform_with_database.heroku, Project(tmp_path, "shop")
    words = pg_command(project, "pg_dump", "--format=custom")
    runner.expect(*words, code=1, stderr="aborting because of server version mismatch")
    with pytest.raises(CommandFailed, match="pg_dump failed") as failure:
        backup.write(project, runner, heroku, file=str(tmp_path / "shop.dump"), force=False)
    assert "postgres-image" in failure.value.next
    assert list(tmp_path.iterdir()) == []


def test_a_backup_into_a_folder_that_is_not_there_says_so(
    platform_with_database: Platform, runner: FakeRunner, tmp_path: Path
) -> None:
    heroku, project = platform_with_database.heroku, Project(tmp_path, "shop")
    with pytest.raises(UsageError, match="cannot be written"):
        backup.write(project, runner, heroku, file=str(tmp_path / "no/file"), force=False)


def test_a_restore_wants_the_name_of_the_app(
    platform_with_database: Platform, runner: FakeRunner, tmp_path: Path
) -> None:
    heroku, project = platform_with_database.heroku, Project(tmp_path, "shop")
    path = tmp_path / "shop.dump"
    with pytest.raises(UsageError, match="cannot be read"):
        backup.restore(project, runner, heroku, file=str(path), confirm="my-app")
    path.write_text("PGDMP")
    with pytest.raises(UsageError, match="is not my-app"):
        backup.restore(project, runner, heroku, file=str(path), confirm="shop")
    runner.expect(*pg_command(project, "pg_restore", *backup.RESTORE, "--dbname=d1"))
    backup.restore(project, runner, heroku, file=str(path), confirm="my-app")


def test_an_app_without_a_database_is_told_how_to_get_one() -> None:
    with pytest.raises(NotFound, match="invoke addons.create --plan heroku-postgresql"):
        database.find(Platform({"/config-vars": {}}).heroku)


def test_docker_logs_in_without_the_token_among_its_words(runner: FakeRunner) -> None:
    target = Target("my-app", True, "http://127.0.0.1:1", "http://127.0.0.1:2", Secret("hunter2"))
    runner.expect("docker", "login", "--username=_", "--password-stdin", "127.0.0.1:2")
    assert remote.login(runner, target) == "127.0.0.1:2/my-app/web"


def test_numbers_may_be_written_as_versions() -> None:
    assert (number("12", "--lines"), number("v12", "--release")) == (12, 12)
    for text in ("", "0", "-1", "one", "v"):
        with pytest.raises(UsageError, match="--lines cannot be"):
            number(text, "--lines")


def test_a_table_is_aligned_and_has_no_blanks_at_the_ends() -> None:
    assert render(("a", "b"), [("long", 1), ("x", "")]) == "a     b\nlong  1\nx"

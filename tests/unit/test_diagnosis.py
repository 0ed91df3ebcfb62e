"""What a log is taken to mean."""

from underway.deploy.diagnosis import CODES, explain, migrations

ROUTER = (
    '2026-01-31T12:00:00.0+00:00 heroku[router]: at=error code=H10 desc="App crashed" method=GET'
)


def test_each_code_is_explained_once_with_its_mend() -> None:
    said = explain([ROUTER, ROUTER, "heroku[web.1]: Error R14 (Memory quota exceeded)"])
    assert len(said) == 2
    assert said[0].startswith("H10: the web process ended") and "invoke smoke" in said[0]
    assert said[1].startswith("R14: ") and "WEB_CONCURRENCY" in said[1]


def test_a_known_cause_is_named_where_its_words_stand_in_the_log() -> None:
    (said,) = explain(["app[web.1]: ModuleNotFoundError: No module named 'stripe'"])
    assert "a package is not in the image" in said and "invoke lock" in said


def test_a_log_that_says_nothing_known_explains_nothing() -> None:
    assert explain(["app[web.1]: listening", "code=H98"]) == []


def test_every_code_has_what_happened_and_a_mend() -> None:
    assert all(what and mend for what, mend in CODES.values())
    assert {"H10", "H12", "H13", "H14", "H20", "R10", "R12", "R14", "R15"} <= set(CODES)


def test_the_migrations_that_were_applied_are_read_from_the_release_log() -> None:
    log = ["Running migrations:", "  Applying shop.0002_price... OK", "  Applying shop.0003_x..."]
    assert migrations(log) == ["shop.0002_price"]

"""How fast the API answers with much in it."""

import statistics
import time

import pytest

from tests.platform.conftest import Service
from underway.platform.models import Account, App, Dyno, Process, Release
from underway.platform.store import Store

APPS, RELEASES, ROUNDS, MOST_MS = 50, 1000, 30, 50


@pytest.fixture
def busiest(service: Service) -> str:
    """An app with half of all releases, among many; all of it written behind the API's back."""
    store = Store(service.folder / "state.sqlite")
    user = store.all(Account)[0]
    with store.transaction():
        apps = [App(f"app-{number}", f"app-{number}-x", user.id) for number in range(APPS)]
        for app in apps:
            store.add(app)
            store.add(Process(app.id, "web", 2))
            for number in (1, 2):
                store.add(Dyno(app.id, f"web.{number}", "web", "", [], state="up"))
        config = {f"VARIABLE_{number}": "value" * 5 for number in range(20)}
        for number in range(RELEASES):
            app = apps[0] if number % 2 else apps[number // 2 % APPS]
            version = 1 + store.count(Release, app_id=app.id)
            store.add(Release(app.id, version, "Set config vars", user.id, {}, config=config))
    store.close()
    return apps[0].name


def test_answers_take_less_than_50_ms(
    service: Service, busiest: str, capsys: pytest.CaptureFixture[str]
) -> None:
    requests = {
        "/apps": "name ..; max=200",
        f"/apps/{busiest}": "",
        f"/apps/{busiest}/releases": "version ..; order=desc,max=15",
        f"/apps/{busiest}/releases?all": "version ..; max=1000",
        f"/apps/{busiest}/releases/400": "",
        f"/apps/{busiest}/dynos": "",
        f"/apps/{busiest}/formation": "",
        f"/apps/{busiest}/config-vars": "",
    }
    medians = {path: median(service, path, header) for path, header in requests.items()}
    with capsys.disabled():
        print(f"\n{APPS} apps, {2 * APPS} dynos, {RELEASES} releases; median of {ROUNDS} answers:")
        for path, taken in medians.items():
            print(f"  {taken:6.1f} ms  {path}")
    assert max(medians.values()) < MOST_MS


def median(service: Service, path: str, header: str) -> float:
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        answer = service.api.get(path, headers={"Range": header} if header else {})
        taken.append((time.perf_counter() - started) * 1000)
        assert answer.is_success, answer.text
    return statistics.median(taken)

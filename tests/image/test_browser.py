"""The pages as a person sees them: a real Chromium, and the production image behind it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.checkout import ROOT, Checkout
from tests.chromium import FLAGS, executor
from underway import probe
from underway.engine import Engine
from underway.machine import browser_image
from underway.smoke import environment

SCREENSHOTS = ROOT / ".underway" / "screenshots"
DRIVER_PORT = 9515
OWN_FLAGS = (
    *FLAGS,
    "--window-size=1000,800",
    # No router with a certificate stands before it.
    "--unsafely-treat-insecure-origin-as-secure=http://web:8000",
)


@pytest.fixture(scope="module")
def browser(checkout: Checkout, engine: Engine, image: str) -> Iterator[webdriver.Remote]:
    """A browser for which the app is at http://web:8000/."""
    labels = checkout.project.labels
    network = engine.client.networks.create(checkout.project.name, labels=labels)
    app = {"HTTPS": "0", "ALLOWED_HOSTS": "web", "DATABASE_URL": "sqlite:////tmp/db.sqlite3"}
    try:
        with (
            engine.throwaway(
                image,
                environment=environment() | app,
                labels=labels,
                network=network.name,
                networking_config={
                    network.name: engine.client.api.create_endpoint_config(aliases=["web"])
                },
                tmpfs={"/tmp": "mode=1777"},
            ) as web,
            engine.throwaway(
                browser_image(checkout.project, engine),
                labels=labels,
                network=network.name,
                ports={f"{DRIVER_PORT}/tcp": ("127.0.0.1", None)},
                shm_size="512m",
            ) as chromium,
        ):
            code, output = web.exec_run(["python", "manage.py", "release"])
            assert code == 0, output
            driver = probe.address(chromium, DRIVER_PORT)
            probe.wait_until_serving(chromium, f"{driver}/status", seconds=30)
            options = webdriver.ChromeOptions()
            for flag in OWN_FLAGS:
                options.add_argument(flag)
            with webdriver.Remote(executor(driver), options=options) as session:
                yield session
    finally:
        network.remove()


def visit(browser: webdriver.Remote, path: str, picture: str) -> None:
    browser.get(f"http://web:8000{path}")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    assert browser.save_screenshot(str(SCREENSHOTS / picture))


def style(browser: webdriver.Remote, selector: str, name: str) -> str:
    return browser.find_element(By.CSS_SELECTOR, selector).value_of_css_property(name)


def blocked(browser: webdriver.Remote) -> list[str]:
    """What the browser refused to load, or could not; the admin's pages name no icon."""
    log = browser.execute("getLog", {"type": "browser"})["value"]
    messages = [entry["message"] for entry in log]
    return [message for message in messages if "/favicon.ico" not in message]


def test_the_page_has_its_styles_and_says_that_all_works(browser: webdriver.Remote) -> None:
    visit(browser, "/", "page.png")
    rules = "return [...document.styleSheets].map(sheet => sheet.cssRules.length)"
    assert min(browser.execute_script(rules)) > 5
    assert browser.find_element(By.ID, "static-files").text == "Working"
    assert browser.find_element(By.ID, "database").text == "Working"
    assert blocked(browser) == []


def test_the_admin_login_has_its_styles(browser: webdriver.Remote) -> None:
    visit(browser, "/admin/login/", "admin-login.png")
    assert style(browser, "#header", "background-color") in {
        "rgba(65, 118, 144, 1)",
        "rgba(38, 75, 93, 1)",
    }
    assert style(browser, "#container", "display") == "flex"
    assert blocked(browser) == []


def test_the_screenshots_are_pictures_of_something(browser: webdriver.Remote) -> None:
    visit(browser, "/", "page.png")
    visit(browser, "/admin/login/", "admin-login.png")
    sizes = [path.stat().st_size for path in sorted(Path(SCREENSHOTS).glob("*.png"))]
    assert len(sizes) >= 2 and min(sizes) > 5_000

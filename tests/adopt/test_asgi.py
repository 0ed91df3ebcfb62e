"""A project that only speaks ASGI: HTTP and WebSockets."""

from selenium import webdriver

from tests.adopt import projects
from tests.adopt.conftest import browsing
from tests.adopt.journey import Journey, Kind, Site

SPEAK = """
const [address, done] = arguments;
const socket = new WebSocket(address);
socket.onopen = () => socket.send("hello");
socket.onmessage = (event) => done(event.data);
socket.onerror = () => done("error");
"""


class TestChannels(Journey):
    kind = Kind(projects.asgi, urls="live/urls.py")

    def test_a_websocket_of_a_browser_is_answered(self, site: Site, driver: str) -> None:
        address = site.url("/ws/").replace("https://", "wss://")
        with browsing(driver) as browser:
            assert said(browser, site.url(self.kind.admin), address) == "echo: hello"


def said(browser: webdriver.Remote, page: str, address: str) -> str:
    """What comes back on a WebSocket that a page has opened."""
    browser.get(page)
    return str(browser.execute_async_script(SPEAK, address))

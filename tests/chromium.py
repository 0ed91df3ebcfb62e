"""What a browser for tests is started with, and spoken to by."""

from selenium.webdriver.chromium.remote_connection import ChromiumRemoteConnection

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def executor(url: str) -> ChromiumRemoteConnection:
    """A connection that knows Chromium's own commands too, its console's log among them."""
    return ChromiumRemoteConnection(url, vendor_prefix="goog", browser_name="chrome")

"""The pages in a real browser: without scripts, by keyboard, on a phone; skipped where there is no Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import TENANT
from tests.server.browser import CHROMIUM, Browser, browsing
from tests.server.conftest import Server, running_demo

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: apt-get install chromium"),
    pytest.mark.timeout(60),
]
PHONE = 400


def sign_in(browser: Browser, server: Server, path: str) -> None:
    """Fill in the form with the keyboard alone; it has the focus as soon as it is drawn."""
    browser.open(server.url + path)
    browser.wait_until("document.activeElement.id === 'client_id'")
    browser.type(server.client_id)
    browser.press("Tab")
    browser.type(server.client_secret)
    browser.press("Enter")
    browser.wait_for_page()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A demo's fleet in an installation whose own tenant it is, as with ``kbgap demo``."""
    with running_demo(tmp_path_factory.mktemp("browsed"), tenant=TENANT) as started:
        yield started


@pytest.fixture(scope="module")
def browser(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Somebody who has signed in by keyboard alone, in a browser that runs no script."""
    with browsing(tmp_path_factory.mktemp("profile")) as started:
        started.without_scripts()
        sign_in(started, server, "/machines")
        yield started


def test_signing_in_by_keyboard_leads_to_the_page_that_was_asked_for(server: Server, browser: Browser) -> None:
    """The form has the focus, Enter sends it, and the browser keeps a cookie that no script sees."""
    browser.open(f"{server.url}/machines")

    assert browser.look("document.querySelector('h1').textContent") == "Machines"
    assert browser.look("document.cookie") == ""


def test_the_first_stop_of_the_keyboard_skips_to_the_content(server: Server, browser: Browser) -> None:
    """Then come the links, in the order in which they stand."""
    browser.open(f"{server.url}/")
    stops = []
    for _ in range(3):
        browser.press("Tab")
        stops.append(browser.look("document.activeElement.textContent"))

    assert stops == ["Skip to the content", "kbgap", "Overview"]


@pytest.mark.parametrize(
    "path", ["/", "/kbs", "/software", "/machines", "/vulnerabilities", "machines", "kbs", "vulnerabilities"]
)
def test_a_phone_shows_a_page_without_scrolling_sideways(server: Server, browser: Browser, path: str) -> None:
    """What is too wide scrolls within itself."""
    browser.resize(PHONE)
    if not path.startswith("/"):
        browser.open(f"{server.url}/{path}")
        path = browser.look("document.querySelector('tbody a').getAttribute('href')")
    browser.open(server.url + path)

    assert browser.look("document.documentElement.scrollWidth") <= PHONE
    assert browser.look("document.styleSheets.length") == 1


def test_pages_follow_the_system_into_the_dark(server: Server, browser: Browser) -> None:
    """Text and ground change places, and stay apart."""
    grounds = []
    for dark in (False, True):
        browser.resize(1200, dark=dark)
        browser.open(f"{server.url}/")
        grounds.append(browser.look("getComputedStyle(document.body).backgroundColor"))

    assert grounds == ["rgb(255, 255, 255)", "rgb(20, 24, 28)"]


def test_signing_out_ends_what_the_browser_may_see(server: Server, tmp_path: Path) -> None:
    """By its button, which comes from a page of ours; nothing is left to complain about."""
    with browsing(tmp_path) as browser:
        sign_in(browser, server, "/signin")
        assert browser.look("location.pathname") == "/"
        browser.look("document.querySelector('header button').focus()")
        browser.press("Enter")
        browser.wait_for_page()
        signed_out = browser.look("location.pathname")
        complaints = list(browser.complaints)
        browser.open(f"{server.url}/machines")

        assert signed_out == "/signin"
        assert browser.look("document.querySelector('h1').textContent") == "Sign in"
        assert complaints == []

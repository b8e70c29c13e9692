"""axe-core finds no fault in the page, whatever it shows, in light and dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from serve_stand_in import REFUSED_COLOUR, png

pytest.importorskip("playwright", reason="no playwright here (pip install 'galvano[test]')")
pytest.importorskip("axe_playwright_python", reason="no axe-core here (pip install 'galvano[test]')")
from serve_browser import CHROMIUM, MISSING, chromium, drop, faults, opened

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CHROMIUM.exists(), reason=MISSING)]

if CHROMIUM.exists():
    from playwright.sync_api import Browser, expect


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_nothing_hinders_anybody(browser: Browser, address: str, width: int, scheme: str) -> None:
    with opened(browser, address, viewport={"width": width, "height": 844}, color_scheme=scheme) as page:
        assert faults(page) == {}
        drop(page, ("scan.png", png()), ("refused.png", png(REFUSED_COLOUR)))
        expect(page.locator("#pages small")).to_have_text(["read", "not read"])
        expect(page.locator("#verdict")).not_to_have_text("working …")
        assert faults(page) == {}
        page.locator("[data-box='9']").focus()
        page.click("[data-mode=draw]")
        assert faults(page) == {}
        page.click("#next")
        expect(page.locator("#problem")).to_be_visible()
        assert faults(page) == {}


def test_the_interface_for_programs_is_readable(browser: Browser, address: str) -> None:
    with browser.new_context(color_scheme="dark") as context:
        page = context.new_page()
        page.goto(f"{address}docs")
        expect(page.locator("h2", has_text="GET /v1/health")).to_be_visible()
        assert faults(page) == {}

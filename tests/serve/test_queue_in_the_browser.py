"""A queue in a real browser: its pages are labelled and put right one after the other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from serve_running import running
from serve_stand_in import REFUSED_COLOUR, png, settings

from classify.queue import CORRECTIONS, LIST, Queue

pytest.importorskip("playwright", reason="no playwright here (pip install 'galvano[test]')")
from serve_browser import CHROMIUM, MISSING, chromium, faults, opened, shoot

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CHROMIUM.exists(), reason=MISSING)]

if CHROMIUM.exists():
    from playwright.sync_api import expect


@pytest.fixture
def queue(tmp_path: Path) -> Path:
    for number, colour in enumerate([None, REFUSED_COLOUR, None], start=1):
        (tmp_path / f"{number}-p.png").write_bytes(png(colour))
    lines = "".join(f"{number},{number}-p.png,,\n" for number in (1, 2, 3))
    (tmp_path / LIST).write_text(f"rank,file,superclass,chapman\n{lines}")
    return tmp_path


def test_a_queue_is_labelled_and_put_right_page_after_page(queue: Path) -> None:
    with running(settings(job_s=400.0, queue=queue)) as address, chromium() as browser:
        with opened(browser, address) as page:
            expect(page.locator("#page-name")).to_have_text("1-p")
            expect(page.locator("#keep")).to_be_enabled()
            page.check("#training [value=MI]")
            page.check("#training [value=AFIB]")
            page.check("#training [value=SR]")
            expect(page.locator("#training [value=AFIB]")).not_to_be_checked()
            expect(page.locator("#learn-curves")).not_to_be_checked()
            page.select_option("#gain", "5")
            expect(page.locator("#learn-curves")).to_be_checked()
            assert faults(page) == {}
            shoot(page, "queue")
            page.click("#keep")
            expect(page.locator("#page-name")).to_have_text("2-p")
            expect(page.locator("#problem")).to_contain_text("no grid and no traces were found")
            expect(page.locator("#learn-curves")).to_be_disabled()
            page.click("#keep")
            expect(page.locator("#page-name")).to_have_text("3-p")
            expect(page.locator("#keep")).to_be_enabled()
            page.check("#learn-curves")
            page.click("#keep")
            expect(page.locator("#status")).to_contain_text("all pages of the list have been looked at")
            page.locator("#pages button").first.click()  # it was let go of, and is read and put right again
            expect(page.locator("#gain")).to_have_value("5")
            expect(page.locator("#learn-curves")).to_be_checked()
        assert json.loads((queue / CORRECTIONS).read_text()) == {"1-p": {"steps": [{"mm_per_mv": 5}]}, "3-p": {}}
        assert [page.is_looked_at for page in Queue(queue).pages()] == [True] * 3
        with opened(browser, address) as page:  # what was kept is there again, and can be taken back
            expect(page.locator("#pages small").nth(2)).to_have_text("looked at")
            expect(page.locator("#gain")).to_have_value("5")
            expect(page.locator("#training [value=MI]")).to_be_checked()
            page.click("#undo")
            expect(page.locator("#learn-curves")).not_to_be_checked()
            page.uncheck("#training [value=SR]")
            page.click("#keep")
            expect(page.locator("#status")).to_contain_text("1-p was kept")
    first = Queue(queue).pages()[0]
    assert first.labels == {"superclass": ("MI",), "chapman": ()} and first.correction is None

"""The page in a real browser: Debian's chromium, driven by playwright, before a server that runs in a thread."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
MISSING = "no chromium here (apt-get install chromium)"
_FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
SCREENSHOTS = os.environ.get("SCREENSHOTS")  # a folder, to look at what the tests saw
expect.set_options(timeout=60_000)  # a busy machine is slow


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Browser, address: str, **options: Any) -> Iterator[Page]:
    """The page of a server in a window of its own; a fault in its code, or against its policy, fails the test."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, "locale": "en-US", **options})
    page, faults = context.new_page(), []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto(address)
    expect(page.locator("#drop-title")).not_to_be_empty()
    yield page
    assert [fault for fault in faults if "status of 4" not in fault] == []
    context.close()


def shoot(page: Page, name: str) -> None:
    if SCREENSHOTS:
        page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png", full_page=True)


def faults(page: Page) -> dict[str, list[str]]:
    """Every rule of axe-core that the page breaks, and where."""
    found = pytest.importorskip("axe_playwright_python.sync_playwright").Axe().run(page).response["violations"]
    return {f"{rule['id']} ({rule['impact']})": [str(node["target"][0]) for node in rule["nodes"]] for rule in found}


def drop(page: Page, *files: tuple[str, bytes]) -> None:
    """Drop files onto the page, as a user does."""
    listed = [{"name": name, "data": list(data)} for name, data in files]
    transfer = page.evaluate_handle(
        """(files) => { const all = new DataTransfer();
        for (const { name, data } of files) all.items.add(new File([new Uint8Array(data)], name)); return all; }""",
        listed,
    )
    page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})


def to_screen(page: Page, points_px: np.ndarray) -> list[tuple[float, float]]:
    """Where places of the ECG's page lie in the window."""
    found: list[tuple[float, float]] = page.evaluate(
        """(points) => { const m = document.getElementById("stage").getScreenCTM();
        return points.map(([x, y]) => { const p = new DOMPoint(x, y).matrixTransform(m); return [p.x, p.y]; }); }""",
        np.asarray(points_px, float).tolist(),
    )
    return found


def drag(page: Page, points_px: np.ndarray) -> None:
    """Along places of the ECG's page with the button down."""
    page.evaluate("document.getElementById('stage-frame').scrollIntoView()")
    first, *others = to_screen(page, points_px)
    page.mouse.move(*first)
    page.mouse.down()
    for x, y in others:
        page.mouse.move(x, y, steps=3)
    page.mouse.up()


def download(page: Page, selector: str, folder: Path) -> Path:
    """The file that a button saves."""
    with page.expect_download(timeout=400_000) as waiting:
        page.click(selector)
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def corrections(page: Page, folder: Path) -> dict[str, Any]:
    """What the page would save as corrections."""
    found: dict[str, Any] = json.loads(download(page, "#save-corrections", folder).read_text(encoding="utf-8"))
    return found

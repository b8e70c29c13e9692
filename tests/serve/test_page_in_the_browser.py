"""What a user does with the page, in a real browser, step by step; the digitizer is a stand-in."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from drawn_page import FakeDigitizer, drawn
from PIL import Image
from serve_running import running
from serve_stand_in import REFUSED_COLOUR, StandIn, png, settings

from digitize import infer
from ecg import read

pytest.importorskip("playwright", reason="no playwright here (pip install 'galvano[test]')")
from serve_browser import CHROMIUM, MISSING, chromium, corrections, download, drag, drop, opened, shoot, to_screen

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CHROMIUM.exists(), reason=MISSING)]

if CHROMIUM.exists():
    from playwright.sync_api import Browser, Page, expect


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """With one page that was read."""
    with opened(browser, address) as found:
        drop(found, ("scan.png", png()))
        expect(found.locator("#pages small")).to_have_text("read")
        yield found


def place_px(number: int, time_s: float, mv: float) -> np.ndarray:
    """Where a value of a box stands on the drawn page."""
    reading = drawn()
    box, layout = reading.layout.boxes[number], reading.layout
    mm = np.array([box.box_mm[0] + (time_s - box.t0_s) * layout.mm_per_s, box.baseline_mm - mv * layout.mm_per_mv])
    return reading.geometry.to_px(mm)


def line_px(number: int, t0_s: float, t1_s: float, mv: float) -> np.ndarray:
    return np.array([place_px(number, t, mv) for t in np.linspace(t0_s, t1_s, 4)])


def csv_of(page: Page, folder: Path) -> np.ndarray:
    return read(download(page, "[data-format=csv]", folder))["aVF"]


def by_command_line(folder: Path, monkeypatch: pytest.MonkeyPatch, fixes: Path | None = None) -> Path:
    """The folder that `digitize.infer` writes of the same page, with the page's corrections."""
    monkeypatch.setattr("digitize.engines.load_digitizer", lambda *_: StandIn(FakeDigitizer()))
    (folder / "scan.png").write_bytes(png())
    argv = ["--image", str(folder / "scan.png"), "--output", str(folder / "out")]
    assert infer.main(argv + (["--corrections", str(fixes)] if fixes else [])) == 0
    return folder / "out"


def test_a_dropped_page_shows_curves_signal_diagnosis_and_warnings(page: Page) -> None:
    expect(page.locator("#stage .box")).to_have_count(13)
    expect(page.locator("#sheet svg")).to_be_visible()
    expect(page.locator("#warnings li").first).to_have_text("speed assumed")
    expect(page.locator("#verdict")).not_to_have_text("working …")
    expect(page.locator("#measurements tr").first).to_be_visible()
    shoot(page, "read")


def test_a_stroke_redraws_a_stretch_and_can_be_undone(page: Page, tmp_path: Path) -> None:
    before = csv_of(page, tmp_path)
    page.click("[data-mode=draw]")
    drag(page, line_px(9, 3.0, 3.5, 0.7))
    expect(page.locator("#status")).to_have_text("Corrected.")
    shoot(page, "stroke")
    after = csv_of(page, tmp_path)
    np.testing.assert_allclose(after[1510:1740], 0.7, atol=0.03)
    np.testing.assert_array_equal(after[1800:2500], before[1800:2500])
    page.click("#undo")
    np.testing.assert_array_equal(csv_of(page, tmp_path), before)
    page.click("#redo")
    np.testing.assert_array_equal(csv_of(page, tmp_path), after)


def test_a_stretch_is_hidden_and_so_is_a_lead(page: Page, tmp_path: Path) -> None:
    drag(page, np.array([place_px(9, 3.0, 0.0), place_px(9, 3.6, 0.0)]))
    expect(page.locator("#stage .stretch")).to_be_visible()
    shoot(page, "selected")
    page.keyboard.press("Delete")
    expect(page.locator("#status")).to_have_text("Corrected.")
    hidden = np.isnan(csv_of(page, tmp_path))
    assert hidden[1510:1790].all() and not hidden[1850:2400].any()
    drag(page, np.array([place_px(9, 4.4, 0.0)] * 2))
    page.click("#hide")
    expect(page.locator("#warnings")).to_contain_text("aVF was corrected by hand from 2.50 to")
    assert np.isnan(csv_of(page, tmp_path)).all()


def test_name_layout_speed_and_gain_are_chosen(page: Page, tmp_path: Path) -> None:
    expect(page.locator("#lead")).to_be_disabled()
    drag(page, np.array([place_px(0, 1.0, 0.0)] * 2))
    page.select_option("#lead", "V6")
    expect(page.locator("#stage .box").first).to_have_attribute("aria-label", "V6, box 1, confidence 80 %")
    page.select_option("#gain", "5")
    expect(page.locator("#warnings")).to_contain_text("5 mm/mV")
    page.select_option("#speed", "50")
    expect(page.locator("#warnings")).to_contain_text("50 mm/s")
    page.select_option("#layout", "cabrera-3x4+1")
    expect(page.locator("#stage .box").first).to_have_attribute("aria-label", "aVL, box 1, confidence 80 %")
    shoot(page, "cabrera")
    steps = corrections(page, tmp_path)["scan"]["steps"]
    assert steps == [{"box": 0, "lead": "V6"}, {"mm_per_mv": 5}, {"mm_per_s": 50}, {"layout": "cabrera-3x4+1"}]


def test_a_choice_that_does_not_fit_is_said_in_words_and_changes_nothing(page: Page) -> None:
    page.select_option("#layout", "12x1")
    expect(page.locator("#status")).to_contain_text("the page has 4 rows, but 12x1 has 12")
    expect(page.locator("#layout")).to_have_value("3x4+1")


def test_corners_are_dragged_and_moved_by_keys_under_a_loupe_and_the_page_is_read_again(
    page: Page, tmp_path: Path
) -> None:
    page.click("[data-mode=corners]")
    first = page.locator("#stage .handle").first
    x, y = to_screen(page, drawn().geometry.to_px(np.array([[0.0, 0.0]])))[0]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y + 12, steps=4)
    expect(page.locator("#loupe")).to_be_visible()
    shoot(page, "loupe")
    page.mouse.up()
    dragged = first.get_attribute("cx")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    assert float(first.get_attribute("cx") or 0) == pytest.approx(float(dragged or 0) + 1, abs=0.11)
    page.click("#read-again")
    expect(page.locator("#status")).to_have_text("scan was read again.")
    found = corrections(page, tmp_path)["scan"]["corners_px"]
    assert found[0][0] == pytest.approx(float(dragged or 0) + 1, abs=0.11) and len(found) == 4
    page.click("#undo")
    assert corrections(page, tmp_path) == {}


def test_strokes_go_along_when_the_page_is_read_again_or_are_said_to_be_lost(page: Page, tmp_path: Path) -> None:
    page.click("[data-mode=draw]")
    drag(page, line_px(9, 3.0, 3.5, 0.7))
    expect(page.locator("#status")).to_have_text("Corrected.")
    stroke = corrections(page, tmp_path)["scan"]["steps"]
    page.click("[data-mode=corners]")
    drag(page, np.array([[20.0, 20.0], [28.0, 20.0]]))
    page.click("#read-again")
    expect(page.locator("#status")).to_have_text("scan was read again; your corrections by hand were kept: 1.")
    expect(page.locator("#warnings")).to_contain_text("aVF was corrected by hand")
    found = corrections(page, tmp_path)["scan"]
    assert found["steps"] == stroke and len(found["corners_px"]) == 4
    drag(page, np.array([[28.0, 20.0], [428.0, 20.0]]))
    page.click("#read-again")
    expect(page.locator("#status")).to_contain_text("no curve lies there any more: 1. Undo brings them back.")
    assert "steps" not in corrections(page, tmp_path)["scan"]
    page.click("#undo")
    assert corrections(page, tmp_path)["scan"] == found


def test_every_format_holds_what_the_command_line_writes(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.click("[data-mode=draw]")
    drag(page, line_px(9, 3.0, 3.5, 0.7))
    expect(page.locator("#status")).to_have_text("Corrected.")
    fixes = download(page, "#save-corrections", tmp_path)
    assert fixes.name == "scan.corrections.json"
    out = by_command_line(tmp_path, monkeypatch, fixes)
    names = page.locator("#formats button").evaluate_all("all => all.map((button) => button.dataset.format)")
    assert {"csv", "wfdb", "report", "overlay", "reading"} <= set(names)
    expected = read(out / "scan.csv")
    for name in names:
        path = download(page, f"[data-format={name}]", tmp_path)
        assert path.name.startswith("scan.") and path.stat().st_size > 1000, name
        if name == "csv":
            assert path.read_bytes() == (out / "scan.csv").read_bytes()
        elif name == "overlay":
            np.testing.assert_array_equal(
                np.asarray(Image.open(path)), np.asarray(Image.open(out / "scan.overlay.png"))
            )
        elif name == "reading":
            assert json.loads(path.read_text())["traces"] == json.loads((out / "scan.json").read_text())["traces"]
        elif name in ("json", "dicom", "aecg", "edf", "bdf", "fhir", "parquet"):
            again = read(path)
            for lead in again.leads:
                np.testing.assert_allclose(again[lead][:5000], expected[lead], atol=3e-3, err_msg=f"{name} {lead}")


def test_corrections_are_saved_and_replayed_here(page: Page, tmp_path: Path, browser: Browser, address: str) -> None:
    page.click("[data-mode=draw]")
    drag(page, line_px(9, 3.0, 3.5, 0.7))
    expect(page.locator("#status")).to_have_text("Corrected.")
    page.select_option("#gain", "20")
    expect(page.locator("#warnings")).to_contain_text("20 mm/mV")
    after = csv_of(page, tmp_path)
    fixes = download(page, "#save-corrections", tmp_path)
    with opened(browser, address) as other:
        drop(other, ("scan.png", png()))
        expect(other.locator("#pages small")).to_have_text("read")
        other.set_input_files("#load-corrections", fixes)
        expect(other.locator("#status")).to_have_text("The corrections of 1 pages were replayed.")
        np.testing.assert_array_equal(csv_of(other, tmp_path), after)


def test_a_queue_of_ten_pages_goes_on_past_one_that_is_refused(browser: Browser, address: str, tmp_path: Path) -> None:
    with opened(browser, address) as page:
        files = [(f"p{number}.png", png(REFUSED_COLOUR if number == 3 else None)) for number in range(10)]
        drop(page, *files)
        expect(page.locator("#pages button", has_text="not read")).to_have_count(1)
        expect(page.locator("#pages small", has_text="waiting")).to_have_count(0)
        for number in range(9):
            expect(page.locator("#page-name")).to_have_text(f"p{number}")
            if number == 3:
                expect(page.locator("#problem")).to_contain_text("no grid and no traces were found")
                shoot(page, "refused")
            page.click("#next")
        expect(page.locator("#next")).to_be_disabled()
        page.click("#previous")
        expect(page.locator("#page-name")).to_have_text("p8")


def test_several_pages_of_one_file_stand_in_the_queue(browser: Browser, address: str) -> None:
    data, sheet = io.BytesIO(), Image.open(io.BytesIO(png()))
    sheet.save(data, "TIFF", save_all=True, append_images=[sheet], compression="tiff_deflate")
    with opened(browser, address) as page:
        drop(page, ("two.tif", data.getvalue()))
        expect(page.locator("#pages button")).to_have_count(2)
        expect(page.locator("#pages button").nth(1)).to_contain_text("two-p2")


def test_a_picture_is_pasted(browser: Browser, address: str) -> None:
    with opened(browser, address) as page:
        page.evaluate(
            """(data) => { const all = new DataTransfer(); all.items.add(new File([new Uint8Array(data)], "image.png"));
            document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: all })); }""",
            list(png()),
        )
        expect(page.locator("#pages small")).to_have_text("read")


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus."""
    for _ in range(80):
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no Tab reaches {selector}")


def test_the_keyboard_suffices(page: Page, tmp_path: Path) -> None:
    before = csv_of(page, tmp_path)
    page.locator("body").press("Tab")
    tab_to(page, "[data-mode=draw]")
    page.keyboard.press("Enter")
    tab_to(page, "[data-box='9']")
    for key in ("ArrowUp", " ", *["Shift+ArrowRight"] * 4, " ", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#status")).to_have_text("Corrected.")
    assert not np.array_equal(csv_of(page, tmp_path), before, equal_nan=True)
    page.keyboard.press("Control+z")
    expect(page.locator("#status")).to_have_text("Undone.")
    tab_to(page, "[data-box='8']")
    page.keyboard.press("Delete")
    expect(page.locator("#status")).to_have_text("Corrected.")
    tab_to(page, "#gain")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#warnings")).to_contain_text("20 mm/mV")
    tab_to(page, "[data-mode=corners]")
    page.keyboard.press("Enter")
    tab_to(page, ".handle")
    page.keyboard.press("ArrowLeft")
    tab_to(page, "#read-again")
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_contain_text("scan was read again; your corrections by hand were kept: 1.")
    tab_to(page, "[data-format=csv]")
    with page.expect_download():
        page.keyboard.press("Enter")


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_narrow_and_dark_windows_show_all_of_it(browser: Browser, address: str, width: int, scheme: str) -> None:
    with opened(browser, address, viewport={"width": width, "height": 844}, color_scheme=scheme) as page:
        drop(page, ("scan.png", png()))
        expect(page.locator("#pages small")).to_have_text("read")
        expect(page.locator("#verdict")).not_to_have_text("working …")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, background[4:-1].split(","))) < 200) == (scheme == "dark")
        page.click("[data-mode=draw]")
        drag(page, line_px(9, 3.0, 3.5, 0.7))
        expect(page.locator("#status")).to_have_text("Corrected.")
        shoot(page, f"{scheme}-{width}")


@pytest.mark.parametrize(("language", "words"), [("de", "Zeichnen"), ("zh", "描绘")])
def test_the_page_speaks_other_languages(page: Page, language: str, words: str) -> None:
    page.select_option("#language", language)
    expect(page.locator("[data-mode=draw]")).to_have_text(words)
    assert page.evaluate("document.documentElement.lang") == language
    shoot(page, language)


def test_a_token_opens_the_page_and_is_not_left_in_the_address(browser: Browser, tmp_path: Path) -> None:
    token = "correct horse battery"
    with running(settings(token=token), ready=False) as address, opened(browser, address) as page:
        expect(page.locator("#status")).to_contain_text("A token is needed")
        page.goto("about:blank")
        page.goto(f"{address}#token={token.replace(' ', '%20')}")
        expect(page.locator("#formats button")).not_to_have_count(0)  # these the server gives to those who have it
        assert "token" not in page.url


def test_the_interface_for_programs_has_its_page(browser: Browser, address: str) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{address}docs")
        expect(page.locator("h2", has_text="POST /v1/readings/reread")).to_be_visible()
        expect(page.locator("h2", has_text="GET /v1/health")).to_be_visible()
        shoot(page, "docs")

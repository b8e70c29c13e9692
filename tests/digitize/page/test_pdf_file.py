"""PDFs that ask for more than a page may take, or that are no documents at all, end soon and in words."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from cases import case
from PIL import Image

from digitize.errors import PageError
from digitize.page import pdf_file, pdf_render
from digitize.page.open import open_pages


def write_pdf(path: Path, page: str, forms: Iterable[tuple[str, str]] = (), box: str = "0 0 800 500") -> Path:
    """A PDF of one page; a form is (what it draws, the number of the form that it may call /F)."""
    objects = [
        "<</Type /Catalog /Pages 2 0 R>>",
        "<</Type /Pages /Kids [3 0 R] /Count 1>>",
        f"<</Type /Page /Parent 2 0 R /MediaBox [{box}] /Contents 4 0 R /Resources <</XObject <</F 5 0 R>>>>>>",
        f"<</Length {len(page)}>> stream\n{page}\nendstream",
    ]
    for content, called in forms:
        head = f"/Type /XObject /Subtype /Form /BBox [0 0 800 500] /Resources <</XObject <</F {called} 0 R>>>>"
        objects.append(f"<<{head} /Length {len(content)}>> stream\n{content}\nendstream")
    text = "%PDF-1.4\n"
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(text))
        text += f"{number} 0 obj {content} endobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"trailer <</Root 1 0 R /Size {len(objects) + 1}>>\nstartxref\n{len(text)}\n%%EOF\n"
    path.write_text(f"{text}xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{end}")
    return path


def draws_itself(path: Path) -> Path:
    """A form that draws itself twice, without end."""
    return write_pdf(path, "/F Do", [("/F Do /F Do", "5")])


def laughs(path: Path, depth: int) -> Path:
    """Forms that each draw the next one ten times: 10 ** depth strokes in a few hundred bytes."""
    forms = [("/F Do " * 10, str(6 + i)) for i in range(depth)]
    return write_pdf(path, "/F Do", [*forms, ("10 10 m 700 400 l S", "5")])


@pytest.fixture
def tight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that are reached sooner, in the process that draws, too."""
    render = f"import {pdf_render.__name__} as r; r.MEMORY_BYTES = 6 * 10**8; r.CPU_S_PER_PAGE = 4; r.main()"
    monkeypatch.setattr(pdf_file, "_RENDER", render)


@pytest.mark.parametrize("bomb", [draws_itself, lambda path: laughs(path, 7)], ids=["itself", "laughs"])
@pytest.mark.slow
def test_a_page_that_asks_for_all_there_is_ends_in_words(tmp_path: Path, bomb: object, tight: None) -> None:
    path = bomb(tmp_path / "bomb.pdf")  # type: ignore[operator]
    began = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with pytest.raises(PageError, match="too much memory or time") as caught:
        open_pages(path)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert caught.value.code == "pdf-too-costly" and str(path) in str(caught.value)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 10
    assert time.monotonic() - began < 120  # on a machine that does much else besides


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pdf_form_bomb/laughs7.pdf", "pdf_self_form/pdf_selfform.pdf"])
def test_reported_cases_end_within_the_usual_limits(name: str) -> None:
    folder, _, file = name.partition("/")
    with pytest.raises(PageError) as caught:
        open_pages(case(folder) / file)
    assert caught.value.code == "pdf-too-costly"


@pytest.mark.slow
def test_a_few_forms_within_forms_are_drawn(tmp_path: Path) -> None:
    (page,) = open_pages(laughs(tmp_path / "a.pdf", 2))
    assert page.pixels.min() < 100
    assert page.drawing is not None and len(page.drawing.strokes) == 100


def test_a_process_that_does_not_answer_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_file, "PATIENCE_S", 0.5)
    monkeypatch.setattr(pdf_file, "_RENDER", "import time; time.sleep(60)")
    began = time.monotonic()
    with pytest.raises(PageError, match="too much memory or time"):
        open_pages(write_pdf(tmp_path / "a.pdf", ""))
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("box", "code"),
    [("0 0 0 0", None), ("0 0 14000 100", "page-too-long"), ("0 0 9 7", "page-too-small")],
)
@pytest.mark.slow
def test_pages_of_odd_sizes_are_refused_by_their_size(tmp_path: Path, box: str, code: str | None) -> None:
    path = write_pdf(tmp_path / "a.pdf", "10 10 m 700 400 l S", box=box)
    if code is None:  # PDFium takes letter size instead
        assert len(open_pages(path)) == 1
        return
    with pytest.raises(PageError) as caught:
        open_pages(path)
    assert caught.value.code == code


def test_a_page_after_a_damaged_one_is_said_not_to_be_read(tmp_path: Path) -> None:
    sheet = Image.effect_noise((120, 80), 50)
    sheet.save(tmp_path / "a.tif", save_all=True, append_images=[sheet, sheet])
    content = bytearray((tmp_path / "a.tif").read_bytes())
    with Image.open(tmp_path / "a.tif") as image:
        image.seek(1)
        offset = image.tag_v2[273][0]
        entry = content.index(int(offset).to_bytes(4, "little"))
    content[entry : entry + 4] = (10**9).to_bytes(4, "little")
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(PageError, match=r"a\.tif, page 2 \(the pages after it are not read\)"):
        open_pages(tmp_path / "a.tif")

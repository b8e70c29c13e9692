"""What the addresses below /v1 answer, with a stand-in for the digitizer."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_page import drawn
from PIL import Image
from serve_stand_in import CRASH_COLOUR, REFUSED_COLOUR, png
from starlette.testclient import TestClient

from ecg import read, write
from ecg.reading import Reading


@pytest.fixture(scope="module")
def page(client: TestClient) -> dict[str, Any]:
    answer = client.post("/v1/readings", files={"files": ("Müller, Anna.png", png())})
    assert answer.status_code == 200, answer.text
    (found,) = answer.json()["pages"]
    return found


def state_of(page: dict[str, Any], *steps: object) -> dict[str, tuple[str, str]]:
    return {"reading": ("reading", json.dumps({"reading": page["reading"], "steps": steps}))}


def signal(view: dict[str, Any], lead: str) -> np.ndarray:
    record = view["record"]
    return np.array(record["signal_mv"][record["leads"].index(lead)], dtype=float)


def stroke(reading: Reading, number: int, t0_s: float, t1_s: float, mv: float) -> list[list[float]]:
    box, layout = reading.layout.boxes[number], reading.layout
    x_mm = box.box_mm[0] + (np.array([t0_s, t1_s]) - box.t0_s) * layout.mm_per_s
    y_mm = np.full(2, box.baseline_mm - mv * layout.mm_per_mv)
    return reading.geometry.to_px(np.stack([x_mm, y_mm], axis=-1)).tolist()


def test_a_page_comes_back_with_all_that_there_is_to_see(page: dict[str, Any]) -> None:
    view = page["view"]
    assert (view["layout"], view["mm_per_s"], view["mm_per_mv"]) == ("3x4+1", 25, 10)
    assert len(view["boxes"]) == 13 and view["warnings"] == ["speed assumed"]
    assert page["picture"]["data"].startswith("data:image/jpeg;base64,")
    assert "<svg" in view["sheet_svg"]
    np.testing.assert_allclose(signal(view, "V1"), np.round(drawn().record["V1"].astype(float), 4), atol=1e-9)
    assert "Müller" not in json.dumps(page)


def test_several_files_answer_each_for_itself(client: TestClient) -> None:
    files = [("files", (name, data)) for name, data in (("a", png()), ("b", b"no picture"), ("c", png(REFUSED_COLOUR)))]
    pages = client.post("/v1/readings", files=files).json()["pages"]
    assert [page["file"] for page in pages] == [0, 1, 2]
    assert "view" in pages[0] and "reading" in pages[0]
    assert pages[1]["problem"]["code"] == "unreadable" and "not a picture" in pages[1]["problem"]["detail"]
    assert pages[2]["problem"] == {
        "type": "urn:galvano:problem:page-refused", "title": "The page was not read", "status": 422,
        "detail": "no grid and no traces were found", "code": "page-refused",
        "reason": "not-an-ecg",
    }  # fmt: skip
    assert pages[2]["picture"] and len(pages[2]["corners_px"]) == 4  # so that a person can help


def test_one_file_that_cannot_be_opened_is_a_problem_of_the_request(client: TestClient) -> None:
    answer = client.post("/v1/readings", files={"files": ("x.png", b"GIF89a broken")})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert "galvano-" not in answer.text and "/tmp" not in answer.text


def test_a_fault_of_the_program_is_said_to_be_one(client: TestClient) -> None:
    (page,) = client.post("/v1/readings", files={"files": ("x.png", png(CRASH_COLOUR))}).json()["pages"]
    assert page["problem"]["code"] == "internal" and "report" in page["problem"]["detail"]


def test_a_stroke_changes_the_signal_and_nothing_else(client: TestClient, page: dict[str, Any]) -> None:
    points = stroke(drawn(), 9, 3.0, 3.5, 0.7)
    view = client.post("/v1/readings/correct", files=state_of(page, {"lead": "aVF", "points_px": points})).json()
    time_s = drawn().record.time_s
    inside, outside = (time_s > 3.005) & (time_s < 3.495), (time_s < 2.99) | (time_s > 3.51)
    np.testing.assert_allclose(signal(view, "aVF")[inside], 0.7, atol=2e-3)
    np.testing.assert_allclose(signal(view, "aVF")[outside], signal(page["view"], "aVF")[outside], atol=1e-4)
    assert view["warnings"][-1] == "aVF was corrected by hand from 3.00 to 3.50 s"


def test_steps_follow_each_other(client: TestClient, page: dict[str, Any]) -> None:
    steps = [{"box": 0, "lead": "V6"}, {"mm_per_mv": 5, "mm_per_s": 50}, {"layout": "cabrera-3x4+1"}]
    renamed = client.post("/v1/readings/correct", files=state_of(page, steps[0])).json()
    assert renamed["boxes"][0]["lead"] == "V6"
    changed = client.post("/v1/readings/correct", files=state_of(page, *steps)).json()
    assert (changed["layout"], changed["mm_per_s"], changed["mm_per_mv"]) == ("cabrera-3x4+1", 50, 5)
    assert changed["boxes"][0]["lead"] == "aVL"


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([{"lead": "V1", "points_px": [[0, 0], [1, 1]]}], "step 1: no box of V1 holds the points"),
        ([{"layout": "9x9"}], "step 1: unknown layout"),
        ([{"box": 99, "lead": "I"}], "step 1: there is no box 99"),
        ([{"mm_per_s": 1e9}], "between 1 and 200"),
        ([{"nonsense": 1}], "a step holds"),
    ],
)
def test_steps_that_make_no_sense_are_refused(
    client: TestClient, page: dict[str, Any], steps: list[object], words: str
) -> None:
    answer = client.post("/v1/readings/correct", files=state_of(page, *steps))
    assert answer.status_code == 422 and words in answer.json()["detail"]


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"reading": {}}', "[" * 100_000, '{"reading": {"size_px": [1e99, 1]}}']
)
def test_a_reading_that_is_none_is_refused(client: TestClient, text: str) -> None:
    answer = client.post("/v1/readings/correct", files={"reading": ("r", text)})
    assert answer.status_code == 422 and answer.json()["code"] == "wrong-value"


def test_a_page_is_read_again_with_what_is_known(client: TestClient) -> None:
    corners = json.dumps([[60, 20], [900, 20], [900, 400], [60, 400]])
    data = {"corners_px": corners, "layout": "3x4+1", "mm_per_s": "50"}
    found = client.post("/v1/readings/reread", files={"file": ("x", png())}, data=data).json()
    assert (found["view"]["layout"], found["view"]["mm_per_s"]) == ("3x4+1", 50)
    moved = np.array(found["view"]["boxes"][0]["outline_px"][0]) - drawn().geometry.to_px(np.array([0.0, 0.0]))
    np.testing.assert_allclose(moved, [40, 0], atol=0.1)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"corners_px": "[[0,0]]"}, "corners are four points"),
        ({"corners_px": "nonsense"}, "expected JSON"),
        ({"layout": "/etc/passwd.yaml"}, "layout: not one of"),
        ({"mm_per_s": "0"}, "mm_per_s"),
        ({"page": "3"}, "no page of that number"),
    ],
)
def test_what_is_known_must_make_sense(client: TestClient, data: dict[str, str], words: str) -> None:
    answer = client.post("/v1/readings/reread", files={"file": ("x", png())}, data=data)
    assert answer.status_code == 422 and words in answer.json()["detail"]


def test_every_format_holds_what_the_library_writes(client: TestClient, page: dict[str, Any], tmp_path: Path) -> None:
    rows = [row for row in client.get("/v1/formats").json() if row["writes"] and row["needs"] == "record"]
    assert {"csv", "wfdb"} <= {row["name"] for row in rows}
    for row in rows:
        if row["name"] == "report":
            continue
        answer = client.post("/v1/convert", files=state_of(page), data={"format": row["name"]})
        assert answer.status_code == 200, (row, answer.text)
        found = tmp_path / row["name"]
        found.mkdir()
        if 'filename="ecg.zip"' in answer.headers["content-disposition"]:
            zipfile.ZipFile(io.BytesIO(answer.content)).extractall(found)
        else:
            (found / f"ecg{row['suffix']}").write_bytes(answer.content)
        write(drawn().record, tmp_path / "own" / row["name"] / f"ecg{row['suffix']}", row["name"])
        for path in (tmp_path / "own" / row["name"]).iterdir():
            if path.suffix in (".csv", ".hea", ".dat"):
                assert (found / path.name).read_bytes() == path.read_bytes()


def test_recordings_are_converted_and_no_name_of_theirs_is_kept(client: TestClient, tmp_path: Path) -> None:
    write(drawn().record, tmp_path / "Anna Müller.hea")
    files = [("record", (path.name, path.read_bytes())) for path in sorted(tmp_path.iterdir())]
    answer = client.post("/v1/convert", files=files, data={"format": "csv"})
    assert answer.status_code == 200, answer.text
    (tmp_path / "back.csv").write_bytes(answer.content)
    np.testing.assert_allclose(read(tmp_path / "back.csv")["V1"], drawn().record["V1"], atol=1e-3)


def test_a_recording_that_cannot_be_read_says_why_without_a_path(client: TestClient) -> None:
    answer = client.post("/v1/convert", files={"record": ("x.csv", b"a,b\n1,2\n")}, data={"format": "csv"})
    assert answer.status_code == 422 and "expected a first line" in answer.json()["detail"]
    assert "galvano-" not in answer.text
    lonely = client.post("/v1/convert", files={"record": ("x.hea", b"x 1 500 10\n")}, data={"format": "csv"})
    assert "needs its signal file" in lonely.json()["detail"]


def test_a_reading_and_a_recording_are_diagnosed(client: TestClient, page: dict[str, Any]) -> None:
    found = client.post("/v1/diagnoses", files=state_of(page)).json()
    assert found["diagnosis"]["warnings"][0] == "speed assumed"
    assert any(row["known"] for row in found["measurements"]) and found["verdict"]
    csv = client.post("/v1/convert", files=state_of(page), data={"format": "csv"}).content
    alone = client.post("/v1/diagnoses", files={"record": ("a.csv", csv)}).json()
    assert alone["diagnosis"]["labels"] == found["diagnosis"]["labels"] or alone["diagnosis"]["leads_used"]


def test_papers_need_the_page(client: TestClient, page: dict[str, Any]) -> None:
    files = {**state_of(page), "file": ("x", png())}
    overlay = client.post("/v1/convert", files=files, data={"format": "overlay"})
    assert Image.open(io.BytesIO(overlay.content)).format == "PNG"
    reading = client.post("/v1/convert", files=state_of(page), data={"format": "reading"}).json()
    assert reading["layout"]["name"] == "3x4+1"
    missing = client.post("/v1/convert", files=state_of(page), data={"format": "overlay"})
    assert missing.status_code == 422 and "needs the page" in missing.json()["detail"]
    other = client.post(
        "/v1/convert", files={**state_of(page), "file": ("x", png(size_px=(300, 300)))}, data={"format": "overlay"}
    )
    assert "not the page that was read" in other.json()["detail"]


@pytest.mark.slow
def test_the_report_shows_page_and_diagnosis(client: TestClient, page: dict[str, Any]) -> None:
    files = {**state_of(page), "file": ("x", png())}
    text = client.post("/v1/convert", files=files, data={"format": "report", "title": "Page <1>"}).text
    assert "Page &lt;1&gt;" in text and "data:image/jpeg" in text


def test_unknown_formats_and_missing_parts_are_named(client: TestClient, page: dict[str, Any]) -> None:
    answer = client.post("/v1/convert", files=state_of(page), data={"format": "exe"})
    assert answer.status_code == 422 and "wfdb, csv" in answer.json()["detail"]
    assert client.post("/v1/convert", data={"format": "csv"}).json()["code"] == "wrong-value"
    assert client.post("/v1/readings").json()["detail"].startswith("files:")


def test_lists(client: TestClient) -> None:
    assert {"3x4+1", "12x1"} <= {row["name"] for row in client.get("/v1/layouts").json()}
    assert client.get("/v1/health").json()["workers"] == 2
    assert client.get("/v1/version").json()["max_pages"] == 4


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/v1/none", 404), ("GET", "/v1/convert", 405)])
def test_addresses_that_are_not_there_are_problems(client: TestClient, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


@pytest.mark.parametrize("kind", ["TIFF", "PDF"])
def test_pages_beyond_the_limit_are_left_out_with_words(client: TestClient, kind: str) -> None:
    data, sheet = io.BytesIO(), Image.open(io.BytesIO(png()))
    sheet.save(data, kind, save_all=True, append_images=[sheet] * 5)
    pages = client.post("/v1/readings", files={"files": ("x", data.getvalue())}).json()["pages"]
    assert ["view" in page for page in pages] == [True] * 4 + [False]
    assert pages[-1]["problem"]["code"] == "pages-too-many"


def test_a_picture_that_would_unpack_to_too_much_is_refused_by_its_head(client: TestClient) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    def bomb(side_px: int) -> bytes:
        head = chunk(b"IHDR", struct.pack(">IIBBBBB", side_px, side_px, 8, 2, 0, 0, 0))
        return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")

    for data in (bomb(5_000), bomb(60_000)):
        answer = client.post("/v1/readings", files={"files": ("x.png", data)})
        assert (answer.status_code, answer.json()["code"]) == (422, "picture-too-large")


def test_more_files_than_allowed_are_refused(client: TestClient) -> None:
    answer = client.post("/v1/readings", files=[("files", ("x", b"x"))] * 11)
    assert answer.status_code == 422 and "at most 10" in answer.json()["detail"]


def test_why_a_page_is_refused_has_a_code(client: TestClient) -> None:
    (page,) = client.post("/v1/readings", files={"files": ("x", png(REFUSED_COLOUR))}).json()["pages"]
    assert page["problem"]["reason"] == "not-an-ecg"
    broken = client.post("/v1/readings", files={"files": ("x", png()[:3000])})
    assert broken.json()["reason"] == "page-damaged"

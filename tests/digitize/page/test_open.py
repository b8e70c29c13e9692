"""Opening pages: every usual kind of picture, upright and RGB, or an error that says what to do."""

from __future__ import annotations

import io
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from digitize.errors import PageError
from digitize.page import image_file as picture
from digitize.page import limits
from digitize.page.open import expand_images, open_pages
from digitize.studies.batch_robustness import LOCKED_PDF

WIDTH, HEIGHT = 120, 80
RED, WHITE = (200, 30, 30), (255, 255, 255)


def sheet() -> Image.Image:
    """A white page whose upper left quarter is red, so that every turn shows."""
    image = Image.new("RGB", (WIDTH, HEIGHT), WHITE)
    image.paste(RED, (0, 0, WIDTH // 2, HEIGHT // 2))
    return image


def is_upright(pixels: np.ndarray) -> bool:
    height, width = pixels.shape[:2]
    quarters = [pixels[y, x].astype(int) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    near = [np.abs(q - colour).max() < 25 for q, colour in zip(quarters, [RED, WHITE, WHITE, WHITE], strict=True)]
    return all(near)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.webp", "a.bmp", "a.gif", "a.pdf"])
@pytest.mark.slow
def test_every_kind_of_picture_opens_as_upright_rgb(tmp_path: Path, name: str) -> None:
    sheet().save(tmp_path / name)
    (page,) = open_pages(tmp_path / name)
    assert is_upright(page.pixels)
    assert page.stem == "a"
    assert page.notes == ()


def test_heic_opens() -> None:
    """`sheet()` as a phone saves it; the package that reads HEIC cannot write it."""
    (page,) = open_pages(Path(__file__).with_name("sheet.heic"))
    assert is_upright(page.pixels)


def test_heic_without_its_package_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    (tmp_path / "phone.heic").write_bytes(b"\x00\x00\x00\x18ftypheic")
    with pytest.raises(PageError, match="pip install pi-heif"):
        open_pages(tmp_path / "phone.heic")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_the_cameras_orientation_is_honoured(tmp_path: Path, orientation: int, suffix: str) -> None:
    undo = {6: 8, 8: 6}.get(orientation, orientation)  # a quarter turn is undone by the other one
    turn = picture._TURNS.get(undo)
    stored = sheet() if turn is None else sheet().transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"photo{suffix}"
    stored.save(path, exif=exif)
    (page,) = open_pages(path)
    assert page.size_px == (WIDTH, HEIGHT)
    assert is_upright(page.pixels)


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "RGBA", "LA", "YCbCr", "I;16"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    grey = Image.new("L", (WIDTH, HEIGHT), 255)
    grey.paste(0, (0, 0, WIDTH // 2, HEIGHT))
    image = grey.convert("RGB").convert(mode) if mode != "I;16" else Image.fromarray(np.uint16(grey) * 257)
    path = tmp_path / ("a.tif" if mode in ("CMYK", "YCbCr") else "a.png")
    image.save(path)
    (page,) = open_pages(path)
    assert page.pixels[40, 20].max() <= 3
    assert page.pixels[40, 100].min() >= 252


def test_transparency_is_white_paper(tmp_path: Path) -> None:
    image = Image.new("RGBA", (WIDTH, HEIGHT), (0, 0, 0, 0))
    image.paste((*RED, 255), (0, 0, WIDTH // 2, HEIGHT // 2))
    image.save(tmp_path / "a.png")
    assert is_upright(open_pages(tmp_path / "a.png")[0].pixels)


@pytest.mark.parametrize(("full", "dtype"), [(4095, np.uint16), (65535, np.uint16), (1.0, np.float32)])
def test_deep_grey_is_scaled_by_its_own_depth(tmp_path: Path, full: float, dtype: type) -> None:
    values = np.linspace(0, full, WIDTH * HEIGHT).reshape(HEIGHT, WIDTH).astype(dtype)
    Image.fromarray(values).save(tmp_path / "a.tif")
    (page,) = open_pages(tmp_path / "a.tif")
    expected = values.astype(float) / full * 255
    assert np.abs(page.pixels[..., 0] - expected).max() <= 0.51


@pytest.mark.slow
def test_multi_page_tiff_and_pdf_give_all_pages(tmp_path: Path) -> None:
    blank = Image.new("RGB", (WIDTH, HEIGHT), WHITE)
    for name in ("a.tif", "a.pdf"):
        sheet().save(tmp_path / name, save_all=True, append_images=[blank, sheet()])
        pages = open_pages(tmp_path / name)
        assert [p.stem for p in pages] == ["a", "a-p2", "a-p3"]
        assert [is_upright(p.pixels) for p in pages] == [True, False, True]


@pytest.mark.slow
def test_pdf_is_drawn_at_300_dpi_and_large_sheets_at_less(tmp_path: Path) -> None:
    sheet().save(tmp_path / "a.pdf", resolution=30)  # 4 inches wide
    (page,) = open_pages(tmp_path / "a.pdf")
    assert page.dpi == 300
    assert page.size_px[0] == pytest.approx(1200, abs=2)
    sheet().save(tmp_path / "b.pdf", resolution=3)  # 40 inches
    (page,) = open_pages(tmp_path / "b.pdf")
    assert page.size_px[0] == pytest.approx(4000, abs=2)
    assert page.dpi == pytest.approx(100)


def test_an_animation_gives_its_first_picture_and_says_so(tmp_path: Path) -> None:
    other = Image.new("RGB", (WIDTH, HEIGHT), (0, 0, 255))
    sheet().save(tmp_path / "a.gif", save_all=True, append_images=[other])
    (page,) = open_pages(tmp_path / "a.gif")
    assert is_upright(page.pixels)
    assert "first of 2" in page.notes[0].text


def test_claimed_dpi_is_read(tmp_path: Path) -> None:
    sheet().save(tmp_path / "a.png", dpi=(200, 200))
    sheet().save(tmp_path / "b.png")
    assert open_pages(tmp_path / "a.png")[0].dpi == pytest.approx(200, abs=0.1)
    assert open_pages(tmp_path / "b.png")[0].dpi is None


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_huge_picture_is_shrunk_with_its_dpi_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setattr(picture, "_KEPT_PX", WIDTH * HEIGHT)
    sheet().resize((3 * WIDTH, 3 * HEIGHT)).save(tmp_path / f"a{suffix}", dpi=(600, 600))
    (page,) = open_pages(tmp_path / f"a{suffix}")
    assert page.size_px == (WIDTH, HEIGHT)
    assert page.dpi == pytest.approx(200, abs=0.1)
    assert is_upright(page.pixels)
    assert "360x240" in page.notes[0].text


def test_the_content_decides_and_not_the_suffix(tmp_path: Path) -> None:
    sheet().save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.pdf")
    assert is_upright(open_pages(tmp_path / "a.pdf")[0].pixels)


def png_bytes() -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((WIDTH, HEIGHT), 50).save(buffer, "PNG")
    return buffer.getvalue()


def bomb_bytes() -> bytes:
    """A PNG of a few kB whose header claims 60,000 x 60,000 px."""
    header = b"IHDR" + 2 * (60_000).to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    return png_bytes()[:12] + header + zlib.crc32(header).to_bytes(4, "big") + png_bytes()[33:]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"just some words, no picture at all", "not a picture"),
        (png_bytes()[:2000], "cut off"),
        (b"%PDF-1.7\n%garbage", "PDF"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x00" * 64, "damaged|not a picture"),
        (bomb_bytes(), "too many pixels"),
    ],
    ids=["empty", "text", "truncated png", "broken pdf", "broken heic", "bomb"],
)
def test_what_cannot_be_opened_is_named_with_the_reason(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "scan.png"
    path.write_bytes(content)
    with pytest.raises(PageError, match=words) as caught:
        open_pages(path)
    assert str(path) in str(caught.value)


@pytest.mark.slow
def test_an_encrypted_pdf_asks_for_a_copy_without_password(tmp_path: Path) -> None:
    path = tmp_path / "locked.pdf"
    path.write_bytes(LOCKED_PDF)
    with pytest.raises(PageError, match="password"):
        open_pages(path)


def test_missing_files_folders_and_specks_are_errors(tmp_path: Path) -> None:
    with pytest.raises(PageError, match="no such file"):
        open_pages(tmp_path / "none.png")
    with pytest.raises(PageError, match="folder"):
        open_pages(tmp_path)
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")
    with pytest.raises(PageError, match="1x1 px is too small"):
        open_pages(tmp_path / "dot.png")


def test_too_many_pixels_are_refused_before_decoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_LARGEST_PX", WIDTH * HEIGHT - 1)
    sheet().save(tmp_path / "a.png")
    with pytest.raises(PageError, match="megapixels"):
        open_pages(tmp_path / "a.png")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), kind=st.sampled_from(["PNG", "JPEG", "TIFF", "GIF", "BMP", "WEBP"]))  # PDF: studies/test_fuzz.py
def test_damaged_bytes_give_pages_or_a_page_error_and_nothing_else(
    tmp_path: Path, data: st.DataObject, kind: str
) -> None:
    buffer = io.BytesIO()
    sheet().save(buffer, kind)
    content = bytearray(buffer.getvalue())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=20)):
        content[place] = data.draw(st.integers(0, 255))
    path = tmp_path / "a.bin"
    path.write_bytes(content)
    try:
        assert all(page.pixels.dtype == np.uint8 for page in open_pages(path))
    except PageError as error:
        assert str(path) in str(error)


def test_expand_images_takes_files_folders_and_patterns_once_and_sorted(tmp_path: Path) -> None:
    for name in ("b.png", "a.JPG", "sub/c.tiff", "a.overlay.png", ".hidden.png", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    found = [tmp_path / "a.JPG", tmp_path / "b.png", tmp_path / "sub" / "c.tiff"]
    assert expand_images([tmp_path]) == found
    assert expand_images([tmp_path / "sub", tmp_path, tmp_path / "b.png"]) == found
    assert expand_images([str(tmp_path / "*.png")]) == [tmp_path / "b.png"]
    assert expand_images([str(tmp_path / "**/*")]) == found


def test_expand_images_keeps_what_is_named_and_refuses_what_is_empty(tmp_path: Path) -> None:
    named = [tmp_path / "missing.png", tmp_path / "odd.overlay.png", tmp_path / "scan[1].png"]
    named[2].write_bytes(b"x")
    assert expand_images(named) == named
    for nothing in (tmp_path / "empty", tmp_path / "*.jpg"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(ValueError, match=r"no pictures here; expected files that end in \.png"):
            expand_images([nothing])


@pytest.mark.parametrize("dpi", [(204, 98), (204, 196), (98, 204), (200, 200), (300, 2)])
def test_a_fax_gets_square_pixels_and_says_so(tmp_path: Path, dpi: tuple[int, int]) -> None:
    across, down = (max(1.0, other / own) if max(dpi) / min(dpi) < 4 else 1.0 for own, other in (dpi, dpi[::-1]))
    across, down = (1.0, 1.0) if max(across, down) < 1.1 else (across, down)
    squeezed = sheet().resize((round(WIDTH / across), round(HEIGHT / down)))
    squeezed.save(tmp_path / "fax.tif", dpi=dpi)
    (page,) = open_pages(tmp_path / "fax.tif")
    assert page.size_px == pytest.approx((WIDTH, HEIGHT), abs=2)
    assert is_upright(page.pixels)
    assert page.dpi == pytest.approx(max(dpi), abs=0.5)
    assert ["pixels-made-square"] * (across != down) == [note.code for note in page.notes]


def test_a_file_that_tells_only_the_shape_of_its_pixels_is_believed(tmp_path: Path) -> None:
    squeezed = sheet().resize((WIDTH, HEIGHT // 2))
    squeezed.save(tmp_path / "fax.tif", tiffinfo={282: 2.0, 283: 1.0, 296: 1})
    (page,) = open_pages(tmp_path / "fax.tif")
    assert page.size_px == (WIDTH, HEIGHT) and page.dpi is None
    assert [note.code for note in page.notes] == ["pixels-made-square"]


def test_a_turned_fax_is_stretched_before_it_is_turned(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 8
    sheet().transpose(Image.Transpose.ROTATE_270).resize((HEIGHT, WIDTH // 2)).save(
        tmp_path / "fax.jpg", dpi=(204, 102), exif=exif, quality=95
    )
    (page,) = open_pages(tmp_path / "fax.jpg")
    assert page.size_px == (WIDTH, HEIGHT) and is_upright(page.pixels)

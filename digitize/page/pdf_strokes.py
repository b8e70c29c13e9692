"""What a PDF page is drawn with: its lines and words, in the px of the picture that is made of it."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import numpy as np
import pypdfium2
import pypdfium2.raw as raw

from ecg.drawing import Drawing, Stroke, Word

_MOST_POINTS = 400_000  # a page with more is a map or a drawing, not an ECG
_BEZIER_STEPS = np.linspace(0.25, 1.0, 4)[:, None]
_PALEST = 250  # a stroke whose darkest channel is above this is white paint
_JOINED_PX = 0.02


def drawing_of(page: pypdfium2.PdfPage, size_px: tuple[int, int]) -> Drawing:
    """The strokes and words of a page drawn `size_px` (width, height) large; a scan has none."""
    to_px = _page_to_px(page, size_px)
    return Drawing(tuple(_joined(_strokes(page, to_px))), tuple(_words(page, to_px)))


def _page_to_px(page: pypdfium2.PdfPage, size_px: tuple[int, int]) -> np.ndarray:
    """The matrix [3, 3] from the page's own points (y upward, before any turn) to px (y downward)."""
    left, bottom, right, top = page.get_bbox()
    turned = {
        0: [[1, 0, -left], [0, -1, top]],
        90: [[0, 1, -bottom], [1, 0, -left]],
        180: [[-1, 0, right], [0, 1, -bottom]],
        270: [[0, -1, top], [-1, 0, right]],
    }[page.get_rotation()]
    scale = np.array(size_px) / np.array(page.get_size())
    return np.vstack([np.array(turned, float) * scale[:, None] - [[0, 0, 0.5], [0, 0, 0.5]], [0, 0, 1]])


def _strokes(page: pypdfium2.PdfPage, to_px: np.ndarray) -> Iterator[Stroke]:
    count = 0
    for part in page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH]):
        matrix = to_px @ _placed(part)
        style = _style(part, float(np.sqrt(abs(np.linalg.det(matrix[:2, :2])))))
        if style is None:
            continue
        for points in _lines(part):
            count += len(points)
            if count > _MOST_POINTS:
                return
            yield Stroke(np.array(points) @ matrix[:2, :2].T + matrix[:2, 2], style)


def _placed(part: pypdfium2.PdfObject) -> np.ndarray:
    """The matrix [3, 3] from a part's own coordinates to the page's, through all forms around it."""
    matrix = np.eye(3)
    while part is not None:
        a, b, c, d, e, f = part.get_matrix().get()
        matrix = np.array([[a, c, e], [b, d, f], [0, 0, 1]]) @ matrix
        part = part.container
    return matrix


def _style(part: pypdfium2.PdfObject, scale: float) -> tuple[float, int, int, int] | None:
    """(width in px, R, G, B) of a line; a filled shape has width 0; None for what is not seen."""
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(part.raw, fill, stroke)
    if not (fill.value or stroke.value):
        return None
    colour = [ctypes.c_uint() for _ in range(4)]
    (raw.FPDFPageObj_GetStrokeColor if stroke.value else raw.FPDFPageObj_GetFillColor)(part.raw, *colour)
    red, green, blue, opacity = (c.value for c in colour)
    if opacity == 0 or min(red, green, blue) > _PALEST:
        return None
    width = ctypes.c_float()
    raw.FPDFPageObj_GetStrokeWidth(part.raw, width)
    return round(width.value * scale, 2) if stroke.value else 0.0, red, green, blue


def _lines(part: pypdfium2.PdfObject) -> Iterator[list[tuple[float, float]]]:
    """The unbroken lines of a path, in its own coordinates; curves become short straight pieces."""
    points: list[tuple[float, float]] = []
    bezier: list[tuple[float, float]] = []
    x, y = ctypes.c_float(), ctypes.c_float()
    for i in range(raw.FPDFPath_CountSegments(part.raw)):
        segment = raw.FPDFPath_GetPathSegment(part.raw, i)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        kind, point = raw.FPDFPathSegment_GetType(segment), (x.value, y.value)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            if len(points) > 1:
                yield points
            points = [point]
        elif kind == raw.FPDF_SEGMENT_BEZIERTO:
            bezier.append(point)
            if len(bezier) == 3:
                points += _bezier(points[-1], *bezier)
                bezier = []
        else:
            points.append(point)
        if raw.FPDFPathSegment_GetClose(segment) and points:
            points.append(points[0])
    if len(points) > 1:
        yield points


def _bezier(*corners: tuple[float, float]) -> list[tuple[float, float]]:
    a, b, c, d = (np.array(corner) for corner in corners)
    t, s = _BEZIER_STEPS, 1 - _BEZIER_STEPS
    curve = s**3 * a + 3 * s**2 * t * b + 3 * s * t**2 * c + t**3 * d
    return [(float(x), float(y)) for x, y in curve]


def _joined(strokes: Iterator[Stroke]) -> Iterator[Stroke]:
    """Strokes of one style that go on where the last one ended become one: many programs draw curves in pieces."""
    parts: list[np.ndarray] = []
    style = None
    for stroke in strokes:
        if parts and style == stroke.style and np.abs(parts[-1][-1] - stroke.points_px[0]).max() < _JOINED_PX:
            parts.append(stroke.points_px[1:])
            continue
        if parts and style is not None:
            yield Stroke(np.concatenate(parts), style)
        parts, style = [stroke.points_px], stroke.style
    if parts and style is not None:
        yield Stroke(np.concatenate(parts), style)


def _words(page: pypdfium2.PdfPage, to_px: np.ndarray) -> Iterator[Word]:
    """The words as the text layer has them, split at white space."""
    text = page.get_textpage()
    letters: list[int] = []
    for i in range(text.count_chars() + 1):
        code = raw.FPDFText_GetUnicode(text, i) if i < text.count_chars() else 0
        if code and not chr(code).isspace():
            letters.append(i)
        elif letters:
            yield _word(text, letters, to_px)
            letters = []
    text.close()


def _word(text: pypdfium2.PdfTextPage, letters: list[int], to_px: np.ndarray) -> Word:
    boxes = np.array([text.get_charbox(i) for i in letters])  # left, bottom, right, top
    low, high = boxes[:, :2].min(0), boxes[:, 2:].max(0)
    x, y = to_px[:2, :2] @ ((low + high) / 2) + to_px[:2, 2]
    angle = -raw.FPDFText_GetCharAngle(text, letters[0])  # counterclockwise in the page's own frame
    right = to_px[:2, :2] @ [np.cos(-angle), np.sin(-angle)]
    name = "".join(chr(raw.FPDFText_GetUnicode(text, i)) for i in letters)
    return Word(name, (float(x), float(y)), float(np.degrees(np.arctan2(right[1], right[0]))))

"""Small whole files of every kind that is opened, and seeded damage to them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from safetensors.torch import save_file

from digitize.nets.word_net import WordNet, WordNetSpec
from ecg import formats
from ecg.fit import checkpoint
from ecg.leads import STANDARD
from ecg.record import Record

PICTURES = ("png", "jpg", "tif", "gif", "bmp", "webp")
# Every format that is written and read again, with the suffix of its files.
RECORDS: Mapping[str, str] = {row.name: row.suffixes[0] for row in formats.FORMATS if row.write and row.read}
TINY = WordNetSpec(stem=(2, 3), width=4, dilations=(1,))
_ODD = (
    "nan", "inf", "-inf", "1e309", "1e-320", "-1", "0", "99999999999999999999", "0.001", "1e6", "", "null", "true",
    "[]", "{}", '"', "'", "\x00", "\u00b5V", "=1+1", "1_000", "\u0661", "//", ":", "#", "-32768", "16x9+24",
    "500/0(0)", "4294967296",
)  # fmt: skip

Rng = np.random.Generator


def whole(kind: str, folder: Path, rng: Rng) -> Path:
    """Write an undamaged file of a kind; gives the file that is opened."""
    if kind == "pages":
        return _picture(folder, rng)
    if kind == "pdf":
        return _pdf(folder, rng)
    if kind == "checkpoints":
        return _weights(folder, rng)
    path = folder / f"a{RECORDS[kind]}"
    signal = rng.normal(0, 0.3, (12, int(rng.integers(1, 300)))).astype(np.float32)
    record = Record(signal, float(rng.choice([100, 250, 500, 1000])), STANDARD, meta={"age": 50})
    formats.write(record, path, kind)
    return path


def _picture(folder: Path, rng: Rng) -> Path:
    width, height = (int(rng.integers(64, 200)) for _ in range(2))
    sheet = Image.fromarray(rng.integers(0, 256, (height // 8 + 1, width // 8 + 1, 3), np.uint8)).resize(
        (width, height)
    )
    ending = str(rng.choice(PICTURES))
    several = ending in ("tif", "gif") and rng.random() < 0.3
    path = folder / f"a.{ending}"
    sheet.save(path, save_all=several, append_images=[sheet] * several)
    return path


def _pdf(folder: Path, rng: Rng) -> Path:
    """A scan in a PDF, or one that draws lines and words itself."""
    path = folder / "a.pdf"
    if rng.random() < 0.4:
        sheet = Image.new("RGB", (300, 200), "white")
        ImageDraw.Draw(sheet).line([(0, 100), (150, 20), (300, 100)], fill="black")
        sheet.save(path, resolution=50)
        return path
    grid = " ".join(f"{x} 0 m {x} 300 l S" for x in range(0, 400, 20))
    curve = "10 100 m " + " ".join(f"{x} {100 + 20 * np.sin(x / 9):.1f} l" for x in range(11, 390)) + " S"
    text = "BT /F1 12 Tf 20 150 Td (II 25 mm/s 10 mm/mV) Tj ET"
    path.write_bytes(_document(f"0.2 w {grid}\n{curve}\n{text}"))
    return path


def _document(drawn: str) -> bytes:
    parts = [
        "<</Type /Catalog /Pages 2 0 R>>",
        "<</Type /Pages /Kids [3 0 R] /Count 1>>",
        "<</Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents 4 0 R "
        "/Resources <</Font <</F1 <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>>>>>>>",
        f"<</Length {len(drawn)}>> stream\n{drawn}\nendstream",
    ]
    body = "".join(f"{number} 0 obj {part} endobj\n" for number, part in enumerate(parts, start=1))
    return f"%PDF-1.4\n{body}trailer <</Root 1 0 R /Size 5>>\n%%EOF\n".encode()


def _weights(folder: Path, rng: Rng) -> Path:
    """A checkpoint, or shipped weights with their card; a word network of a few numbers."""
    net = WordNet(TINY)
    if rng.random() < 0.5:
        save_file(net.state_dict(), folder / "names.safetensors")
        recipe = {"net": asdict(TINY), "pages": {"size_px": [96, 64]}}
        (folder / "names.json").write_text(json.dumps({"version": "names-0", "recipe": recipe}))
        return folder / "names.safetensors"
    state = {
        "model": net.state_dict(), "optimiser": {"state": {}, "param_groups": []}, "schedule": {"last": 0}, "epoch": 1,
        "step_in_epoch": 0, "step": 3, "best_metric": 0.5, "rng": torch.get_rng_state(),
        "recipe": {"kind": "names", "net": asdict(TINY)}, "ema": {},
    }  # fmt: skip
    checkpoint.save(folder / "a.pth", state)
    return folder / "a.pth"


# --- damage -----------------------------------------------------------------------------------------------------------


def damage(path: Path, rng: Rng) -> None:
    """Spoil the file, or another that belongs to it, in one to four places."""
    beside = sorted(file for file in path.parent.iterdir() if file.is_file())
    chosen = beside[int(rng.integers(len(beside)))] if rng.random() < 0.6 else path
    content = bytearray(chosen.read_bytes())
    is_state = chosen.suffix == ".pth" and rng.random() < 0.5
    for _ in range(int(rng.choice([1, 1, 1, 2, 4]))):
        ways = _TEXT if chosen.suffix in (".hea", ".csv", ".json", ".xml", ".pdf") and rng.random() < 0.7 else _BYTES
        content = _other_state(content, rng) if is_state else ways[int(rng.integers(len(ways)))](content, rng)
    chosen.write_bytes(content)


def _span(content: bytearray, rng: Rng) -> tuple[int, int]:
    start = int(rng.integers(0, max(1, len(content))))
    return start, min(len(content), start + int(2 ** rng.uniform(0, 10)))


def _overwritten(content: bytearray, rng: Rng) -> bytearray:
    a, b = _span(content, rng)
    return content[:a] + bytearray(rng.bytes(min(8, b - a))) + content[min(b, a + 8) :]


def _extreme(content: bytearray, rng: Rng) -> bytearray:
    a, _ = _span(content, rng)
    value = bytes.fromhex(str(rng.choice(["00000000", "ffffffff", "7fffffff", "80000000", "00010000", "ff"])))
    return content[:a] + value + content[a + len(value) :]


def _cut(content: bytearray, rng: Rng) -> bytearray:
    return content[: int(rng.integers(0, len(content) + 1))]


def _without(content: bytearray, rng: Rng) -> bytearray:
    a, b = _span(content, rng)
    return content[:a] + content[b:]


def _twice(content: bytearray, rng: Rng) -> bytearray:
    a, b = _span(content, rng)
    return content[:b] + content[a:b] * int(rng.choice([1, 2, 200])) + content[b:]


def _bit(content: bytearray, rng: Rng) -> bytearray:
    if content:
        content[int(rng.integers(len(content)))] ^= 1 << int(rng.integers(8))
    return content


_BYTES: tuple[Callable[[bytearray, Rng], bytearray], ...] = (_overwritten, _extreme, _cut, _without, _twice, _bit)


def _tokens(content: bytearray) -> list[tuple[int, int]]:
    """The first few thousand runs of letters, digits, points and signs."""
    marks = np.frombuffer(bytes(content[:40_000]), np.uint8)
    is_word = np.isin(marks, np.frombuffer(b"0123456789.-+eEabcdfghIijklmnopqrstuvwxyzVRLFm", np.uint8))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], is_word.view(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _odd_token(content: bytearray, rng: Rng) -> bytearray:
    found = _tokens(content)[: int(rng.choice([20, 100, 10_000]))]  # heads hold what matters most
    if not found:
        return content
    a, b = found[int(rng.integers(len(found)))]
    return content[:a] + bytearray(str(rng.choice(_ODD)).encode()) + content[b:]


def _odd_line(content: bytearray, rng: Rng) -> bytearray:
    lines = content.split(b"\n")
    at = int(rng.integers(min(len(lines), int(rng.choice([4, 20, 10_000])))))
    new = rng.choice(["", "#", ",,,", "[" * 3000, '"' + "9" * 200_000, "a 1 500", "a.dat 16 1000(0)/mV 16 0 0 0 0 II"])
    lines[at : at + int(rng.integers(0, 2))] = [bytearray(str(new).encode())]
    return bytearray(b"\n").join(lines)


_TEXT = (_odd_token, _odd_token, _odd_line, _without, _twice)


def _other_state(content: bytearray, rng: Rng) -> bytearray:
    """A checkpoint that torch can read, with other things under its keys."""
    state = torch.load(io.BytesIO(bytes(content)), weights_only=True)
    place, key = state, None
    while isinstance(place, dict) and place and (key is None or rng.random() < 0.4):
        parent, key = place, list(place)[int(rng.integers(len(place)))]
        place = place[key]
    odd: tuple[object, ...] = (
        None,
        [],
        {},
        3,
        "x",
        float("nan"),
        torch.zeros(0),
        torch.full((3, 3), float("inf")),
        {"a": {"b": 1}},
        -1,
    )
    if rng.random() < 0.3:
        del parent[key]
    else:
        parent[key] = odd[int(rng.integers(len(odd)))]
    out = io.BytesIO()
    torch.save(state, out)
    return bytearray(out.getvalue())

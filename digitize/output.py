"""Where results go: no result takes the files of an input, of another result or, unasked, of an earlier run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from digitize.engines import Digitize, ask, asking
from digitize.page.open import DRAWN_SUFFIX, SUFFIXES
from digitize.stages import PageHints
from ecg.cli import WRITTEN_FORMATS
from ecg.files import InputError, check_writable
from ecg.formats import write
from ecg.formats.table import FORMATS, by_name, of_new_file
from ecg.page import Page
from ecg.reading import Reading
from ecg.record import Record

DEFAULT_FORMATS = ("csv", "wfdb")  # of the signal of a reading; its JSON and overlay lie beside it
# What a name that ends so means is a file; any other dot belongs to a folder's name: results_v1.2.
FILE_SUFFIXES = {
    *SUFFIXES, *(ending for row in FORMATS for ending in row.endings),
    ".txt", ".tsv", ".xls", ".xlsx", ".ods", ".npy", ".npz", ".h5", ".hdf5", ".zip", ".html", ".svg", ".doc", ".docx",
    ".onnx", ".pth", ".safetensors", ".yaml", ".yml",
}  # fmt: skip


def reading_endings(formats: Sequence[str] = DEFAULT_FORMATS) -> tuple[str, ...]:
    """Of the files of a reading whose signal is written in these formats.

    Raises ValueError for a format that is not written, InputError for one of which a package is missing.
    """
    endings = [".json", DRAWN_SUFFIX]
    for name in formats:
        chosen = by_name(name)
        if chosen.write is None or name == "json":
            known = ", ".join(WRITTEN_FORMATS)
            raise ValueError(f"a reading's signal is not written as {name}; expected some of {known}")
        chosen.require(f"--format {name}")
        endings += [".hea", ".dat"] if name == "wfdb" else [chosen.suffixes[0]]
    return tuple(dict.fromkeys(endings))


def write_reading(
    reading: Reading, folder: str | Path, stem: str, formats: Sequence[str] = DEFAULT_FORMATS
) -> dict[str, Path]:
    """Write signal, JSON and overlay of a reading; their paths by kind. Each file is whole or absent."""
    folder = Path(folder)
    files = write_signal(reading.record, folder, stem, formats)
    files |= {"json": folder / f"{stem}.json", "overlay": folder / f"{stem}{DRAWN_SUFFIX}"}
    reading.save_json(files["json"])
    reading.overlay(files["overlay"])
    return files


def write_signal(record: Record, folder: Path, stem: str, formats: Sequence[str]) -> dict[str, Path]:
    """Write a signal in these formats; its paths by kind."""
    files = {}
    for name in formats:
        kind = "hea" if name == "wfdb" else name
        files[kind] = folder / f"{stem}{by_name(name).suffixes[0]}"
        write(record, files[kind], name)
    if "hea" in files:  # WFDB allows fewer letters than file systems
        files["dat"] = folder / f"{files['hea'].read_text().split()[0]}.dat"
    return files


def is_folder(path: Path) -> bool:
    """Whether an output is, or would be, a folder."""
    return path.is_dir() or path.suffix.lower() not in FILE_SUFFIXES


class OutputFolder:
    """A folder for the results of one run. A result is a stem and the endings of its files: scan, .csv, .json.

    `inputs` are never written over. What is there from an earlier run is only replaced with `overwrite`.
    """

    def __init__(self, folder: str | Path, inputs: Iterable[Path] = (), overwrite: bool = False) -> None:
        """Raises ValueError for a file's name, InputError where nothing can be written."""
        self.folder, self.overwrite = Path(folder), overwrite
        blocked = next((place for place in (self.folder, *self.folder.parents) if place.is_file()), None)
        if blocked or not is_folder(self.folder):
            what = "is a file" if blocked else "is named like a file"
            raise ValueError(f"{blocked or self.folder}: {what}; expected a folder for the results")
        check_writable(self.folder)
        self._taken = {_identity(path) for path in inputs}

    def claim(self, stem: str, endings: Sequence[str]) -> str:
        """The stem, or stem_2, stem_3 ..., of which no file is an input or another result of this run."""
        number, name = 1, stem
        while (wanted := {_identity(file) for file in self.files(name, endings)}) & self._taken:
            number += 1
            name = f"{stem}_{number}"
        self._taken |= wanted
        return name

    def reserve(self, names: Sequence[str]) -> None:
        """Keep the names of single files from all results. Raises ValueError where one is an input, or as below."""
        for file in map(Path, names):
            if self.claim(file.stem, [file.suffix]) != file.stem:
                raise ValueError(f"{self.folder / file}: is what is read; name another --output")
            self.check_absent(file.stem, [file.suffix])

    def files(self, name: str, endings: Sequence[str]) -> list[Path]:
        return [self.folder / f"{name}{ending}" for ending in endings]

    def check_absent(self, name: str, endings: Sequence[str]) -> None:
        """Raise InputError where a file of a result is there already and may not be replaced."""
        there = [file for file in self.files(name, endings) if os.path.lexists(file)]
        if there and not self.overwrite:
            raise InputError(
                f"{there[0]}: is there already, perhaps from another page; name another --output, or give --overwrite",
                "output-exists",
            )


def _identity(path: Path) -> str:
    """One text for one file, also where the disk does not tell capital letters from small ones."""
    return os.path.realpath(path).casefold()


class Target(Protocol):
    """Where the results of some files' pages go: what they are called there, and how they are written."""

    @property
    def names(self) -> Mapping[Path, str]:
        """The names of the results of the files' first pages."""

    def of(self, source: str | Path, index: int) -> str:
        """The name of the result of a page."""

    def check(self, page: Page) -> None:
        """Raise InputError for a page whose result may not be written."""

    def write(self, reading: Reading, name: str) -> dict[str, Path]:
        """Write a reading; the paths of its files by kind."""


class PageNames:
    """A folder for the results of all pages of some files; their names, none twice: scan, scan_2, chart, chart-p2."""

    def __init__(
        self,
        files: Sequence[Path],
        output: OutputFolder,
        endings: Sequence[str] | None = None,
        formats: Sequence[str] = DEFAULT_FORMATS,
    ) -> None:
        """`endings` are of all files of a result (default: those of a reading in these formats).

        Raises InputError where a result of a file's first page is there already and may not be replaced.
        """
        endings = reading_endings(formats) if endings is None else endings
        self._output, self._endings, self._formats = output, endings, formats
        self.names = {file: output.claim(file.stem or "page", endings) for file in files}
        self._of_page = {(file.absolute(), 0): name for file, name in self.names.items()}
        for name in self.names.values():
            output.check_absent(name, endings)

    def of(self, source: str | Path, index: int) -> str:
        path = Path(source).absolute()
        if (path, index) not in self._of_page:
            self._of_page[path, index] = self._output.claim(f"{self._of_page[path, 0]}-p{index + 1}", self._endings)
        return self._of_page[path, index]

    def check(self, page: Page) -> None:
        self._output.check_absent(self.of(page.source, page.index), self._endings)

    def write(self, reading: Reading, name: str) -> dict[str, Path]:
        return write_reading(reading, self._output.folder, name, self._formats)

    def claim_joined(self) -> str:
        """The name of the recording that all pages make together. Raises InputError where it may not be written."""
        name = self._output.claim(f"{next(iter(self.names.values()))}-joined", self._endings)
        self._output.check_absent(name, self._endings)
        return name

    def write_joined(self, record: Record, name: str) -> dict[str, Path]:
        return write_signal(record, self._output.folder, name, self._formats)


class OneFile:
    """One file for the first page of one file, in the format of its suffix; .json is the reading itself."""

    def __init__(self, file: Path, output: Path, overwrite: bool) -> None:
        self.names, self._path = {file: output.stem}, output
        of_new_file(output).require(output)
        also = [output.with_suffix(".dat").name] if output.suffix.lower() == ".hea" else []
        OutputFolder(output.parent, [file], overwrite).reserve([output.name, *also])

    def of(self, source: str | Path, index: int) -> str:
        return self._path.stem if index == 0 else f"{self._path.stem}-p{index + 1}"

    def check(self, page: Page) -> None:
        if page.index > 0:
            text = f"{self._path} holds one page; name a folder to get page {page.index + 1} too"
            raise InputError(text, "one-page-only")

    def write(self, reading: Reading, name: str) -> dict[str, Path]:
        if of_new_file(self._path).name == "json":
            reading.save_json(self._path)
        else:
            write(reading.record, self._path)
        return {self._path.suffix.lower()[1:]: self._path}


def guarding(target: Target, digitize: Digitize) -> Digitize:
    """The digitizer, which reads no page whose result may not be written."""

    def read(page: Page, hints: PageHints) -> Reading:
        target.check(page)
        return ask(digitize, page, hints)

    return asking(read)

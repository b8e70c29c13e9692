"""Many recordings from any format into one: a file each, a line for each failure."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from tqdm import tqdm

from ecg.files import InputError, check_writable, named
from ecg.formats import ReadOptions, find_records, pdf_page, read_all
from ecg.formats.find import suffix_of
from ecg.formats.format import Format
from ecg.formats.table import by_name
from ecg.layout import template
from ecg.record import Record

Writer = Callable[[Record, Path], None]


def convert(
    inputs: Sequence[str | Path],
    to: str,
    output: str | Path,
    *,
    layout: str | None = None,
    keep_identity: bool = False,
    fs_hz: float | None = None,
    unit: str | None = None,
    overwrite: bool = False,
) -> int:
    """Write every recording of the inputs (files, folders, patterns) in the format `to`; 1 if one failed, else 0.

    `output` is a folder, or a file that ends as the format does for a single recording. `layout` is of a PDF page.
    A file of several recordings gives `name-1`, `name-2` ... What is there already is replaced with `overwrite` alone.
    Raises ValueError for options that make no sense.
    """
    chosen, options = by_name(to), ReadOptions(fs_hz, unit, keep_identity)
    writer = _writer(chosen, layout)
    files = find_records(inputs, one_per_name=False)
    names = Names(Path(output), chosen, files, overwrite)
    check_writable(Path(output).parent if names.is_file else Path(output))
    failed = 0
    with tqdm(files, desc="convert", unit="file", file=sys.stderr, disable=not sys.stderr.isatty()) as bar:
        for path in bar:
            try:
                for message in _convert_one(path, writer, options, names):
                    bar.write(message, file=sys.stderr)
            except Exception as error:  # one file that hits a bug must not cost the rest
                failed += 1
                bar.write(f"error: {named(error, path)}", file=sys.stderr)
    print(f"{len(files) - failed} of {len(files)} files converted to {chosen.title} in {output}", file=sys.stderr)
    return int(failed > 0)


def _writer(chosen: Format, layout: str | None) -> Writer:
    if chosen.write is None:
        raise ValueError(f"{chosen.title} is read, not written")
    chosen.require(chosen.title)
    if layout is None:
        return chosen.write
    if chosen.name != "pdf":
        raise ValueError(f"--layout is for --to pdf, not for {chosen.name}")
    return partial(pdf_page.write, layout=template(layout))


def _convert_one(path: Path, write: Writer, options: ReadOptions, names: Names) -> Iterator[str]:
    """Convert a file; gives what is to be warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        records = read_all(path, options)
    yield from (f"warning: {w.message}" for w in caught if issubclass(w.category, UserWarning))
    for number, record in enumerate(records, start=1):
        yield from (f"warning: {path}: {note.text}" for note in record.notes)
        write(record, names.of(path, number if len(records) > 1 else 0))


class Names:
    """The name of each result: that of its source, numbered where another source has the same."""

    def __init__(self, output: Path, chosen: Format, sources: Sequence[Path], overwrite: bool = False) -> None:
        """Raises ValueError for an output that is one file while there are several sources."""
        self.output, self.suffix, self.overwrite = output, chosen.suffixes[0], overwrite
        self.sources = {os.path.realpath(path) for path in sources}
        self.taken: set[str] = set()
        self.is_file = not output.is_dir() and any(output.name.lower().endswith(s) for s in chosen.suffixes)
        if self.is_file and len(sources) > 1:
            raise ValueError(f"{output}: is one file, but {len(sources)} were given; name a folder instead")
        if not self.is_file and output.is_file():
            raise ValueError(f"{output}: is a file; expected a folder, or a name that ends in {self.suffix}")

    def of(self, source: Path, number: int) -> Path:
        """Where a recording goes; `number` counts those of one file from 1, 0 where it is alone.

        Raises InputError where that would replace a source or, unasked, what is there already, or for a second
        recording in one file.
        """
        if self.is_file:
            if number:
                raise InputError(f"{source}: holds several recordings; name a folder instead of {self.output}")
            return self._free(self.output)
        stem = source.name.removesuffix(suffix_of(source)) + (f"-{number}" if number else "")
        name, count = stem, 1
        while name.lower() in self.taken:
            count += 1
            name = f"{stem}_{count}"
        self.taken.add(name.lower())
        return self._free(self.output / f"{name}{self.suffix}")

    def _free(self, target: Path) -> Path:
        if os.path.realpath(target) in self.sources:
            raise InputError(f"{target}: is one of the inputs; name another --output")
        if os.path.lexists(target) and not self.overwrite:
            raise InputError(f"{target}: is there already; name another --output, or give --overwrite", "output-exists")
        return target

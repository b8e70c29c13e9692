"""`PageReference`: which page is meant, before it is opened."""

from __future__ import annotations

from dataclasses import dataclass

from ecg.page import page_place


@dataclass(frozen=True)
class PageReference:
    """A page by the address of its file (a path, or an fsspec URL such as zip://a.png::/scans.zip) and its number.

    `page` counts the file's pages from 0; `bytes` is the size of the whole file; `id` stands once in an archive.
    """

    id: str
    uri: str
    page: int = 0
    bytes: int = 0

    @property
    def place(self) -> str:
        """The page in words."""
        return page_place(self.uri, self.page)

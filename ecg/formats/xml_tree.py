"""XML from devices, read so that no file can reach for others or grow without bound."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from ecg.files import InputError
from ecg.formats.format import MAX_TEXT_BYTES, head_text, read_bytes


def parse(path: Path) -> Element:
    """The root of an XML file, tags and attributes without their namespaces.

    Raises InputError for what is no XML, and for entities: no device writes any, and they are how XML attacks.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    data = read_bytes(path, MAX_TEXT_BYTES)
    try:
        root: Element = fromstring(data)
    except ParseError as error:
        raise InputError(f"{path}: broken XML ({error})") from error
    except DefusedXmlException as error:
        raise InputError(f"{path}: declares XML entities, which no ECG needs; refused ({error})") from error
    except (ValueError, LookupError) as error:  # an encoding that is none
        raise InputError(f"{path}: cannot be decoded as XML ({error})") from error
    for element in root.iter():
        element.tag = local(element.tag)
        element.attrib = {local(key): value for key, value in element.attrib.items()}
    return root


def local(name: str) -> str:
    """A tag or attribute without its namespace."""
    return name.rpartition("}")[2]


def root_is(head: bytes, tag: str) -> bool:
    """Whether an XML file that begins with these bytes has this root, with or without a prefix."""
    text = head_text(head)
    return text.lstrip().startswith("<") and (f"<{tag}" in text or f":{tag}" in text)


def text_of(element: Element | None, where: str) -> str:
    """The stripped text of the first element at `where`, "" where there is none."""
    return ((element.findtext(where) if element is not None else None) or "").strip()

"""Zip containers (Office files, EPUB), checked before anything in them is believed."""

import contextlib
import zipfile
import zlib
from collections.abc import Container, Iterator
from pathlib import PurePosixPath
from typing import Any

from lxml import etree

from app.ingest.errors import Broken, Encrypted, ExpandsTooMuch
from app.ingest.limits import Limits
from app.ingest.source import Source

_BROKEN = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, KeyError)
_PIECE = 262_144
_ENDLESS = 2**62
# A small file may be all zeros without harm.
_HARMLESS_BYTES = 16 * 1024**2
_XML = {".xml", ".rels", ".xhtml", ".html", ".htm", ".opf", ".ncx", ".svg", ".vml"}
_ENTITIES = tuple("<!ENTITY".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))


@contextlib.contextmanager
def opened(source: Source) -> Iterator[zipfile.ZipFile]:
    """The container, after all of it was unpacked once and thrown away: what its directory says may be a lie.

    Raises `ExpandsTooMuch` for bombs, of zip and of XML; `Encrypted`; `Broken`, also for what happens inside.
    """
    try:
        with zipfile.ZipFile(source.path) as archive:
            _check(archive, source.path.stat().st_size, source.limits)
            yield archive
    except RuntimeError as error:
        # zipfile's own word for a member that wants a password.
        if "password" in str(error):
            raise Encrypted from None
        raise
    except (*_BROKEN, etree.XMLSyntaxError):
        raise Broken("The document is an archive that is damaged or incomplete.") from None


def elements(archive: zipfile.ZipFile, name: str, parents: Container[str]) -> Iterator[Any]:
    """The children of the elements of these names in a part, one after the other; each is forgotten afterwards."""
    with archive.open(name) as part:
        for _event, element in etree.iterparse(part, **_SAFE):
            above = element.getparent()
            if above is not None and above.tag in parents:
                yield element
                element.clear()
                while element.getprevious() is not None:
                    del above[0]


def tree(archive: zipfile.ZipFile, name: str) -> Any:
    """A small part as a whole; None where there is none."""
    if name not in archive.NameToInfo:
        return None
    return etree.fromstring(archive.read(name), parser=etree.XMLParser(**_SAFE))


def targets(archive: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """What a part of an Office file refers to: id → (last word of the relation's type, name of the other part)."""
    path = PurePosixPath(part)
    relations = tree(archive, f"{path.parent}/_rels/{path.name}.rels".removeprefix("./"))
    found = {}
    for each in () if relations is None else relations:
        if each.get("TargetMode") != "External" and each.get("Id") and each.get("Target"):
            kind = each.get("Type", "").rpartition("/")[2]
            found[each.get("Id")] = kind, _resolved(path.parent, each.get("Target"))
    return found


_SAFE: dict[str, Any] = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}


def _resolved(folder: PurePosixPath, target: str) -> str:
    parts: list[str] = []
    for part in (target if target.startswith("/") else f"{folder}/{target}").split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)


def _check(archive: zipfile.ZipFile, packed: int, limits: Limits) -> None:
    members = archive.infolist()
    most = min(limits.max_expanded_bytes, max(_HARMLESS_BYTES, packed * limits.max_expansion_ratio))
    if len(members) > limits.max_members:
        raise ExpandsTooMuch(f"The document is an archive of more than {limits.max_members:,} files. Send it as PDF.")
    left = most
    if sum(member.file_size for member in members) <= most:
        for member in members:
            left -= _unpacked(archive, member, left)
            if left < 0:
                break
        else:
            return
    raise ExpandsTooMuch(
        f"Unpacked, the document has more than {most:,} bytes, and isn't read. Split it, or send it as PDF."
    )


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> int:
    """How long a member really is; of one that is longer than `most`, some length above."""
    declared, size, last = member.file_size, 0, b""
    searched = PurePosixPath(member.filename).suffix.lower() in _XML
    # Otherwise zipfile stops where the directory says that it ends, which other unpackers don't.
    member.file_size = _ENDLESS
    try:
        with archive.open(member) as stream:
            while piece := stream.read(_PIECE):
                size += len(piece)
                if searched and any(word in last + piece for word in _ENTITIES):
                    raise ExpandsTooMuch
                if size > most:
                    return size
                last = piece[-16:]
    finally:
        member.file_size = declared
    return size

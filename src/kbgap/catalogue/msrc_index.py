"""Read the list of documents that Microsoft's service publishes: which there are, and when each was last revised."""

import msgspec

from kbgap.catalogue.msrc_rows import is_document_id
from kbgap.catalogue.msrc_text import moment
from kbgap.catalogue.records import Oddity
from kbgap.core.errors import Invalid
from kbgap.core.model import Value


class Index(Value, frozen=True):
    """Document ids with their CurrentReleaseDate (UTC, as in ``Document.current``; empty when it could not be read)."""

    documents: dict[str, str]
    oddities: tuple[Oddity, ...] = ()


class _Update(Value, frozen=True):
    ID: str
    CurrentReleaseDate: str = ""


def is_index(data: object) -> bool:
    """Whether decoded JSON is such a list, as ``/updates`` gives it: an object with a list named value."""
    return isinstance(data, dict) and isinstance(data.get("value"), list)


def read_index(data: object, where: str) -> Index:
    """Take the rows of an index; raises ``Invalid`` when it is none, or names no document at all."""
    if not isinstance(data, dict) or not isinstance(rows := data.get("value"), list):
        raise Invalid("no list of updates: an object with a list named value is expected", where=where)
    documents: dict[str, str] = {}
    oddities: list[Oddity] = []
    for number, row in enumerate(rows):
        place = f"{where}: value[{number}]"
        try:
            update = msgspec.convert(row, _Update)
        except msgspec.ValidationError as error:
            oddities.append(Oddity(kind="unreadable index row", where=place, text=str(error)))
            continue
        current = moment(update.CurrentReleaseDate)
        if not is_document_id(update.ID):
            oddities.append(Oddity(kind="unreadable document id", where=place, text=update.ID[:200]))
            continue
        if not current:
            oddities.append(Oddity(kind="unreadable date", where=place, text=update.CurrentReleaseDate[:200]))
        documents[update.ID] = max(current or "", documents.get(update.ID, ""))
    if not documents:
        raise Invalid("the list of updates names no document", where=where, mend="try again later")
    return Index(documents=documents, oddities=tuple(oddities))

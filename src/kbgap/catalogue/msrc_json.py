"""Read a CVRF document as JSON, which Microsoft's service sends on request, in versions 2.0 and 3.0.

JSON writes numbers where XML writes words. Version 3.0 renumbered one and added another: a known issue is 5 in 2.0 and
6 in 3.0, and 3 is new for release notes. The two do not contradict each other, so one table reads both.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from kbgap.catalogue.msrc_rows import (
    EXPLOIT,
    IMPACT,
    KNOWN_AFFECTED,
    KNOWN_ISSUE,
    RELEASE_NOTES,
    SEVERITY,
    VENDOR_FIX,
    DocumentBuilder,
    Products,
    RawEntry,
    RawRemedy,
    RawScore,
    RawThreat,
)
from kbgap.catalogue.msrc_text import fold
from kbgap.catalogue.records import Document
from kbgap.core.errors import Invalid

Json = Mapping[str, Any]

_REMEDIATION = {
    0: "workaround",
    1: "mitigation",
    2: VENDOR_FIX,
    3: RELEASE_NOTES,
    5: KNOWN_ISSUE,
    6: KNOWN_ISSUE,
}
_THREAT = {0: IMPACT, 1: EXPLOIT, 3: SEVERITY}
_STATUS = {3: KNOWN_AFFECTED}
_NOTE = {2: "description"}
_DEEPEST_BRANCH = 20


def decode_json(data: bytes, where: str) -> object:
    """Decode UTF-8, UTF-16 or UTF-32 JSON; raises ``Invalid`` with line and column for what is not JSON."""
    try:
        return json.loads(data, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise Invalid(
            f"not complete JSON: {error.msg}",
            where=f"{where}, line {error.lineno}, column {error.colno}",
            mend="fetch the document again",
        ) from error
    except UnicodeDecodeError as error:
        raise Invalid("JSON that is not Unicode", where=where, mend="save it as UTF-8") from error
    except RecursionError as error:
        raise Invalid("JSON nested too deep", where=where, mend="fetch the document again") from error
    except ValueError as error:  # NaN, or a number with thousands of digits
        raise Invalid(f"not JSON: {error}", where=where, mend="fetch the document again") from error


def read_json(data: object, where: str) -> Document:
    """Turn decoded JSON into a document; ``where`` names it in errors. Raises ``Invalid`` for any other JSON."""
    if (
        not isinstance(data, dict)
        or not isinstance(data.get("DocumentTracking"), dict)
        or not isinstance(data.get("Vulnerability", ""), list | None)
    ):
        raise Invalid(
            "no CVRF document: the root must be an object with DocumentTracking and a list named Vulnerability",
            where=where,
            mend="give a document of Microsoft's CVRF service",
        )
    return _Reader(DocumentBuilder(where)).document(data)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


class _Reader:
    """Reads members by name; one of the wrong type is noted with its JSON path and taken as absent."""

    def __init__(self, builder: DocumentBuilder) -> None:
        self._builder = builder

    def document(self, data: Json) -> Document:
        """Read every part that the catalogue uses."""
        tracking = data["DocumentTracking"]
        identification = tracking.get("Identification")
        if not isinstance(identification, dict):
            identification = {}
        self._builder.head(
            id=self._text(identification, "ID", "DocumentTracking.Identification"),
            title=self._text(data, "DocumentTitle", ""),
            initial=self._text(tracking, "InitialReleaseDate", "DocumentTracking"),
            current=self._text(tracking, "CurrentReleaseDate", "DocumentTracking"),
        )
        tree = data.get("ProductTree")
        if isinstance(tree, dict):
            self._names(tree, "ProductTree")
        elif tree is not None:
            self._wrong("ProductTree", tree)
        for path, row in self._rows(data, "Vulnerability", ""):
            self._builder.entry(self._entry(row, path))
        return self._builder.finish()

    def _names(self, tree: Json, path: str) -> None:
        """Take the nested list (vendor, family) first, then the flat one, as they stand in XML."""
        pending = [(*branch, 1) for branch in self._rows(tree, "Branch", path)]
        names: list[tuple[str, Json]] = []
        while pending:
            place, item, depth = pending.pop(0)
            if "Items" not in item:
                names.append((place, item))
            elif depth >= _DEEPEST_BRANCH:
                self._builder.note("product tree nested too deep", place, "")
            else:
                pending[:0] = [(*row, depth + 1) for row in self._rows(item, "Items", place)]
        names.extend(self._rows(tree, "FullProductName", path))
        for place, item in names:
            self._builder.name(self._text(item, "ProductID", place), self._text(item, "Value", place))

    def _entry(self, row: Json, path: str) -> RawEntry:
        return RawEntry(
            id=self._text(row, "CVE", path),
            title=self._text(row, "Title", path),
            description=self._description(row, path),
            dates=tuple(self._text(item, "Date", place) for place, item in self._rows(row, "RevisionHistory", path)),
            affected=self._affected(row, path),
            threats=tuple(self._threat(item, place) for place, item in self._rows(row, "Threats", path)),
            scores=tuple(self._score(item, place) for place, item in self._rows(row, "CVSSScoreSets", path)),
            remedies=tuple(self._remedy(item, place) for place, item in self._rows(row, "Remediations", path)),
        )

    def _description(self, row: Json, path: str) -> str:
        for place, note in self._rows(row, "Notes", path):
            if self._word(note, _NOTE, place) == "description":
                return self._text(note, "Value", place)
        return ""

    def _affected(self, row: Json, path: str) -> Products:
        return tuple(
            product
            for place, status in self._rows(row, "ProductStatuses", path)
            if self._word(status, _STATUS, place) == KNOWN_AFFECTED
            for product in self._products(status, place)
        )

    def _threat(self, row: Json, path: str) -> RawThreat:
        return RawThreat(
            self._word(row, _THREAT, path), self._text(row, "Description", path), self._products(row, path)
        )

    def _score(self, row: Json, path: str) -> RawScore:
        return RawScore(
            self._number(row, "BaseScore", path), self._text(row, "Vector", path), self._products(row, path)
        )

    def _remedy(self, row: Json, path: str) -> RawRemedy:
        return RawRemedy(
            type=self._word(row, _REMEDIATION, path),
            description=self._text(row, "Description", path),
            url=self._text(row, "URL", path),
            supercedence=self._text(row, "Supercedence", path),
            subtype=self._text(row, "SubType", path),
            fixed_build=self._text(row, "FixedBuild", path),
            products=self._products(row, path),
        )

    # --- members --------------------------------------------------------------------------------------------------

    def _wrong(self, path: str, value: object) -> None:
        self._builder.note("wrong type", path, f"{type(value).__name__}: {value}")

    def _rows(self, row: Json, key: str, path: str) -> Iterator[tuple[str, Json]]:
        """The objects of a list, each with its JSON path."""
        value = row.get(key)
        place = f"{path}.{key}" if path else key
        if value is None:
            return
        if not isinstance(value, list):
            self._wrong(place, value)
            return
        for number, item in enumerate(value):
            if isinstance(item, dict):
                yield f"{place}[{number}]", item
            else:
                self._wrong(f"{place}[{number}]", item)

    def _text(self, row: Json, key: str, path: str) -> str:
        """A text, which JSON writes either plain or as {"Value": text}."""
        value = row.get(key)
        if isinstance(value, dict):
            value = value.get("Value")
        if value is None:
            return ""
        if not isinstance(value, str):
            self._wrong(f"{path}.{key}" if path else key, value)
            return ""
        return value

    def _number(self, row: Json, key: str, path: str) -> str:
        value = row.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        return self._text(row, key, path)

    def _products(self, row: Json, path: str) -> Products:
        value = row.get("ProductID")
        if value is None:
            return ()
        if not isinstance(value, list):
            self._wrong(f"{path}.ProductID", value)
            return ()
        for item in value:
            if not isinstance(item, str):
                self._wrong(f"{path}.ProductID", item)
        return tuple(item for item in value if isinstance(item, str))

    def _word(self, row: Json, words: Mapping[int, str], path: str) -> str:
        """The type of a row as XML says it, folded; a number that is not in the table stays one."""
        value = row.get("Type")
        if isinstance(value, str):
            return fold(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return words.get(value, str(value))
        self._wrong(f"{path}.Type", value)
        return ""

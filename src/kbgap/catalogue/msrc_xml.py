"""Read a CVRF document as XML, the form that Microsoft's service sends unless asked otherwise.

Versions 2.0 and 3.0 spell the same in XML. The parser streams: a document of 11 MB never stands in memory as a tree.
"""

from collections.abc import Iterable
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from kbgap.catalogue.bounded import Readable
from kbgap.catalogue.msrc_rows import (
    KNOWN_AFFECTED,
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

_CVRF = "{http://www.icasi.org/CVRF/schema/cvrf/1.1}"
_PROD = "{http://www.icasi.org/CVRF/schema/prod/1.1}"
_VULN = "{http://www.icasi.org/CVRF/schema/vuln/1.1}"

_ROOT = f"{_CVRF}cvrfdoc"
_TITLE = f"{_CVRF}DocumentTitle"
_TRACKING = f"{_CVRF}DocumentTracking"
_TREE = f"{_PROD}ProductTree"
_NAME = f"{_PROD}FullProductName"
_ENTRY = f"{_VULN}Vulnerability"
_PRODUCT = f"{_VULN}ProductID"
_DESCRIPTION = f"{_VULN}Description"


def read_xml(stream: Readable, where: str) -> Document:
    """Parse one document; ``where`` names it in errors.

    Raises ``Invalid`` for what is not XML, is cut, has a DOCTYPE (this format never has one, and it is how entities and
    foreign files come in), or is another kind of XML.
    """
    builder = DocumentBuilder(where)
    try:
        _read(stream, builder, where)
    except ParseError as error:
        line, column = error.position
        raise Invalid(
            f"not complete XML: {str(error).partition(':')[0]}",
            where=f"{where}, line {line}, column {column + 1}",
            mend="fetch the document again",
        ) from error
    except DefusedXmlException as error:
        raise Invalid("XML with a DOCTYPE is refused", where=where, mend="fetch the document again") from error
    except (ValueError, LookupError) as error:  # an encoding that the parser does not know
        raise Invalid(f"unreadable XML: {error}", where=where, mend="save it as UTF-8") from error
    return builder.finish()


def _read(stream: Readable, builder: DocumentBuilder, where: str) -> None:
    title = ""
    last: Element | None = None
    for _, element in defusedxml.ElementTree.iterparse(stream, forbid_dtd=True):
        last = element
        if element.tag == _ENTRY:
            builder.entry(_entry(element))
            element.clear()
        elif element.tag == _TREE:
            for name in element.iter(_NAME):
                builder.name(name.get("ProductID", ""), name.text or "")
            element.clear()
        elif element.tag == _TITLE:
            title = element.text or ""
        elif element.tag == _TRACKING:
            _head(element, title, builder)
    if last is not None and last.tag != _ROOT:
        raise Invalid(
            f"the root element is {last.tag[:80]}, not cvrfdoc of CVRF 1.1",
            where=where,
            mend="give a document of Microsoft's CVRF service",
        )


def _head(tracking: Element, title: str, builder: DocumentBuilder) -> None:
    builder.head(
        id=tracking.findtext(f"{_CVRF}Identification/{_CVRF}ID", ""),
        title=title,
        initial=tracking.findtext(f"{_CVRF}InitialReleaseDate", ""),
        current=tracking.findtext(f"{_CVRF}CurrentReleaseDate", ""),
    )


def _entry(element: Element) -> RawEntry:
    text: dict[str, str] = {}
    rows: dict[str, list[Element]] = {}
    for child in element:
        if len(child):
            rows.setdefault(child.tag, []).extend(child)
        else:
            text[child.tag] = child.text or ""
    return RawEntry(
        id=text.get(f"{_VULN}CVE", ""),
        title=text.get(f"{_VULN}Title", ""),
        description=_description(rows.get(f"{_VULN}Notes", ())),
        dates=tuple(row.findtext(f"{_CVRF}Date", "") for row in rows.get(f"{_VULN}RevisionHistory", ())),
        affected=_affected(rows.get(f"{_VULN}ProductStatuses", ())),
        threats=tuple(_threat(row) for row in rows.get(f"{_VULN}Threats", ())),
        scores=tuple(_score(row) for row in rows.get(f"{_VULN}CVSSScoreSets", ())),
        remedies=tuple(_remedy(row) for row in rows.get(f"{_VULN}Remediations", ())),
    )


def _description(notes: Iterable[Element]) -> str:
    for note in notes:
        if fold(note.get("Type", "")) == "description":
            return note.text or ""
    return ""


def _affected(statuses: Iterable[Element]) -> Products:
    return tuple(
        product.text or ""
        for status in statuses
        if fold(status.get("Type", "")) == KNOWN_AFFECTED
        for product in status
    )


def _fields(row: Element) -> tuple[dict[str, str], Products]:
    """The simple fields of a row by tag, and its product ids."""
    fields: dict[str, str] = {}
    products: list[str] = []
    for child in row:
        if child.tag == _PRODUCT:
            products.append(child.text or "")
        else:
            fields[child.tag] = child.text or ""
    return fields, tuple(products)


def _threat(row: Element) -> RawThreat:
    fields, products = _fields(row)
    return RawThreat(fold(row.get("Type", "")), fields.get(_DESCRIPTION, ""), products)


def _score(row: Element) -> RawScore:
    fields, products = _fields(row)
    return RawScore(fields.get(f"{_VULN}BaseScore", ""), fields.get(f"{_VULN}Vector", ""), products)


def _remedy(row: Element) -> RawRemedy:
    fields, products = _fields(row)
    get = fields.get
    return RawRemedy(
        type=fold(row.get("Type", "")),
        description=get(_DESCRIPTION, ""),
        url=get(f"{_VULN}URL", ""),
        supercedence=get(f"{_VULN}Supercedence", ""),
        subtype=get(f"{_VULN}SubType", ""),
        fixed_build=get(f"{_VULN}FixedBuild", ""),
        products=products,
    )

"""Read the query options of a list: those that are honoured, and a refusal of every other that begins with ``$``.

An option that were passed over silently would give rows that the caller did not ask for. Parameters without ``$`` are
ignored, as clients rely on: they send ``pageSize``, ``client-request-id``, an empty one.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request

from kbgap.server.errors import BadOption

PAGE_SIZE = 10_000  # rows of a page, and the most that $top may ask for
_LONGEST_QUERY = 8_192
_MOST_PARAMETERS = 100
_NUMBER = re.compile(r"[0-9]{1,18}")
_HONOURED = frozenset({"$top", "$skip", "$count"})


@dataclass(frozen=True, slots=True)
class Options:
    """Which part of the rows is asked for; ``others`` are the parameters that a link to the next page repeats."""

    top: int | None = None
    skip: int = 0
    count: bool = False
    others: tuple[tuple[str, str], ...] = ()

    def next_query(self, skip: int) -> str:
        """The query of the next page."""
        counted = (("$count", "true"),) if self.count else ()
        return urlencode((*self.others, *counted, ("$skip", str(skip))), safe="$")


def read_options(request: Request) -> Options:
    """The options of a list, or BadOption, which names the option that is wrong."""
    given, others = _parameters(request)
    for name in given:
        if name not in _HONOURED:
            raise BadOption(f"The query option '{name}' is not supported on this path", mend="leave it out")
    top = _number(given, "$top")
    if top is not None and top > PAGE_SIZE:
        raise BadOption(f"The value of '$top' is {top}, more than {PAGE_SIZE}", mend="ask for less, or leave it out")
    return Options(top=top, skip=_number(given, "$skip") or 0, count=_flag(given, "$count"), others=others)


def refuse_options(request: Request) -> None:
    """Refuse every query option, where the answer is one entity."""
    given, _ = _parameters(request)
    for name in given:
        raise BadOption(f"The query option '{name}' is not supported on this path", mend="leave it out")


def _parameters(request: Request) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """The options that begin with ``$``, their names in lower case, and the other parameters."""
    query = request.url.query
    if len(query) > _LONGEST_QUERY:
        raise BadOption(f"The query is longer than {_LONGEST_QUERY} characters", mend="ask for less at once")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError as error:
        raise BadOption(f"The query has more than {_MOST_PARAMETERS} parameters") from error
    given: dict[str, str] = {}
    for name, value in pairs:
        if name.startswith("$"):
            if name.lower() in given:
                raise BadOption(f"The query option '{name}' is given twice", mend="give it once")
            given[name.lower()] = value.strip()
    return given, tuple(pair for pair in pairs if not pair[0].startswith("$"))


def _number(given: dict[str, str], name: str) -> int | None:
    value = given.get(name)
    if value is None:
        return None
    if _NUMBER.fullmatch(value) is None:
        raise BadOption(f"The value of '{name}' is {value[:40]!r}, not a number", mend="give 0 or more")
    return int(value)


def _flag(given: dict[str, str], name: str) -> bool:
    value = given.get(name, "false").lower()
    if value not in {"true", "false"}:
        raise BadOption(f"The value of '{name}' is {value[:40]!r}, neither true nor false")
    return value == "true"

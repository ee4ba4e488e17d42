"""Laws of reading: nothing but Invalid is raised, what is printed reads back, and order does not matter."""

import io
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kbgap.core.errors import Invalid
from kbgap.core.products import ProductIndex
from kbgap.inventory.decode import Limits, decode_report, decode_reports
from kbgap.inventory.formats import read_text
from kbgap.inventory.normalise import Normalised, Outside, normalise
from kbgap.inventory.partial import ListedKbs, Partial
from kbgap.inventory.reading import read_inputs
from kbgap.inventory.report import (
    SCHEMA,
    DotNet,
    Machine,
    OperatingSystem,
    Report,
    ReportedList,
    ReportedUpdate,
    Software,
    State,
    encode_report,
)
from kbgap.inventory.text import decode_text
from kbgap.inventory.unite import Piece, Read, unite
from tests.inventory.samples import LANGUAGES, systeminfo
from tests.inventory.test_normalise import Lines

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
KBS = st.integers(10_000, 99_999_999).map(str)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Something, or nothing known."""
    return st.none() | strategy


def tuples(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A few of them, or nothing known."""
    return maybe(st.lists(strategy, max_size=4).map(tuple))


builds = st.builds(
    lambda parts, ubr: ".".join(map(str, (*parts, *ubr))),
    st.sampled_from([(10, 0, 18363), (10, 0, 26100), (6, 1, 7601), (5, 1, 2600), (10, 0, 10585), (9, 9, 9)]),
    st.just(()) | st.integers(0, 99_999).map(lambda ubr: (ubr,)),
)
systems = st.builds(
    OperatingSystem,
    name=st.sampled_from(["Windows 10 Pro", "Windows Server 2025", "Windows 7", "Windows XP"]) | TEXTS.filter(bool),
    build=builds,
    version=maybe(TEXTS),
    architecture=maybe(st.sampled_from(["x64", "x86", "arm64", "arm", "ia64"])),
    installation_type=maybe(st.sampled_from(["Client", "Server", "Server Core"])),
    pending_restart=maybe(st.booleans()),
    hotpatch=maybe(st.booleans()),
    esu=maybe(st.booleans()),
)
updates = st.builds(
    ReportedUpdate, kb=KBS, installed_on=maybe(st.dates(min_value=date(1990, 1, 1))), state=st.sampled_from(State)
)
programs = st.builds(
    Software,
    name=TEXTS,
    vendor=maybe(TEXTS),
    version=maybe(TEXTS),
    architecture=maybe(TEXTS),
    attributes=maybe(st.dictionaries(TEXTS, TEXTS, max_size=3)),
)
reports = st.builds(
    Report,
    schema=st.just(SCHEMA),
    os=systems,
    machine=maybe(
        st.builds(
            Machine,
            id=maybe(st.text("0123456789abcdefABCDEF", min_size=40, max_size=40)),
            computer_dns_name=maybe(TEXTS),
            machine_tags=tuples(TEXTS),
            rbac_group_name=maybe(TEXTS),
            last_ip_address=maybe(TEXTS),
        )
    ),
    installed_updates=tuples(updates),
    update_list=maybe(st.builds(ReportedList, complete=st.booleans(), sources=st.lists(TEXTS, max_size=3).map(tuple))),
    dotnet=tuples(
        st.builds(
            DotNet, profile=st.sampled_from(["v3.5", "v4"]), release=maybe(st.integers(0, 2**31)), version=maybe(TEXTS)
        )
    ),
    software=tuples(programs),
    reported_at=maybe(st.datetimes(min_value=datetime(1990, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))),  # noqa: DTZ001 - hypothesis wants naive bounds
)
# Real output with a piece cut out, doubled or overwritten: closer to what arrives than random bytes.
PRINTED = [systeminfo(words, ["5012117", "4562830"]).encode(words.code_pages[0]) for words in LANGUAGES.values()]
PRINTED += [
    b"HotFixID\r\r\nKB5021088\r\r\n",
    b"HotFixID : KB5021088\n\nHotFixID : KB5012170\n",
    b"OsVersion : 10.0.19045\nOsName : Windows 10\nOsHotFixes : {KB5021088}\n",
    b"ProductName : Windows 10\nCurrentBuild : 19045\nCurrentVersion : 6.3\nUBR : 0x10\n",
    b'{"schema":"kbgap.report/1","os":{"name":"Windows 10","build":"10.0.18363.657"}}\n' * 2,
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Output that was damaged on its way."""
    data = draw(st.sampled_from(PRINTED))
    start = draw(st.integers(0, len(data)))
    end = draw(st.integers(start, len(data)))
    return data[:start] + draw(st.binary(max_size=8) | st.just(data[start:end] * 2)) + data[end:]


bodies = st.binary(max_size=200) | st.text(max_size=100).map(lambda t: t.encode("utf-8", "surrogatepass")) | damaged()


@given(reports)
def test_what_is_printed_reads_back_as_it_was(report: Report) -> None:
    """Parsing is the inverse of printing, for every report."""
    assert decode_report(encode_report(report).decode()) == report


@given(bodies, st.sampled_from(["", "application/json", "application/x-ndjson"]))
def test_any_body_is_reports_and_errors(body: bytes, content: str) -> None:
    """Whatever is sent is a report, an Invalid in its place, or one Invalid for the whole."""
    try:
        outcomes = decode_reports(body, content, limits=Limits(unpacked=1 << 20))
    except Invalid:
        return

    assert all(isinstance(outcome, Report | Invalid) for outcome in outcomes)


@given(bodies)
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    """Nothing but Invalid is raised on the way from bytes to a description of a machine."""
    try:
        found: Partial | Invalid = read_text(decode_text(data).text, "ws_qfe.txt", installed_list=True)
    except Invalid as error:
        found = error

    assert isinstance(found, Partial) or (found.what and found.mend)


@given(bodies)
def test_any_input_gives_outcomes(data: bytes) -> None:
    """Whatever the standard input holds, every outcome is a machine or one clear line."""
    for outcome in read_inputs(["-"], io.BytesIO(data)):
        assert isinstance(outcome, Read | Invalid)
        if isinstance(outcome, Invalid):
            assert "\n" not in str(outcome)
            assert outcome.where.startswith("standard input")


@given(report=reports)
def test_every_report_is_judged_outside_or_contradicts_itself(
    report: Report, index: ProductIndex, lines: Lines
) -> None:
    """No valid report makes normalising fail in another way, and evidence never contradicts itself."""
    try:
        found: Normalised | Outside | Invalid = normalise(report, index, lines)
    except Invalid as error:
        found = error

    if isinstance(found, Invalid):
        assert found.where.startswith("$.os.")
    elif isinstance(found, Outside):
        assert found.reason
    else:
        assert found.machine.build == report.os.build
        assert found.evidence.products
        assert not found.evidence.updates.installed & found.evidence.updates.pending


hosts = st.sampled_from(["", "ws-1", "WS-1", "ws-2"])
partials = st.builds(
    Partial,
    format=st.sampled_from(["systeminfo", "wmic qfe", "Get-ComputerInfo"]),
    host=hosts,
    os_name=st.sampled_from(["", "Windows 10", "Windows 11"]),
    build=st.sampled_from(["", "10.0.19045", "10.0.19045.5", "10.0.22000"]),
    architecture=st.sampled_from(["", "x64", "arm64"]),
    updates=maybe(
        st.builds(
            ListedKbs,
            kbs=st.lists(KBS, max_size=2).map(tuple),
            complete=st.booleans(),
            source=st.just("qfe"),
            doubt=st.sampled_from(["", "cut"]),
        )
    ),
)
paths = st.builds(
    "{}/{}{}.txt".format,
    st.sampled_from("ab"),
    st.sampled_from(["x", "y"]),
    st.sampled_from(["", "_qfe", "_systeminfo", "_updates"]),
)


@given(st.lists(st.tuples(paths, partials), max_size=5, unique_by=lambda pair: pair[0]), st.randoms())
def test_the_order_of_files_never_changes_what_is_reported(files: list[tuple[str, Partial]], order: Any) -> None:  # noqa: ANN401 - hypothesis' own Random
    """The same machines come out, with the same reports and as many refusals."""
    shuffled = list(files)
    order.shuffle(shuffled)

    def said(given: list[tuple[str, Partial]]) -> list[bytes]:
        pieces = [Piece(position=at, path=path, partial=partial) for at, (path, partial) in enumerate(given)]
        outcomes = [outcome for _, outcome in unite(pieces)]
        return sorted(encode_report(item.report) if isinstance(item, Read) else b"refused" for item in outcomes)

    assert said(files) == said(shuffled)


@given(st.lists(st.tuples(paths, partials), min_size=1, max_size=5, unique_by=lambda pair: pair[0]))
def test_a_list_that_completes_no_other_is_never_made_complete(files: list[tuple[str, Partial]]) -> None:
    """Uniting files without a complete list never gives one."""
    cut = [
        replace(partial, updates=replace(partial.updates, complete=False)) if partial.updates else partial
        for _, partial in files
    ]
    pieces = [
        Piece(position=at, path=path, partial=p) for at, ((path, _), p) in enumerate(zip(files, cut, strict=True))
    ]

    for _, outcome in unite(pieces):
        if isinstance(outcome, Read) and outcome.report.update_list:
            assert not outcome.report.update_list.complete

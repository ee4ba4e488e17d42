"""Reports are read from JSON whole or refused with one clear line, and never lose their neighbours."""

import gzip
import json
from typing import Any

import msgspec
import pytest
import zstandard

from kbgap.core.errors import Invalid
from kbgap.inventory.decode import Limits, decode_report, decode_reports
from kbgap.inventory.report import Report, State, encode_report
from tests.inventory.given import a_report

# The example of the documentation, with a member that nobody knows.
FULL: dict[str, Any] = {
    "schema": "kbgap.report/1",
    "machine": {
        "id": "0123456789ABCDEF0123456789abcdef01234567",
        "computerDnsName": "ws-17.example.org",
        "machineTags": ["berlin"],
        "rbacGroupName": "workstations",
        "lastIpAddress": "192.0.2.7",
    },
    "os": {
        "name": "Microsoft Windows 10 Enterprise",
        "version": "1909",
        "build": "10.0.18363.657",
        "architecture": "x64",
        "installationType": "Client",
        "pendingRestart": False,
        "hotpatch": False,
        "esu": None,
    },
    "installedUpdates": [{"kb": "KB4532693", "installedOn": "2020-02-12", "state": "installed"}],
    "updateList": {"complete": True, "sources": ["qfe", "cbs", "history"]},
    "dotnet": [{"profile": "v4", "release": 528040, "version": "4.8.03752"}],
    "software": [
        {
            "vendor": "Microsoft Corporation",
            "name": "Microsoft SQL Server 2019 (64-bit)",
            "version": "15.0.2101.7",
            "architecture": "x64",
            "attributes": {"instance": "MSSQLSERVER"},
        }
    ],
    "reportedAt": "2020-03-20T08:00:00Z",
    "mood": {"good": [1, 2]},
}
GOOD = b'{"schema":"kbgap.report/1","os":{"name":"Windows 10","build":"10.0.18363.657"}}'
PACKED = gzip.compress(GOOD, mtime=0)


def only(body: bytes) -> Report | Invalid:
    """The one outcome of a body."""
    [outcome] = decode_reports(body, where="fleet.json")
    return outcome


def refusal(outcome: object) -> str:
    """The line that people read."""
    assert isinstance(outcome, Invalid), outcome
    line = str(outcome)
    assert "\n" not in line
    assert outcome.mend
    return line


# --- what is accepted ---------------------------------------------------------------------------------------------


def test_the_documented_example_is_read_whole() -> None:
    """Every member arrives, KB and id in one spelling; what is not known is left out."""
    report = only(json.dumps(FULL).encode())

    assert isinstance(report, Report)
    assert report.machine is not None
    assert report.machine.id == "0123456789abcdef0123456789abcdef01234567"
    assert report.installed_updates is not None
    assert (report.installed_updates[0].kb, report.installed_updates[0].state) == ("4532693", State.INSTALLED)
    expected = {key: value for key, value in FULL.items() if key != "mood"}
    expected["machine"]["id"] = report.machine.id
    expected["installedUpdates"] = [{"kb": "4532693", "installedOn": "2020-02-12"}]
    expected["os"] = {key: value for key, value in expected["os"].items() if value is not None}
    assert msgspec.json.decode(encode_report(report)) == expected


def test_name_and_build_are_enough() -> None:
    """What is absent is not known, and no reason to refuse."""
    report = only(GOOD)

    assert isinstance(report, Report)
    assert (report.installed_updates, report.update_list, report.dotnet, report.computer_dns_name) == (None,) * 3 + (
        "",
    )


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf" + GOOD,
        GOOD.decode().encode("utf-16"),
        PACKED,
        gzip.compress(GOOD[:20], mtime=0) + gzip.compress(GOOD[20:], mtime=0),
        zstandard.compress(GOOD),
        b"  \r\n" + GOOD + b"\r\n\r\n",
        json.dumps(json.loads(GOOD), indent=4).encode(),
        b"[" + GOOD + b"]",
        GOOD + b"\n\n",
    ],
    ids=["mark", "utf-16", "gzip", "two members", "zstd", "blanks", "indented", "array", "line"],
)
def test_one_report_comes_in_many_wrappings(body: bytes) -> None:
    """PowerShell writes marks and UTF-16, transports pack, people indent."""
    assert isinstance(only(body), Report)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("content", ["", "application/x-ndjson; charset=utf-8", "application/jsonl"])
def test_one_report_a_line(line_end: bytes, content: str) -> None:
    """NDJSON is told by its media type or by its look."""
    outcomes = decode_reports(line_end.join([GOOD, b"", GOOD]), content)

    assert [type(outcome) for outcome in outcomes] == [Report, Report]


# --- one bad item among good ones ---------------------------------------------------------------------------------

BAD_ITEMS = {
    "null": b"null",
    "number": b"5",
    "list": b"[]",
    "wrong type": GOOD.replace(b'"Windows 10"', b"10"),
    "not utf-8": GOOD.replace(b"Windows", b"Wind\xffws"),
    "half a character": GOOD.replace(b"Windows", b"\\ud800"),
    "twice": GOOD[:-1] + b',"os":{"name":"x","build":"10.0.18363.1"}}',
    "not a number": GOOD[:-1] + b',"x":NaN}',
    "nested": GOOD[:-1] + b',"x":' + b"[" * 40 + b"]" * 40 + b"}",
    "deeply nested": GOOD[:-1] + b',"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "no name": b'{"schema":"kbgap.report/1","os":{"build":"10.0.18363.657"}}',
    "broken": b'{"schema":"kbgap.report/1","os":oops}',
    "another schema": GOOD.replace(b"report/1", b"report/2"),
}


@pytest.mark.parametrize("bad", BAD_ITEMS.values(), ids=BAD_ITEMS)
def test_a_bad_item_of_an_array_keeps_its_neighbours(bad: bytes) -> None:
    """The others are read, and the line names the item."""
    first, second, third = decode_reports(b"[" + GOOD + b", " + bad + b" ," + GOOD + b"]", where="fleet.json")

    assert (type(first), type(third)) == (Report, Report)
    assert refusal(second).startswith("fleet.json $[1]")


@pytest.mark.parametrize("bad", [*BAD_ITEMS.values(), b"{oops", b"oops", GOOD[:30]], ids=[*BAD_ITEMS, *"abc"])
def test_a_bad_line_keeps_its_neighbours(bad: bytes) -> None:
    """The others are read, and the line of the file is named."""
    first, second, third = decode_reports(b"\n".join([GOOD, bad, GOOD]), where="fleet.ndjson")

    assert (type(first), type(third)) == (Report, Report)
    assert refusal(second).startswith("fleet.ndjson line 2")


def test_a_broken_first_line_is_still_one_of_many() -> None:
    """What follows shows that these are lines."""
    first, second, third = decode_reports(b"\n".join([b'{"schema', GOOD, GOOD]))

    assert "line 1" in refusal(first)
    assert (type(second), type(third)) == (Report, Report)


def test_an_array_without_its_end_keeps_the_whole_items() -> None:
    """A file that was cut still has what came before the cut."""
    first, second = decode_reports(b"[" + GOOD + b"," + GOOD[:40])

    assert isinstance(first, Report)
    assert "$[1]" in refusal(second)


# --- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (("installedUpdates", [{"kb": "4532693"}] * 3 + [{"kb": "KB45"}]), "$.installedUpdates[3].kb"),
        (("installedUpdates", [{"kb": 4532693}]), "$.installedUpdates[0].kb"),
        (("installedUpdates", [{"kb": "4532693\n"}]), "$.installedUpdates[0].kb"),
        (("installedUpdates", [{"kb": "4532693", "state": "gone"}]), "$.installedUpdates[0].state"),
        (("installedUpdates", [{"kb": "4532693", "installedOn": "12.2.2020"}]), "$.installedUpdates[0].installedOn"),
        (("installedUpdates", {"kb": "4532693"}), "$.installedUpdates"),
        (("installedUpdates", [{"kb": "4532693"}] * 20_001), "$.installedUpdates"),
        (("machine", {"id": "12"}), "$.machine.id"),
        (("machine", {"computerDnsName": "x" * 257}), "$.machine.computerDnsName"),
        (("os", {"name": "", "build": "10.0.18363"}), "$.os.name"),
        (("os", {"name": "Windows 10", "build": "1909"}), "$.os.build"),
        (("os", {"name": "Windows 10", "build": "10.0.18363.657.1"}), "$.os.build"),
        (("os", {"name": "Windows 10"}), "$.os"),
        (("os", {"name": "Windows 10", "build": "10.0.18363", "architecture": "64-bit"}), "$.os.architecture"),
        (("os", {"name": "Windows 10", "build": "10.0.18363", "installationType": "Nano"}), "$.os.installationType"),
        (("dotnet", [{"profile": "v2"}]), "$.dotnet[0].profile"),
        (("dotnet", [{"profile": "v4", "release": -1}]), "$.dotnet[0].release"),
        (("dotnet", [{"profile": "v4", "release": 10**30}]), "$.dotnet[0].release"),
        (("software", [{"version": "1"}]), "$.software[0]"),
        (("updateList", {"complete": "yes"}), "$.updateList.complete"),
        (("reportedAt", "2020-03-20T08:00:00"), "$.reportedAt"),
        (("schema", "kbgap.report/2"), "$.schema"),
    ],
)
def test_a_wrong_value_is_named_by_its_json_path(change: tuple[str, Any], place: str) -> None:
    """People find the place without reading the whole report."""
    member, value = change

    line = refusal(only(json.dumps({**FULL, member: value}).encode()))

    assert line.startswith(f"fleet.json {place}: "), line


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "nothing in it"),
        (b" \r\n ", "nothing in it"),
        (b"\xef\xbb\xbf", "nothing in it"),
        (b"[]", "empty"),
        (PACKED[:-9], "ends too early"),
        (PACKED[:10] + b"\xff" * 20, "broken"),
        (zstandard.compress(GOOD)[:-2], "ends too early"),
    ],
    ids=["empty", "blank", "mark", "array", "cut gzip", "broken gzip", "cut zstd"],
)
def test_a_body_that_cannot_be_read_is_refused_as_a_whole(body: bytes, said: str) -> None:
    """There is no item to answer for."""
    with pytest.raises(Invalid, match=said) as refused:
        decode_reports(body, where="fleet.json")

    assert refused.value.where == "fleet.json"


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(packed=10), "larger than 10 bytes"),
        (Limits(unpacked=100), "larger than 100 bytes when unpacked"),
        (Limits(items=1), "more than 1 reports"),
    ],
)
def test_a_body_over_a_limit_is_refused_as_a_whole(limits: Limits, said: str) -> None:
    """Size as sent, size when unpacked and the number of items are bounded."""
    body = gzip.compress(b"\n".join([GOOD, GOOD]))

    with pytest.raises(Invalid, match=said):
        decode_reports(body, limits=limits)


def test_a_report_over_the_limit_keeps_its_neighbours() -> None:
    """The size of one report is bounded too."""
    large = GOOD[:-1] + b',"x":"' + b"x" * 500 + b'"}'

    first, second = decode_reports(b"\n".join([large, GOOD]), limits=Limits(item=400))

    assert "larger than 400 characters" in refusal(first)
    assert isinstance(second, Report)


def test_a_small_body_that_unpacks_into_much_costs_nothing() -> None:
    """Unpacking stops at the limit: 32 KiB of zstd hold a gigabyte."""
    bomb = zstandard.compress(b"\0" * (1 << 30))

    with pytest.raises(Invalid, match="when unpacked"):
        decode_reports(bomb, limits=Limits(unpacked=1 << 20))


def test_brackets_in_texts_are_no_nesting() -> None:
    """Names of software hold whatever people like."""
    report = a_report(software=[{"name": '[{"\\' * 60}])

    assert isinstance(decode_report(encode_report(report).decode()), Report)


# --- programs that many machines list -----------------------------------------------------------------------------


def with_programs(*programs: str, before: str = "", behind: str = "") -> str:
    """A report with these programs, each as JSON, and what else stands before and behind them."""
    return f'{GOOD[:-1].decode()},{before}"software":[{",".join(programs)}]{behind}}}'


PROGRAM = '{"name":"Contoso Reader","vendor":"Contoso, Ltd.","version":"1.2"}'
BAD_PROGRAMS = {
    "twice": ('{"name":"a","version":"1","version":"2"}', 'the member "version" stands there twice'),
    "deep": (f'{{"name":"a","x":{"[" * 15}{"]" * 15}}}', "nested deeper than 16 levels"),
    "no number": ('{"name":"a","x":NaN}', "JSON"),
    "not all": ('{"version":"1"}', "software[1]"),
    "wrong type": ('{"name":1}', "software[1].name"),
    "text": ('"a"', "software[1]"),
    "half a character": ('{"name":"\\ud800"}', "half a character"),
}


def test_programs_are_read_alike_the_second_time() -> None:
    """What is remembered of a program is what stands there, with all its members."""
    full = '{"name":"B\\u00e4r","version":"2","architecture":"x64","attributes":{"instance":"X"},"mood":[{}]}'
    text = with_programs(PROGRAM, full, PROGRAM)
    expected = msgspec.json.decode(text, type=Report)

    outcomes = [decode_report(text), decode_report(text), decode_report(with_programs(full, PROGRAM))]

    assert outcomes[:2] == [expected, expected]
    assert isinstance(outcomes[2], Report)
    assert outcomes[2].software == (expected.software or ())[1::-1]


@pytest.mark.parametrize(("bad", "said"), BAD_PROGRAMS.values(), ids=BAD_PROGRAMS)
def test_a_bad_program_is_named_however_often_it_comes(bad: str, said: str) -> None:
    """Programs that are remembered hide no error of their neighbour, and an error is never remembered as a program."""
    texts = [with_programs(PROGRAM, bad, PROGRAM)] * 2

    for text in texts:
        assert said in refusal(decode_report(text, where="line 1"))


def test_the_list_of_programs_stands_there_once() -> None:
    """Of two lists nobody can say which counts, also where they are the same."""
    text = with_programs(PROGRAM, behind=f',"software":[{PROGRAM}]')

    assert 'the member "software" stands there twice' in refusal(decode_report(text))


@pytest.mark.parametrize("elsewhere", [f"[{PROGRAM}]", f'{{"software":[{PROGRAM}]}}'])
def test_a_list_that_looks_the_same_is_not_the_list(elsewhere: str) -> None:
    """A member that nobody knows may hold the same text before the list itself."""
    text = with_programs(PROGRAM, before=f'"x":{elsewhere},')

    outcome = decode_report(text)

    assert outcome == msgspec.json.decode(text, type=Report)


def test_there_are_no_more_programs_than_documented() -> None:
    """20,000 programs are read, one more is not."""
    least = '{"name":"a"}'

    assert isinstance(decode_report(with_programs(*[least] * 20_000)), Report)
    assert "20000" in refusal(decode_report(with_programs(*[least] * 20_001)))

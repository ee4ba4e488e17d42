"""What CISA and FIRST say of CVEs is read row by row; a file that lost rows is refused."""

import contextlib
import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbgap.catalogue.bounded import Limits
from kbgap.catalogue.threat_feeds import read_estimates, read_exploited, read_feed_file, unpack_feed
from kbgap.core.errors import Invalid, KbgapError, NotFound

EPSS = b"#model_version:v2025.03.14,score_date:2026-11-01T12:55:00Z\ncve,epss,percentile\n"


def a_list(*rows: object, **members: object) -> bytes:
    """CISA's list with these rows."""
    content = {"catalogVersion": "2026.11.01", "count": len(rows), "vulnerabilities": list(rows)}
    return json.dumps(content | members).encode()


def a_row(cve: str = "CVE-2020-0601", day: str = "2021-11-03") -> dict[str, str]:
    """One row of CISA's list."""
    return {"cveID": cve, "vendorProject": "Microsoft", "dateAdded": day, "shortDescription": "..."}


def test_the_list_is_read_from_json() -> None:
    """Each CVE with the day on which it was added."""
    found = read_exploited(a_list(a_row(), a_row("cve-2020-0796", "2022-02-10")), "kev.json")

    assert found.version == "2026.11.01"
    assert found.added == {"CVE-2020-0601": "2021-11-03", "CVE-2020-0796": "2022-02-10"}
    assert found.unreadable == 0


def test_the_list_is_read_from_csv() -> None:
    """CISA offers both, with the same columns; quoted line breaks and a byte order mark do no harm."""
    text = '\ufeffcveID,shortDescription,dateAdded\r\nCVE-2020-0601,"two\nlines",2021-11-03\r\n'

    found = read_exploited(text.encode(), "kev.csv")

    assert found.added == {"CVE-2020-0601": "2021-11-03"}


@pytest.mark.parametrize("bad", [7, {}, a_row("CVE-2020"), a_row(day="soon"), a_row("CVE-2020-0601'; --")])
def test_a_bad_row_loses_no_neighbour(bad: object) -> None:
    """It is counted, so that nothing is lost silently."""
    found = read_exploited(a_list(bad, a_row("CVE-2020-0796")), "kev.json")

    assert list(found.added) == ["CVE-2020-0796"]
    assert found.unreadable == 1


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "columns"),
        (b"{}", "vulnerabilities"),
        (b"[1]", "columns"),
        (b'{"vulnerabilities": [', "not complete JSON"),
        (a_list(), "no exploited CVE"),
        (a_list(a_row(), count=1400), "says that it has 1400 rows, but has 1"),
        (b"cveID,dateAdded\n\xff,2021-11-03\n", "not UTF-8"),
        (b"<html>", "columns"),
    ],
)
def test_what_is_not_the_list_is_refused(data: bytes, why: str) -> None:
    """A page of the web server, or a list that was cut, must not replace a good one."""
    with pytest.raises(Invalid, match=why):
        read_exploited(data, "kev")


def test_estimates_are_read_with_their_day() -> None:
    """The first line is a comment that says which model gave them, and when."""
    found = read_estimates(EPSS + b"CVE-2020-0601,0.94,0.99\nCVE-2020-0796,0.9,0.9\n", "epss.csv")

    assert (found.version, found.day) == ("v2025.03.14", "2026-11-01")
    assert found.scores == {"CVE-2020-0601": 0.94, "CVE-2020-0796": 0.9}


@pytest.mark.parametrize("bad", [b"CVE-2020-0601,1.5,1", b"CVE-2020-0601,nan,1", b"CVE-2020-0601,,", b"x,0.5,1", b"x"])
def test_a_bad_estimate_loses_no_neighbour(bad: bytes) -> None:
    """Probabilities lie between 0 and 1."""
    found = read_estimates(EPSS + bad + b"\nCVE-2020-0796,0.9,0.9\n", "epss.csv")

    assert list(found.scores) == ["CVE-2020-0796"]
    assert found.unreadable == 1


@pytest.mark.parametrize("data", [b"", EPSS, b"a,b\n1,2\n", EPSS + b"CVE-2020-0601,2,1\n"])
def test_a_file_without_estimates_is_refused(data: bytes) -> None:
    """It would take every score away."""
    with pytest.raises(Invalid):
        read_estimates(data, "epss.csv")


def test_a_packed_file_is_told_by_its_first_bytes(tmp_path: Path) -> None:
    """FIRST offers epss_scores-current.csv.gz; a name may have been lost on the way."""
    path = tmp_path / "scores"
    path.write_bytes(gzip.compress(EPSS + b"CVE-2020-0601,0.5,0.5\n"))

    assert read_estimates(read_feed_file(path), "scores").scores == {"CVE-2020-0601": 0.5}


def test_packed_data_is_bounded_and_whole() -> None:
    """A few kilobytes can unpack to gigabytes, and a cut file looks like a short one."""
    packed = gzip.compress(b"a" * 100_000)

    with pytest.raises(Invalid, match="cut"):
        unpack_feed(packed[:-20], "f")
    with pytest.raises(Invalid, match="larger"):
        unpack_feed(packed, "f", Limits(document=1000))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The message says which."""
    with pytest.raises(NotFound, match=r"none\.csv: no such file"):
        read_feed_file(tmp_path / "none.csv")


@given(st.binary(max_size=200))
def test_nothing_breaks_reading(data: bytes) -> None:
    """Whatever the bytes are: rows, or one clear error."""
    for read in (read_exploited, read_estimates):
        with contextlib.suppress(KbgapError):
            read(unpack_feed(data, "f"), "f")

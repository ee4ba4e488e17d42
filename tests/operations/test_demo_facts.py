"""The demo's catalogue: real facts, all of them for the KBs it knows, and nothing but facts."""

import re
from collections import defaultdict
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest

from kbgap.operations.demo_facts import PackedDocument, demo_documents, unpack
from tools.demo_facts import chosen_kbs, packed, read, reduced

FACTS = files("kbgap.data").joinpath("demo", "facts.jsonl")


def test_every_chosen_kb_has_rows_and_no_other_kb_has() -> None:
    """The list beside the tool is what the demo knows."""
    named = {remedy.kb for document in demo_documents() for entry in document.entries for remedy in entry.remedies}

    assert named == chosen_kbs()


def test_kb4540673_closes_14_cves_of_edge() -> None:
    """The documented answer counts the rows of every document that names the KB, not only March 2020's."""
    closed: dict[str, set[str]] = defaultdict(set)
    for document in demo_documents():
        for entry in document.entries:
            for remedy in entry.remedies:
                if remedy.kb == "4540673":
                    for product in remedy.products:
                        closed[document.products[product][0].partition(" on ")[0]].add(entry.id)

    assert len(closed["Microsoft Edge (EdgeHTML-based)"]) == 14
    assert len(closed["Windows 10 Version 1909 for x64-based Systems"]) == 77


def test_facts_hold_no_sentences() -> None:
    """Microsoft's descriptions and the titles of its entries are its own words; what is taken over is facts."""
    words = {
        text for document in demo_documents() for entry in document.entries for text in (entry.title, entry.description)
    }
    exploits = {entry.exploit for document in demo_documents() for entry in document.entries}

    assert words == {""}
    assert all(re.fullmatch(r"[\w ]+:[^;]*(;[\w ]+:[^;]*)*;?", exploit) for exploit in exploits if exploit)


def test_facts_stay_small() -> None:
    """The demo must not make the package heavy."""
    assert len(FACTS.read_bytes()) < 600 * 1024


@pytest.mark.shared_data
@pytest.mark.parametrize("document", ["2019-Aug", "2020-Mar", "2025-Dec"])
def test_facts_are_what_the_tool_makes_of_the_real_documents(shared_data: Path, document: str) -> None:
    """Anyone with Microsoft's documents can make the file again, to the byte."""
    path = shared_data / "msrc-cvrf" / "2026-07-06" / f"{document}.xml.zst"
    real = reduced(read(path), chosen_kbs())

    line = msgspec.json.encode(packed(real))

    assert line in FACTS.read_bytes().splitlines()
    assert unpack(msgspec.json.decode(line, type=PackedDocument)) == real

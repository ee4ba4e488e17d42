"""systeminfo is read by its structure, in every language and encoding."""

import json
from pathlib import Path
from typing import Any

import pytest

from kbgap.core.errors import Invalid
from kbgap.inventory.formats import read_text, systeminfo
from kbgap.inventory.partial import ListedKbs, Partial
from kbgap.inventory.text import decode_text
from tests.inventory.samples import LANGUAGES
from tests.inventory.samples import systeminfo as printed

KBS = ["5012117", "4562830", "5003791"]
FRENCH = LANGUAGES["French"]


def read(text: str) -> Partial:
    """What a file says."""
    return read_text(text.replace("\r\n", "\n"), "ws-17_systeminfo.txt")


def updates(text: str) -> ListedKbs:
    """The list in a file."""
    listed = read(text).updates
    assert listed is not None
    return listed


# Where Windows Vista lists a GUID first, the expected file gives no declared number and counts KBs, not entries.
GUID_FIRST = {"vista_x64_sp0_systeminfo.txt": (105, 103), "vista_x64_sp1_systeminfo.txt": (174, 171)}


def captured(shared_data: Path) -> dict[str, Any]:
    """What a reader of each captured file must find."""
    expected: dict[str, Any] = json.loads((shared_data / "systeminfo" / "expected.json").read_text("utf-8"))
    return {name: facts for name, facts in expected["files"].items() if facts["kind"] == "systeminfo"}


def test_every_captured_file_reads_as_its_machine_said(shared_data: Path) -> None:
    """What real machines of eleven releases and four languages printed is read without a single difference."""
    wrong = []
    for name, facts in captured(shared_data).items():
        text = decode_text((shared_data / "systeminfo" / name).read_bytes())
        partial = read_text(text.text, name)
        listed = partial.updates
        assert listed is not None
        found = {
            "encoding": text.encoding,
            "version": partial.build,
            "build": partial.build.rpartition(".")[2],
            "service_pack": partial.service_pack,
            "arch": partial.architecture,
            "installed_kbs": sorted(listed.kbs, key=int),
            "hotfixes_declared": listed.declared,
            "hotfixes_listed": listed.listed,
            "list_truncated": not listed.complete,
            "os_name": partial.os_name,
        }
        if name in GUID_FIRST:
            assert (listed.declared, len(listed.kbs)) == GUID_FIRST[name]
            found |= {"hotfixes_declared": None, "hotfixes_listed": len(listed.kbs)}
        wrong += [(name, key, value, facts[key]) for key, value in found.items() if value != facts[key]]

    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("encoding", ["code page", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_no_label_of_any_language_is_needed(language: str, encoding: str) -> None:
    """The same machine reads the same in every display language, in its code pages and in Unicode."""
    words = LANGUAGES[language]
    pages = words.code_pages if encoding == "code page" else (encoding,)

    for page in pages:
        text = decode_text(printed(words, KBS).encode(page))
        partial = read_text(text.text, "x.txt")

        assert partial == Partial(
            format="systeminfo",
            host="WS-17",
            os_name=words.os_name,
            build="10.0.19045",
            architecture="x64",
            updates=ListedKbs(kbs=tuple(KBS), complete=True, source="qfe", declared=3, listed=3),
        )


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_updates_is_a_complete_and_empty_list(language: str) -> None:
    """N/A in any language says that nothing is installed, which is evidence."""
    found = updates(printed(LANGUAGES[language], []))

    assert (found.kbs, found.complete) == ((), True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_updates_is_found_without_a_logon_server(language: str) -> None:
    """Under the system account the logon server is N/A too; the page file tells the place then."""
    words = LANGUAGES[language]

    found = updates(printed(words, [], logon_server=words.none))

    assert (found.kbs, found.complete) == ((), True)


def test_a_list_shorter_than_its_heading_is_incomplete() -> None:
    """Windows cuts long lists itself; the number in the heading gives it away."""
    found = updates(printed(FRENCH, KBS, declared=9))

    assert (found.kbs, found.complete) == (tuple(KBS), False)
    assert "3 of 9" in found.doubt


def test_a_heading_without_entries_is_incomplete() -> None:
    """A number and no entry at all is a cut list, not an empty one."""
    found = updates(printed(FRENCH, [], declared=9))

    assert (found.kbs, found.complete) == ((), False)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_cut_anywhere_never_proves_more_than_the_whole(language: str) -> None:
    """At no place does a cut turn into a complete list, unless everything up to the network cards is there."""
    text = printed(LANGUAGES[language], KBS).replace("\r\n", "\n")
    end_of_list = text.index(KBS[-1]) + len(KBS[-1]) + 1

    for cut in range(end_of_list):
        if not systeminfo.recognise(text[:cut], "x"):
            continue
        found = updates(text[:cut])

        assert not found.complete, text[:cut][-40:]
        assert set(found.kbs) < set(KBS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_cut_before_its_empty_list_is_incomplete(language: str) -> None:
    """A machine without updates and a file cut before the list are told apart."""
    text = printed(LANGUAGES[language], []).replace("\r\n", "\n")
    words = LANGUAGES[language]
    end_of_list = text.index(words.labels[27] + ":")

    for cut in range(end_of_list):
        if systeminfo.recognise(text[:cut], "x"):
            assert not updates(text[:cut]).complete, text[:cut][-40:]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x64-based PC", "x64"),
        ("X86-based PC", "x86"),
        ("ARM64-based PC", "arm64"),
        ("x64-basierter PC", "x64"),
        ("Itanium-based System", "ia64"),
        ("x64ベース PC", "x64"),
        ("???", ""),
    ],
)
def test_the_system_type_gives_the_architecture(value: str, expected: str) -> None:
    """The processor line does not: a 32-bit system on a 64-bit processor is 32-bit."""
    text = printed(FRENCH, KBS).replace(FRENCH.system_type, value).replace("Intel64 Family", "x64 Family")

    assert read(text).architecture == expected


def test_entries_without_a_kb_are_counted_but_name_nothing() -> None:
    """Windows XP lists files of an update as "File 1", and old updates as Q numbers."""
    text = printed(FRENCH, ["1", "2", "893803v2 - Update"])
    text = text.replace("KB1\r", "File 1\r").replace("KB2\r", "Q147222\r")

    found = updates(text)

    assert (found.kbs, found.listed, found.complete) == (("147222", "893803"), 3, True)


def test_a_name_that_was_blotted_out_is_no_name() -> None:
    """People clean files before they share them."""
    assert read(printed(FRENCH, KBS, host="...")).host == ""


def test_what_was_typed_before_the_command_does_not_matter() -> None:
    """A pasted console holds the prompt and earlier output."""
    assert read("C:\\Users\\User>systeminfo\n" + printed(FRENCH, KBS)).host == "WS-17"


def test_two_machines_in_one_file_are_refused() -> None:
    """Mixing two machines would give each the updates of the other."""
    with pytest.raises(Invalid, match="2 times"):
        read(printed(FRENCH, KBS) + printed(FRENCH, KBS, host="WS-18"))


def test_the_comma_separated_form_says_the_same() -> None:
    """The option /fo csv puts all values into one quoted line."""
    lines = [line for line in printed(FRENCH, KBS).split("\r\n") if line]
    cells: list[str] = []
    for line in lines:
        if line.startswith(" "):
            cells[-1] += "," + line.strip()
        else:
            cells.append(line.partition(":")[2].strip())
    text = ",".join(f'"{label}"' for label in FRENCH.labels) + "\n" + ",".join(f'"{cell}"' for cell in cells) + "\n"

    partial = read(text)

    assert (partial.host, partial.build, partial.architecture) == ("WS-17", "10.0.19045", "x64")
    assert partial.updates == ListedKbs(kbs=tuple(KBS), complete=True, source="qfe", declared=3, listed=3)

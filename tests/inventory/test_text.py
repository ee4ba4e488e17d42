"""Text files are read in the encoding that they were written in."""

import pytest

from kbgap.core.errors import Invalid
from kbgap.inventory.text import decode_text
from tests.inventory.samples import LANGUAGES, systeminfo

SENTENCES = {
    "German": ("Verfügbarer physikalischer Speicher: Eigenständige Arbeitsstation, Größe\n", ("cp850", "cp1252")),
    "Spanish": ("Versión del sistema operativo: Configuración regional, Español, Sí\n", ("cp850", "cp1252")),
    "Czech": ("Název hostitele: Samostatná pracovní stanice, Počet oprav, Přihlašovací server\n", ("cp852",)),
    "Turkish": ("Ana Bilgisayar Adı: İşletim Sistemi Yapısı, bağımsız iş istasyonu, Özgün Yükleme\n", ("cp857",)),  # noqa: RUF001 - Turkish
    "Greek": ("Όνομα κεντρικού υπολογιστή: Έκδοση λειτουργικού συστήματος\n", ("cp737", "cp1253")),
    "Korean": ("호스트 이름: 독립 실행형 워크스테이션, 핫픽스 4개 설치됨\n", ("cp949",)),
    "traditional Chinese": ("主機名稱: 獨立工作站, 已安裝 4 個更新, 可用實體記憶體\n", ("cp950",)),
}
PAGES = [(name, page) for name, (_, pages) in SENTENCES.items() for page in pages]
LANGUAGE_PAGES = [(name, page) for name, words in LANGUAGES.items() for page in words.code_pages]


@pytest.mark.parametrize(("name", "page"), PAGES)
def test_a_code_page_is_told_by_the_words_it_makes(name: str, page: str) -> None:
    """Nothing in a file names its code page, but in a wrong one its words are none."""
    sentence, _ = SENTENCES[name]

    assert decode_text(sentence.encode(page)) == (sentence, page)


@pytest.mark.parametrize(("name", "page"), LANGUAGE_PAGES)
def test_the_code_page_of_a_whole_file_is_found(name: str, page: str) -> None:
    """A real file has hundreds of letters to tell by; only what all pages read alike may be read with another."""
    text = systeminfo(LANGUAGES[name], ["5012117"]).replace("\r\n", "\n")

    assert decode_text(text.encode(page)).text == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", LANGUAGES)
def test_unicode_needs_no_mark(name: str, encoding: str) -> None:
    """Redirected output of wmic and of old PowerShell often lost its mark on the way."""
    text = systeminfo(LANGUAGES[name], ["5012117"]).replace("\r\n", "\n")

    assert decode_text(text.encode(encoding)).text == text


def test_line_ends_are_made_one() -> None:
    """WMIC writes two carriage returns into files."""
    assert decode_text(b"a\r\r\nb\r\nc\nd\r\r").text == "a\nb\nc\nd\n"


@pytest.mark.parametrize(("data", "encoding"), [("Größe".encode()[:-1], "utf-8"), ("Größ".encode()[:-1], "utf-8")])
def test_a_file_cut_inside_a_character_keeps_the_rest(data: bytes, encoding: str) -> None:
    """The last character of a cut UTF-8 file does not turn all others into another code page."""
    assert decode_text(data).encoding == encoding


@pytest.mark.parametrize(
    "data",
    [bytes(range(256)) * 8, b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0" * 64, b"PK\3\4\x14\0\6\0\x08\0" * 64, b"\0" * 4096],
    ids=["all bytes", "program", "archive", "zeros"],
)
def test_what_is_no_text_is_refused(data: bytes) -> None:
    """A program or a picture has no lines to read."""
    with pytest.raises(Invalid, match="not text"):
        decode_text(data)

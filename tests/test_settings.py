"""Settings come from flags, the environment, a file and defaults, in this order, and every mistake is named."""

import subprocess
import sys
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from kbgap.core.errors import Invalid
from kbgap.settings import Settings, describe_settings, load_settings


def test_without_anything_the_defaults_hold() -> None:
    """A first try needs no configuration: the database is a file in the data folder."""
    settings = load_settings({}, {})

    assert settings == Settings()
    assert settings.database == f"sqlite:///{Path('kbgap-data') / 'kbgap.sqlite'}"


def test_flags_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    """What is nearest to the person who starts kbgap counts most."""
    file = tmp_path / "kbgap.toml"
    file.write_text('port = 1\nthreads = 2\nhost = "file"\ntrusted_proxies = ["10.0.0.0/8", "192.0.2.1"]\n')

    settings = load_settings({"port": "3", "host": None}, {"KBGAP_PORT": "2", "KBGAP_THREADS": "3"}, file)

    assert (settings.port, settings.threads, settings.host) == (3, 3, "file")
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("192.0.2.1/32"))


def test_the_environment_can_name_the_file(tmp_path: Path) -> None:
    """A service is configured without flags."""
    file = tmp_path / "kbgap.toml"
    file.write_text('silent_after = "2d"')

    assert load_settings({}, {"KBGAP_CONFIG": str(file)}).silent_after == timedelta(days=2)


@pytest.mark.parametrize(
    ("variable", "text", "mend"),
    [
        ("KBGAP_PORT", "tcp://10.0.0.1:80", "write a whole number from 0 to 65535"),
        ("KBGAP_PORT", "65536", "write a whole number from 0 to 65535"),
        ("KBGAP_PORT", "", "write a whole number from 0 to 65535"),
        ("KBGAP_THREADS", "0", "write a whole number from 1 to 256"),
        ("KBGAP_SILENT_AFTER", "30", "write a number with its unit: 90s, 30m, 12h or 30d"),
        ("KBGAP_MAX_BODY", "64 MB", "write a number of bytes: 65536, 64KiB, 64MiB or 1GiB"),
        ("KBGAP_MAX_BODY", "0", "write a number of bytes: 65536, 64KiB, 64MiB or 1GiB"),
        ("KBGAP_PUBLIC_URL", "kbgap.example.org", "write an address like https://kbgap.example.org"),
        ("KBGAP_PUBLIC_URL", "https://[::1", "write an address like https://kbgap.example.org"),
        ("KBGAP_TRUSTED_PROXIES", "10.0.0.1/8", "write networks like 10.0.0.0/8, separated by commas"),
        ("KBGAP_DATA_DIR", "", "write a path"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_its_place(variable: str, text: str, mend: str) -> None:
    """One line tells which setting is wrong and what to write instead."""
    with pytest.raises(Invalid) as caught:
        load_settings({}, {variable: text})

    assert (caught.value.where, caught.value.mend) == (variable, mend)


def test_a_wrong_flag_is_named_as_it_is_written() -> None:
    """People look for what they typed."""
    with pytest.raises(Invalid, match=r"--max-batch: 'many' cannot be used here"):
        load_settings({"max_batch": "many"}, {})


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b'databse_url = "x"', "kbgap.toml: databse_url: there is no such setting; did you mean database_url?"),
        (b"port = ", "kbgap.toml: the settings file is not TOML: "),
        (b"\xff\xfe", "kbgap.toml: the settings file is not TOML: "),
        (b"port = true", "kbgap.toml: port: a setting is a text, a whole number or a list of texts"),
        (b"port = 1.5", "kbgap.toml: port: a setting is a text, a whole number or a list of texts"),
        (b"[server]\nport = 1", "kbgap.toml: server: there is no such setting"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, content: bytes, complaint: str) -> None:
    """A misspelt setting must not silently stay at its default."""
    file = tmp_path / "kbgap.toml"
    file.write_bytes(content)

    with pytest.raises(Invalid) as caught:
        load_settings({}, {}, file)

    assert complaint in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A file that was asked for and cannot be read is a mistake, not an empty file."""
    with pytest.raises(Invalid, match="the settings file cannot be read"):
        load_settings({}, {}, tmp_path / "absent.toml")


def test_names_that_are_no_settings_are_left_alone_in_the_environment() -> None:
    """Container platforms put variables of their own under a service's name, such as KBGAP_SERVICE_HOST."""
    assert load_settings({}, {"KBGAP_SERVICE_HOST": "10.0.0.1"}) == Settings()


def test_every_setting_is_described_with_a_default_that_can_be_read_back() -> None:
    """The documentation is made from the descriptions, so they must be complete and true."""
    described = describe_settings()

    assert [item.name for item in described] == list(Settings.__dataclass_fields__)
    assert all(item.about.endswith(".") for item in described)
    assert load_settings({}, {item.variable: item.default for item in described}) == Settings()


def test_reading_settings_needs_no_library() -> None:
    """Every command reads them, so they must not bring SQLAlchemy or anything else that is slow to import."""
    code = "import sys, kbgap.settings; print(sorted(n for n in sys.modules if n in {'sqlalchemy', 'msgspec', 'rich'}))"

    out = subprocess.check_output([sys.executable, "-c", code], text=True)

    assert out.strip() == "[]"

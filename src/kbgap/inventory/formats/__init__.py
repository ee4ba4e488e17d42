"""The formats that machines report in, other than the report format itself; one module each."""

from typing import Protocol

from kbgap.core.errors import Invalid
from kbgap.inventory.formats import (
    computer_info,
    get_hotfix,
    kb_list,
    missing_list,
    packages,
    registry,
    systeminfo,
    systeminfo_csv,
    wmic_qfe,
)
from kbgap.inventory.partial import Partial


class Format(Protocol):
    """What every module here offers; ``read`` is only asked for texts that ``recognise`` has told."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a constant of the module
        """What people call the format."""

    def recognise(self, text: str, name: str) -> bool:
        """Say whether the text of the file of this name is in this format."""

    def read(self, text: str, name: str) -> Partial:
        """What the text says about a machine."""


# The most telling first: what systeminfo prints may hold lines that look like another format, never the reverse.
FORMATS: tuple[Format, ...] = (
    systeminfo,
    systeminfo_csv,
    computer_info,
    registry,
    missing_list,
    get_hotfix,
    wmic_qfe,
    packages,
)


def read_text(text: str, name: str, *, installed_list: bool = False) -> Partial:
    """What a text says about a machine, in whichever format it is.

    Args:
        text: the text of one file.
        name: the file's name, which tells an empty list from an empty file; nothing else depends on it.
        installed_list: a bare list of KB numbers is one of installed updates. Otherwise it is refused.

    Raises:
        Invalid: the text is in no known format.
    """
    for candidate in FORMATS:
        if candidate.recognise(text, name):
            return candidate.read(text, name)
    if kb_list.recognise(text, name):
        if installed_list:
            return kb_list.read(text, name)
        raise Invalid(
            "a bare list of KB numbers does not say whether they are installed or missing",
            mend="say that they are installed, or send a list that wmic qfe or Get-HotFix printed",
        )
    if not text.strip():
        raise Invalid("there is nothing in it", mend="run the command again, as an administrator")
    known = ", ".join(["kbgap.report/1 (JSON)", *(candidate.NAME for candidate in FORMATS)])
    raise Invalid("this is in no known format", mend=f"known are: {known}")

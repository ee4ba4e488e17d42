"""The facts about a machine that follow from its evidence and a catalogue, as every machine list shows them."""

import msgspec

from kbgap.core.errors import Unavailable
from kbgap.core.model import Value


class Facts(Value, frozen=True):
    """What kind of Windows a machine runs; ``is_outside``: the catalogue does not cover it, so it is never judged.

    ``version`` is the name of the release ("1909"), ``build`` what the machine reports (10.0.18363.657), and
    ``os_build`` its third part; None when not known.
    """

    os_platform: str
    version: str | None = None
    os_build: int | None = None
    build: str | None = None
    architecture: str | None = None
    is_outside: bool = False

    def columns(self) -> dict[str, object]:
        """The columns of the machine table that hold them."""
        return msgspec.structs.asdict(self)


def decode_facts(text: str) -> Facts:
    """Read what was stored; Unavailable when it is damaged."""
    try:
        return msgspec.json.decode(text, type=Facts)
    except msgspec.DecodeError as error:
        raise Unavailable(f"a row of the database is damaged ({error})", mend="restore a backup") from error

"""What one file says about a machine, before the files of one machine are united."""

from kbgap.core.model import Value
from kbgap.inventory.report import Software


class ListedKbs(Value, frozen=True):
    """The list of installed updates in one file.

    ``declared`` is the number that the file itself gives, ``listed`` how many whole entries follow it (entries without
    a KB count too). ``complete`` means that what is absent is not installed; ``doubt`` says why it is not complete
    where the format would have it so.
    """

    kbs: tuple[str, ...]
    complete: bool
    source: str
    declared: int | None = None
    listed: int = 0
    doubt: str = ""


class Partial(Value, frozen=True):
    """What one file says; empty texts and None mean that it does not say.

    ``build`` has three or four parts, ``version`` is the display version ("22H2"), ``service_pack`` its number.
    ``notes`` are sentences for people on what was set aside, and why.
    """

    format: str
    host: str = ""
    os_name: str = ""
    version: str = ""
    build: str = ""
    service_pack: int = 0
    edition: str = ""
    architecture: str = ""
    installation_type: str = ""
    updates: ListedKbs | None = None
    software: tuple[Software, ...] = ()
    notes: tuple[str, ...] = ()

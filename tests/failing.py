"""Make one statement of a database fail, as a disk or a connection does at any moment."""

from typing import Self

from sqlalchemy import event

from kbgap.store.database import Database


class FailingStatement:
    """While it is entered, the statement with this number fails; ``came`` tells afterwards whether it came."""

    def __init__(self, database: Database, number: int) -> None:
        self._database = database
        self._left = number
        self.came = False

    def __enter__(self) -> Self:
        event.listen(self._database.engine, "before_cursor_execute", self._count)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self._database.engine, "before_cursor_execute", self._count)

    def _count(self, *_: object) -> None:
        self._left -= 1
        if self._left == 0:
            self.came = True
            msg = "the power went"
            raise OSError(msg)

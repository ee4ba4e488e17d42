"""Tables become a Parquet file: names, types, texts and notes arrive as they were given."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import msgspec
import pytest

from kbgap.core.errors import Unavailable
from kbgap.store.parquet import Columns, columns_of, tables_in

COLUMNS: Columns = {"name": "VARCHAR", "numbers": ["INTEGER"], "parts": [{"key": "VARCHAR", "at": "BIGINT"}]}
ODD = ("it's", 'quote"d', "line\nend", "\\u0041", "Пример", "", None)


class Row(msgspec.Struct):
    """One of each kind that rows of exports have."""

    text: str | None
    number: int | None
    size: float
    is_so: bool
    texts: tuple[str, ...]
    moment: datetime


def written(folder: Path, columns: Columns, rows: list[dict[str, object]], *, share: tuple[str, ...] = ()) -> Path:
    """The rows in a file, with some columns as shared texts."""
    file = folder / "it's.parquet"
    with tables_in(folder, str(file)) as tables:
        tables.create("t", columns)
        tables.add("t", columns, rows)
        tables.add("t", columns, [])
        tables.share_texts("t", share)
        count = tables.write({name: f'"{name}"' for name in columns}, "t", file, {"note": "it's"})
    assert count == len(rows)
    return file


@pytest.mark.parametrize("share", [(), ("name",)])
def test_texts_and_nests_arrive(tmp_path: Path, share: tuple[str, ...]) -> None:
    """Shared ones as plain texts too, whatever is in them."""
    rows: list[dict[str, object]] = [
        {"name": name, "numbers": [1, 2], "parts": [{"key": "a", "at": 2**40}]} for name in ODD
    ]

    file = written(tmp_path, COLUMNS, rows, share=share)

    with duckdb.connect() as reader:
        found = reader.read_parquet(str(file))
        assert [str(kind) for kind in found.types] == ["VARCHAR", "INTEGER[]", 'STRUCT("key" VARCHAR, "at" BIGINT)[]']
        assert sorted(found.fetchall(), key=str) == sorted([tuple(row.values()) for row in rows], key=str)
        notes = reader.execute("SELECT decode(value) FROM parquet_kv_metadata(?)", [str(file)]).fetchall()
    assert notes == [("it's",)]


def test_the_members_of_a_row_have_types(tmp_path: Path) -> None:
    """Moments to the microsecond, and nothing is guessed from the rows."""
    row = Row("1", 2**40, 0.1, is_so=True, texts=("a",), moment=datetime(2020, 3, 20, 8, 0, 0, 123456, tzinfo=UTC))

    file = written(tmp_path, columns_of(Row), [msgspec.structs.asdict(row)])

    with duckdb.connect() as reader:
        found = reader.execute(
            "SELECT * REPLACE (epoch_us(moment) AS moment) FROM read_parquet(?)", [str(file)]
        ).fetchall()
    assert found == [("1", 2**40, 0.1, True, ["a"], 1_584_691_200_123_456)]


def test_a_failure_is_said_of_the_file_that_was_asked_for(tmp_path: Path) -> None:
    """And not of those that DuckDB makes on the way."""
    absent = tmp_path / "absent"

    with pytest.raises(Unavailable) as caught, tables_in(absent, "out.parquet"):
        pytest.fail("there is no such folder")

    assert str(caught.value) == "out.parquet: the file cannot be written (No such file or directory)"


def test_a_mistake_of_ours_is_no_failure_of_the_disk(tmp_path: Path) -> None:
    """It is to be seen and mended."""
    with pytest.raises(duckdb.ProgrammingError), tables_in(tmp_path, "out.parquet") as tables:
        tables.write({"a": "a"}, "nothing", tmp_path / "out.parquet", {})

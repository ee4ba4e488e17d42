"""What the bulletins replaced is read product by product, and through any number of them."""

from pathlib import Path

from tests.accuracy.contained import bulletins, older_by_newer

LAST_KB = 4_014_999  # MS17-023 of March 2017 is 4014329


def test_replacing_goes_through_any_number_of_bulletins() -> None:
    """MS16-018 replaced MS16-005, and MS16-034 replaced MS16-018, so the last holds both."""
    older = older_by_newer([("3134214", "3124000"), ("3139852", "3134214"), ("3134214", "3134214")])

    assert older == {"3134214": frozenset({"3124000"}), "3139852": frozenset({"3134214", "3124000"})}


def test_bulletins_are_read_by_the_documents_names(shared_data: Path) -> None:
    """3145739 of MS16-039 replaced 3139852 on Windows 7; what came after the last bulletin is for no product's name."""
    stated = bulletins(shared_data)
    names = [name for name in stated if " on " not in name or name.startswith("Internet Explorer 11 on Windows")]

    assert ("3145739", "3139852") in stated["Windows 7 for x64-based Systems Service Pack 1"]
    assert sum(map(len, stated.values())) > 15_000
    assert not {newer for name in names for newer, _ in stated[name] if int(newer) > LAST_KB}

"""Which .NET Framework products a machine has follows from its release key, else from what came with Windows."""

import pytest

from kbgap.core.model import Product
from kbgap.inventory.dotnet import NOT_KNOWN, NOT_REPORTED, presence, unserved, version_of
from kbgap.inventory.report import DotNet

V35 = DotNet(profile="v3.5")


def v4(release: int | None) -> DotNet:
    """A v4 profile."""
    return DotNet(profile="v4", release=release)


def a_product(*versions: str, in_box: bool = False) -> Product:
    """A .NET product of the catalogue."""
    return Product(
        id="1-2", name="x", software=".net_framework", component=".net", versions=versions, in_box=in_box, platform="2"
    )


@pytest.mark.parametrize(
    ("release", "version"),
    [
        (378388, None),
        (378389, "4.5"),
        (378675, "4.5.1"),
        (378758, "4.5.1"),
        (379893, "4.5.2"),
        (393297, "4.6"),
        (394254, "4.6.1"),
        (394806, "4.6.2"),
        (460798, "4.7"),
        (461310, "4.7.1"),
        (461808, "4.7.2"),
        (528039, "4.7.2"),
        (528040, "4.8"),
        (528449, "4.8"),
        (533320, "4.8.1"),
        (999999, "4.8.1"),
    ],
)
def test_a_release_key_is_at_least_its_version(release: int, version: str | None) -> None:
    """Microsoft documents the least key of each version; keys between belong to the lower one."""
    assert version_of(release) == version


@pytest.mark.parametrize(
    ("versions", "is_there"),
    [
        (("4.8",), True),
        (("3.5", "4.8"), True),
        (("4.7.2", "4.8"), True),
        (("4.7.2",), False),
        (("3.5", "4.7.2"), False),
    ],
)
def test_the_release_key_decides_by_the_4x_part(versions: tuple[str, ...], is_there: bool) -> None:
    """An in-box 4.7.2 is replaced by 4.8; a combined name is there when its 4.x is."""
    for in_box in (False, True):
        found = presence(a_product(*versions, in_box=in_box), [v4(528040)])

        assert found == ("" if is_there else None)


def test_what_came_with_windows_is_certain_without_a_report() -> None:
    """Everything else may have been installed, so it is doubtful, not absent."""
    for versions in (("4.8",), ("3.5",), ("3.5", "4.8")):
        assert presence(a_product(*versions, in_box=True), []) == ""
        assert presence(a_product(*versions), []) == NOT_REPORTED


def test_the_v35_profile_decides_on_35() -> None:
    """Reported profiles are all profiles; 2.0 and 3.0 may also be there without 3.5."""
    assert presence(a_product("3.5.1"), [V35]) == ""
    assert presence(a_product("2.0"), [V35]) == ""
    assert presence(a_product("3.5.1", in_box=True), [v4(528040)]) is None
    assert presence(a_product("2.0", in_box=True), [v4(528040)]) == ""
    assert presence(a_product("3.0"), [v4(528040)]) == NOT_REPORTED


def test_a_v4_profile_without_a_usable_key_leaves_a_doubt() -> None:
    """Nothing is guessed from a key that is missing or older than 4.5."""
    assert presence(a_product("4.8"), [v4(None)]) == NOT_REPORTED
    assert presence(a_product("4.8", in_box=True), [v4(None)]) == ""
    assert presence(a_product("4.8"), [v4(1)]) == NOT_KNOWN


def test_profiles_without_v4_leave_only_what_came_with_windows() -> None:
    """A 4.x that is not reported among others is not there, but one that belongs to Windows cannot be absent."""
    assert presence(a_product("4.8"), [V35]) is None
    assert presence(a_product("4.8", in_box=True), [V35]) == ""


def test_a_version_that_nothing_names_is_said() -> None:
    """4.5 has had no updates for years; that is not the same as missing none."""
    products = [a_product("4.5.2"), a_product("3.5", "4.8")]

    assert unserved(products, [v4(378389)]) == "4.5"
    assert unserved(products, [v4(528040)]) == ""
    assert unserved([], [v4(378389)]) == ""

"""A machine has one id, made of its tenant and its name."""

import re

from kbgap.inventory.machine_id import machine_id


def test_an_id_is_forty_hex_digits_and_never_changes() -> None:
    """Ids are stored and linked to, so this one stands for all time."""
    found = machine_id("contoso", "ws-17.example.org")

    assert re.fullmatch("[0-9a-f]{40}", found)
    assert found == "6dbf2cef691baea593666848b9720e6536498aba"


def test_spellings_of_one_dns_name_are_one_machine() -> None:
    """DNS does not tell upper from lower case, nor the root's dot."""
    assert machine_id("contoso", "WS-17.Example.ORG.") == machine_id("contoso", "ws-17.example.org")


def test_tenants_and_names_do_not_run_together() -> None:
    """Two tenants never share a machine, however their names are cut."""
    assert machine_id("a", "b:c") != machine_id("a:b", "c")
    assert machine_id("contoso", "ws-17") != machine_id("fabrikam", "ws-17")

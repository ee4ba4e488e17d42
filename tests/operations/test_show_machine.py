"""A machine is shown with what is known of it, also when it does not count or nothing of it is judged."""

from datetime import UTC, datetime

import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import NotFound
from kbgap.operations.manage_machines import exclude_machine
from kbgap.operations.report_inventory import report_inventory
from kbgap.operations.show_machine import show_machine
from kbgap.store.database import Database
from tests.builders import BY, NOW, OTHER_TENANT, TENANT, a_report, later

ENDED = datetime(2022, 5, 11, tzinfo=UTC)  # the day after the last one of Windows 10 1909 as Enterprise


def test_the_support_of_its_windows_is_of_the_day(fleet: Database, catalogue: CatalogueFile) -> None:
    """Also of a machine that does not count."""
    report_inventory(fleet, catalogue, TENANT, [a_report("here"), a_report("out")], NOW)
    exclude_machine(fleet, TENANT, "out", "Other", BY)

    before, after, out = (
        show_machine(fleet, TENANT, name, moment)
        for name, moment in (("here", later(days=1)), ("here", ENDED), ("out", ENDED))
    )

    assert (before.end_of_support_status, before.end_of_support_date) == ("None", None)
    assert (after.end_of_support_status, after.end_of_support_date) == ("EOS Version", "2022-05-10")
    assert (out.end_of_support_status, out.exclusion_reason) == ("EOS Version", "Other")


def test_a_windows_that_is_not_judged_has_no_answer(fleet: Database, catalogue: CatalogueFile) -> None:
    """Outside the catalogue nothing says which software it is."""
    report_inventory(fleet, catalogue, TENANT, [a_report("new", number=60_000)], NOW)

    shown = show_machine(fleet, TENANT, "new", ENDED)

    assert shown.is_outside
    assert (shown.end_of_support_status, shown.end_of_support_date) == (None, None)


def test_a_machine_of_another_tenant_is_not_there(fleet: Database, catalogue: CatalogueFile) -> None:
    """By the same id."""
    report_inventory(fleet, catalogue, TENANT, [a_report("here")], NOW)

    with pytest.raises(NotFound):
        show_machine(fleet, OTHER_TENANT, "here", NOW)

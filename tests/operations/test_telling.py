"""A report is split into who tells it and what is judged; what cannot matter does not make a difference."""

from datetime import date

import msgspec
import pytest

from kbgap.inventory.report import Machine, ReportedUpdate, Software, State
from kbgap.operations.telling import decode_evidence, evidence_of, identity_of, tell
from tests.builders import NOW, TENANT, a_report, later

KB1, KB2 = ReportedUpdate(kb="4532693"), ReportedUpdate(kb="4540673")
EDGE, TEAMS = Software(name="Edge", version="1"), Software(name="Teams", version="2")


def test_order_days_and_names_make_no_other_evidence() -> None:
    """Machines that are alike in all that is judged share what is stored of it."""
    dated = msgspec.structs.replace(KB1, installed_on=date(2020, 2, 12))
    one = a_report("ws-1", installed_updates=(KB1, KB2), software=(EDGE, TEAMS))
    other = a_report("ws-2", installed_updates=(KB2, dated, KB1), software=(TEAMS, EDGE), at=later(hours=1))

    assert evidence_of(one) == evidence_of(other)


@pytest.mark.parametrize(
    "other",
    [
        a_report(installed_updates=(KB1,)),
        a_report(installed_updates=(KB1, msgspec.structs.replace(KB2, state=State.PENDING))),
        a_report(installed_updates=None),
        a_report(installed_updates=()),
        a_report(installed_updates=(KB1, KB2), update_list=None),
        a_report(installed_updates=(KB1, KB2), ubr=719),
        a_report(installed_updates=(KB1, KB2), software=(EDGE,)),
    ],
)
def test_whatever_can_change_a_verdict_is_other_evidence(other: object) -> None:
    """Nothing that judging reads is left out of the key."""
    assert isinstance(other, type(a_report()))

    assert evidence_of(other) != evidence_of(a_report(installed_updates=(KB1, KB2)))
    assert evidence_of(decode_evidence(evidence_of(other))) == evidence_of(other)


def test_the_moment_does_not_make_another_report() -> None:
    """A repetition is known although it says another time."""
    told = [tell(a_report(at=at), TENANT, NOW) for at in (None, later(hours=-1), later(days=1))]

    assert len({item.report for item in told}) == 1
    assert [item.reported_at for item in told] == [NOW, later(hours=-1), NOW]


def test_a_machine_has_another_id_in_another_tenant() -> None:
    """Ids that are made from names do not tell who else has a machine of that name."""
    ids = {tell(a_report("ws-1"), tenant, NOW).machine_id for tenant in (TENANT, TENANT[::-1])}

    assert len(ids) == 2


def test_names_are_cleaned_where_they_are_kept() -> None:
    """Lower case and no dot at the end, as Defender shows them; blank tags and broken addresses are left out."""
    machine = Machine(
        computer_dns_name="WS-1.Example.org.",
        machine_tags=("berlin", " ", "berlin", " vip "),
        rbac_group_name=" ",
        last_ip_address="2001:DB8::0001",
    )

    identity = identity_of(a_report(machine=machine))

    assert identity.computer_dns_name == "ws-1.example.org"
    assert identity.tags == ("berlin", "vip")
    assert identity.group is None
    assert identity.last_ip_address == "2001:db8::1"
    assert identity_of(a_report(machine=Machine(last_ip_address="1.2.3"))).last_ip_address is None

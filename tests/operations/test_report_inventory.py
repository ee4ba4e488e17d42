"""Reports are recorded once, judged once and counted exactly, whatever their order."""

import threading
from collections.abc import Sequence
from datetime import datetime
from random import Random

import pytest
from sqlalchemy import select, text, update

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import Invalid, NotFound, Unavailable
from kbgap.inventory.report import Machine, OperatingSystem, Report
from kbgap.operations.arrivals import Answer, Status
from kbgap.operations.check_database import check
from kbgap.operations.manage_machines import delete_machine, exclude_machine, include_machine, sweep_machines
from kbgap.operations.read_missing import missing_for_machine, missing_for_software
from kbgap.operations.report_inventory import report_inventory
from kbgap.store import schema, tenants, views
from kbgap.store.database import Database
from kbgap.store.tenants import Pointer, tenant_key
from tests.builders import APRIL, BY, FEBRUARY, MARCH, NOW, OTHER_TENANT, TENANT, a_catalogue, a_report, later

WINDOWS_10 = "microsoft-_-windows_10"
CONTRADICTION = OperatingSystem(name="Windows Server 2012 R2", build="10.0.18363.657", architecture="x64")


def missed_on(database: Database, software: str = WINDOWS_10, tenant: str = TENANT) -> dict[str, int]:
    """How many machines miss each KB, as the API answers."""
    return {row.id: row.machine_missed_on for row in missing_for_software(database, tenant, software)}


def pointer(database: Database) -> Pointer:
    """Where the tenant is."""
    with database.reading() as connection:
        return tenants.pointer(connection, TENANT)


def last_seen(database: Database) -> list[datetime]:
    """When each machine was heard last."""
    with database.reading() as connection:
        return list(connection.scalars(select(schema.machine_seen.c.last_seen)))


def statuses(answers: Sequence[Answer]) -> list[str]:
    """What became of each report."""
    return [answer.status.value for answer in answers]


def test_a_machine_counts_for_every_kb_that_it_misses(fleet: Database, catalogue: CatalogueFile) -> None:
    """MachineMissedOn is the number of machines whose state misses the KB."""
    reports = [a_report("ws-1"), a_report("ws-2"), a_report("ws-3", ubr=418), a_report("ws-4", ubr=719)]

    answers = report_inventory(fleet, catalogue, TENANT, reports, NOW)

    assert statuses(answers) == ["accepted"] * 4
    assert missed_on(fleet) == {"4540673": 3, "4532693": 1}
    assert check(fleet) == []


def test_a_repeated_report_only_says_that_the_machine_lives(fleet: Database, catalogue: CatalogueFile) -> None:
    """Heartbeats write when the machine was seen, and nothing that answers depend on."""
    report_inventory(fleet, catalogue, TENANT, [a_report()], NOW)
    before = pointer(fleet)

    answers = report_inventory(fleet, catalogue, TENANT, [a_report(at=later(hours=1))], later(hours=1))

    assert statuses(answers) == ["unchanged"]
    assert last_seen(fleet) == [later(hours=1)]
    assert pointer(fleet) == before


def test_a_patched_machine_leaves_the_counts(fleet: Database, catalogue: CatalogueFile) -> None:
    """A new report replaces the machine's earlier one."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1"), a_report("ws-2")], NOW)

    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1", ubr=719)], later(hours=1))

    assert missed_on(fleet) == {"4540673": 1}
    assert missing_for_machine(fleet, TENANT, "ws-1") == []
    assert check(fleet) == []


def test_an_older_report_never_overwrites_a_newer_one(fleet: Database, catalogue: CatalogueFile) -> None:
    """Reports can overtake each other; what the machine said last counts."""
    report_inventory(fleet, catalogue, TENANT, [a_report(ubr=719, at=later(hours=-1))], NOW)

    answers = report_inventory(fleet, catalogue, TENANT, [a_report(ubr=657, at=later(hours=-2))], NOW)

    assert answers[0].status is Status.UNCHANGED
    assert answers[0].reason == "older than the report of 2020-03-20T07:00:00Z, which is kept"
    assert missed_on(fleet) == {}


def test_of_two_reports_in_one_batch_the_newer_one_counts(fleet: Database, catalogue: CatalogueFile) -> None:
    """A machine counts once, however often a batch names it and in whatever order."""
    reports = [
        a_report(ubr=719, at=later(minutes=-1)),
        a_report(ubr=657, at=later(minutes=-2)),
        a_report(ubr=719, at=later(minutes=-1)),
    ]

    answers = report_inventory(fleet, catalogue, TENANT, reports, NOW)

    assert statuses(answers) == ["accepted", "unchanged", "unchanged"]
    assert missed_on(fleet) == {}
    assert check(fleet) == []


def test_a_clock_that_runs_ahead_does_not_silence_a_machine(fleet: Database, catalogue: CatalogueFile) -> None:
    """A report from the future counts as of now, so that the next one is not taken for an older one."""
    report_inventory(fleet, catalogue, TENANT, [a_report(ubr=657, at=later(days=9000))], NOW)

    answers = report_inventory(fleet, catalogue, TENANT, [a_report(ubr=719)], later(hours=1))

    assert statuses(answers) == ["accepted"]
    assert missed_on(fleet) == {}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (Invalid("it is not JSON", where="line 2"), "line 2: it is not JSON"),
        (a_report(machine=Machine()), "$.machine: the report does not say which machine it is of"),
        (a_report("ws\0"), "$.machine: a name holds a control character; correct the name"),
        (a_report(machine=Machine(computer_dns_name="a", machine_tags=("\x1b[1m",))), "a name holds a control"),
        (a_report("ws-0", os=CONTRADICTION), "$.os.build: the report contradicts itself"),
    ],
)
def test_a_bad_item_never_loses_its_neighbours(
    fleet: Database, catalogue: CatalogueFile, bad: Report | Invalid, reason: str
) -> None:
    """It is answered as rejected, with the reason, and all others are recorded."""
    answers = report_inventory(fleet, catalogue, TENANT, [a_report("ws-1"), bad, a_report("ws-2")], NOW)

    assert statuses(answers) == ["accepted", "rejected", "accepted"]
    assert reason in answers[1].reason
    assert answers[1].machine_id == ""
    assert missed_on(fleet) == {"4540673": 2}


def test_a_report_that_contradicts_itself_leaves_what_the_machine_said_before(
    fleet: Database, catalogue: CatalogueFile
) -> None:
    """Also when it comes last of several of one machine in a batch."""
    reports = [a_report(ubr=657, at=later(minutes=-2)), a_report(os=CONTRADICTION, at=later(minutes=-1))]

    answers = report_inventory(fleet, catalogue, TENANT, reports, NOW)

    assert statuses(answers) == ["accepted", "rejected"]
    assert missed_on(fleet) == {"4540673": 1}


def test_a_machine_without_an_id_is_known_by_its_name(fleet: Database, catalogue: CatalogueFile) -> None:
    """Whatever the letter case: names do not tell it apart."""
    report_inventory(fleet, catalogue, TENANT, [a_report("WS-1.example.org")], NOW)

    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1.Example.org.", ubr=719)], NOW)

    assert missed_on(fleet) == {}
    assert len(last_seen(fleet)) == 1


def test_a_machine_outside_the_catalogue_is_kept_and_flagged(fleet: Database, catalogue: CatalogueFile) -> None:
    """It is known and answers with nothing missing, but it is not taken for a patched one."""
    windows_7 = OperatingSystem(name="Microsoft Windows 7 Professional", build="6.1.7601")

    answers = report_inventory(fleet, catalogue, TENANT, [a_report(os=windows_7)], NOW)

    with fleet.reading() as connection:
        flags = list(connection.scalars(select(schema.machine.c.is_outside)))

    assert (statuses(answers), flags) == (["accepted"], [True])
    assert missing_for_machine(fleet, TENANT, "ws-1") == []
    assert check(fleet) == []


def test_tenants_do_not_see_each_other(fleet: Database, catalogue: CatalogueFile) -> None:
    """The same machine in two tenants is two machines."""
    report_inventory(fleet, catalogue, TENANT, [a_report(machine=Machine(id="a" * 40))], NOW)
    report_inventory(fleet, catalogue, OTHER_TENANT, [a_report(machine=Machine(id="a" * 40), ubr=719)], NOW)

    assert missed_on(fleet) == {"4540673": 1}
    assert missed_on(fleet, tenant=OTHER_TENANT) == {}
    with pytest.raises(NotFound, match="was not found"):
        missing_for_machine(fleet, OTHER_TENANT, "ws-1")


def test_an_unknown_tenant_is_refused(fleet: Database, catalogue: CatalogueFile) -> None:
    """A report does not make a tenant."""
    with pytest.raises(NotFound, match="there is no tenant 33333333"):
        report_inventory(fleet, catalogue, "33333333-3333-4333-8333-333333333333", [a_report()], NOW)


def test_reports_are_judged_with_the_catalogue_of_their_tenant(
    fleet: Database, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A server that still holds another catalogue must not mix its verdicts in."""
    with (
        a_catalogue(tmp_path_factory.mktemp("other"), FEBRUARY, MARCH, APRIL) as other,
        pytest.raises(Unavailable, match=r"is not the one in use, which is 2020-Mar.*; try again"),
    ):
        report_inventory(fleet, other, TENANT, [a_report()], NOW)

    assert last_seen(fleet) == []


def test_without_a_catalogue_the_command_is_named(database: Database, catalogue: CatalogueFile) -> None:
    """Reports wait until there is something to judge with."""
    with database.transaction() as tx:
        tenants.create(tx, TENANT, "north", NOW)

    with pytest.raises(Unavailable, match="no catalogue in the database yet; run: kbgap catalogue refresh"):
        report_inventory(database, catalogue, TENANT, [a_report()], NOW)


def test_a_silent_machine_counts_again_when_it_reports(fleet: Database, catalogue: CatalogueFile) -> None:
    """Also when it repeats what it said before."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1"), a_report("ws-2")], NOW)
    sweep_machines(fleet, TENANT, later(days=31), later(days=30) - NOW, later(days=180) - NOW)
    assert missed_on(fleet) == {}

    answers = report_inventory(fleet, catalogue, TENANT, [a_report("ws-1"), a_report("ws-2", ubr=418)], later(days=31))

    assert statuses(answers) == ["unchanged", "accepted"]
    assert missed_on(fleet) == {"4540673": 2, "4532693": 1}
    assert check(fleet) == []


def test_an_excluded_machine_stays_out_whatever_it_reports(fleet: Database, catalogue: CatalogueFile) -> None:
    """Only an administrator takes it back."""
    report_inventory(fleet, catalogue, TENANT, [a_report()], NOW)
    exclude_machine(fleet, TENANT, "ws-1", "DuplicateDevice", BY)

    report_inventory(fleet, catalogue, TENANT, [a_report(ubr=418)], later(hours=1))
    assert missed_on(fleet) == {}

    include_machine(fleet, TENANT, "ws-1", BY)
    assert missed_on(fleet) == {"4540673": 1, "4532693": 1}
    assert check(fleet) == []


def in_group(name: str, group: str, **members: object) -> Report:
    """A report of a machine that says which group it is in."""
    return a_report(machine=Machine(computer_dns_name=name, rbac_group_name=group), **members)  # type: ignore[arg-type] # members have their types


def missed_in(database: Database, *groups: str) -> dict[str, int]:
    """How many machines of some groups miss each KB of Windows 10."""
    key = tenant_key(TENANT)
    with database.reading() as connection:
        table = schema.machine_group
        scopes = list(connection.scalars(select(table.c.group_id).where(table.c.name.in_(groups))))
        rows = views.missing_for_software(connection, key, "windows_10", scopes)
    return {row.id: row.machine_missed_on for row in rows}


def test_counts_are_kept_per_group(fleet: Database, catalogue: CatalogueFile) -> None:
    """A caller who may see some groups gets the numbers of those."""
    reports = [in_group("ws-1", "berlin"), in_group("ws-2", "berlin", ubr=418), in_group("ws-3", "oslo"), a_report("x")]

    report_inventory(fleet, catalogue, TENANT, reports, NOW)
    report_inventory(fleet, catalogue, TENANT, [in_group("ws-1", "oslo")], later(hours=1))

    assert missed_in(fleet, "berlin") == {"4540673": 1, "4532693": 1}
    assert missed_in(fleet, "oslo") == {"4540673": 2}
    assert missed_in(fleet, "berlin", "oslo") == {"4540673": 3, "4532693": 1}
    assert missed_on(fleet) == {"4540673": 4, "4532693": 1}
    assert check(fleet) == []


def test_a_group_that_an_administrator_set_wins(fleet: Database, catalogue: CatalogueFile) -> None:
    """What a machine says of its own group is only a first guess."""
    report_inventory(fleet, catalogue, TENANT, [in_group("ws-1", "berlin"), in_group("ws-2", "oslo")], NOW)
    with fleet.transaction() as tx:
        tx.execute(update(schema.machine).values(set_group="oslo").where(schema.machine.c.computer_dns_name == "ws-1"))

    report_inventory(fleet, catalogue, TENANT, [in_group("ws-1", "berlin", ubr=418)], later(hours=1))

    assert missed_in(fleet, "oslo") == {"4540673": 2, "4532693": 1}
    assert missed_in(fleet, "berlin") == {}
    assert check(fleet) == []


@pytest.mark.parametrize("seed", range(4))
def test_counts_are_exact_after_any_history(fleet: Database, catalogue: CatalogueFile, seed: int) -> None:
    """Whatever happens to machines, the counts are what counting the machines gives."""
    random = Random(seed)
    now = NOW
    names = [f"ws-{number}" for number in range(12)]
    known: set[str] = set()
    for _ in range(25):
        now += later(days=random.choice([0, 0, 1, 20])) - NOW
        match random.choice(["report"] * 5 + ["exclude", "include", "delete", "sweep"]):
            case "report":
                picked = random.choices(names, k=random.randint(1, 8))
                groups = ["", "berlin", "oslo"]
                reports = [in_group(n, random.choice(groups), ubr=random.choice([418, 657, 719, None])) for n in picked]
                report_inventory(fleet, catalogue, TENANT, reports, now)
                known |= set(picked)
            case "sweep":
                sweep_machines(fleet, TENANT, now, later(days=30) - NOW, later(days=3650) - NOW)
            case act if known:
                name = random.choice(sorted(known))
                if act == "exclude":
                    exclude_machine(fleet, TENANT, name, "Other", BY)
                elif act == "include":
                    include_machine(fleet, TENANT, name, BY)
                else:
                    delete_machine(fleet, TENANT, name, BY)
                    known.remove(name)
            case _:
                pass

    assert check(fleet) == []
    assert missed_on(fleet) == _counted_one_by_one(fleet)


def _counted_one_by_one(database: Database) -> dict[str, int]:
    """The same numbers from the answers of the machines, without any stored count."""
    with database.reading() as connection:
        rows = connection.execute(
            text(
                "SELECT m.machine_id FROM machine m JOIN machine_seen s ON s.machine_id = m.machine_id"
                " WHERE m.exclusion IS NULL AND NOT s.is_silent"
            )
        )
        counted = list(rows.scalars())
    missed: dict[str, int] = {}
    for machine in counted:
        for row in missing_for_machine(database, TENANT, machine):
            if "windows_10" in row.products_names:
                missed[row.id] = missed.get(row.id, 0) + 1
    return missed


def test_counts_are_exact_under_concurrent_writers(fleet: Database, catalogue: CatalogueFile) -> None:
    """Writers of the same machines at the same moment lose nothing and count nothing twice."""
    failures: list[BaseException] = []

    def write(seed: int) -> None:
        random = Random(seed)
        try:
            for _ in range(12):
                reports = [
                    in_group(f"ws-{random.randint(0, 30)}", f"group {seed}", ubr=random.choice([418, 657, 719]))
                    for _ in range(10)
                ]
                report_inventory(fleet, catalogue, TENANT, reports, NOW)
        except BaseException as error:  # noqa: BLE001 - whatever a thread raises is what the test is about
            failures.append(error)

    threads = [threading.Thread(target=write, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert check(fleet) == []
    assert missed_on(fleet) == _counted_one_by_one(fleet)

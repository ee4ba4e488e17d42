"""Ingest seeded reports batch by batch and say what was acknowledged: the process that the tests here disturb.

Called with the database's address, the catalogue file, the seed, the first report and the number of reports.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

from sqlalchemy import select

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import KbgapError
from kbgap.inventory.report import Machine, Report
from kbgap.operations.report_inventory import report_inventory
from kbgap.operations.telling import decode_evidence
from kbgap.store import schema
from kbgap.store.database import Database, open_database
from kbgap.store.packing import unpacked
from tests.builders import NOW, TENANT, a_report

MACHINES = 4_000
BATCH = 100
FAILED = 3


def seeded_reports(seed: int, first: int, number: int) -> Iterator[tuple[str, int, Report]]:
    """The machine's name, the UBR that it reports, and its report: by the report's number alone."""
    for place in range(first, first + number):
        random = Random(f"{seed} {place}")
        name, ubr = f"ws-{random.randrange(MACHINES)}", random.choice([418, 500, 657, 700, 719, 778])
        machine = Machine(computer_dns_name=name, rbac_group_name=random.choice(["", "berlin", "oslo"]))
        yield name, ubr, a_report(machine=machine, ubr=ubr, kbs=random.sample(["4532693", "4540673", "4549951"], 2))


def builds(database: Database) -> dict[str, str]:
    """The build that each machine reported last, as far as the database knows."""
    machine, evidence = schema.machine, schema.evidence
    joined = machine.join(evidence, machine.c.evidence == evidence.c.evidence)
    with database.snapshot() as connection:
        rows = connection.execute(select(machine.c.computer_dns_name, evidence.c.body).select_from(joined)).all()
    return {name: decode_evidence(unpacked(body)).os.build for name, body in rows}


def main() -> None:
    """Print the number of each report once it is acknowledged."""
    url, path, seed, first, number = sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:6])
    with open_database(url) as database, CatalogueFile(path) as catalogue:
        for start in range(first, first + number, BATCH):
            reports = [report for *_, report in seeded_reports(seed, start, BATCH)]
            answers = report_inventory(database, catalogue, TENANT, reports, NOW)
            assert all(answer.machine_id for answer in answers)
            print(start + BATCH, flush=True)


if __name__ == "__main__":
    try:
        main()
    except KbgapError as error:
        print(f"kbgap: {error}", file=sys.stderr)
        sys.exit(FAILED)

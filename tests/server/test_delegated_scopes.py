"""People whose tokens name machine groups see the machines of those groups, and nothing that tells of others."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from kbgap.server.operation import Guarded, Operation
from tests.builders import TENANT
from tests.issuing import AUDIENCE, issuing
from tests.server.conftest import Server, running_demo
from tests.server.test_contract_routes import LISTS, ONES, address, named

Ask = Callable[..., Any]
GROUPS = {"desk": "workstations", "cellar": "servers", "new": "machines that nobody has yet"}
SCOPES = "Machine.Read Software.Read Vulnerability.Read SecurityRecommendation.Read Score.Read"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Ask]]:
    """A demo's fleet behind an issuer that says which groups somebody is in, and what asks as somebody of a group."""
    folder = tmp_path_factory.mktemp("delegated")
    described = folder / "issuers.toml"
    mapping = ", ".join(f'{theirs} = "{ours}"' for theirs, ours in GROUPS.items())
    with issuing() as issuer, pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")
        patch.setenv("no_proxy", "127.0.0.1")
        described.write_text(
            f'[[issuer]]\nissuer = "{issuer.url}"\naudience = "{AUDIENCE}"\ntenant = "{TENANT}"\n'
            f"groups = {{ {mapping} }}\n"
        )
        with running_demo(folder, machines=60, issuers=described) as server:

            def ask(path: str, *groups: str) -> Any:  # noqa: ANN401 - an answer
                token = issuer.token(server.clock(), sub="somebody", scp=SCOPES, roles=None, groups=list(groups))
                return server.http.get(path, headers={"Authorization": f"Bearer {token}"})

            yield server, ask


@pytest.fixture(scope="module")
def names(world: tuple[Server, Ask]) -> Mapping[str, set[str]]:
    """The names of the machines of each group, as an application sees them."""
    machines = world[0].get("/api/machines").json()["value"]
    groups = {each["rbacGroupName"] for each in machines}
    return {group: {each["computerDnsName"] for each in machines if each["rbacGroupName"] == group} for group in groups}


def test_a_person_sees_the_machines_of_her_groups(world: tuple[Server, Ask], names: Mapping[str, set[str]]) -> None:
    """Of one group, of two, and none of a group that has no machines."""
    _, ask = world
    seen = {
        groups: {each["computerDnsName"] for each in ask("/api/machines", *groups).json()["value"]}
        for groups in ((), ("desk",), ("desk", "cellar"), ("new",), ("unknown",))
    }

    assert seen[("desk",)] == names["workstations"] != set()
    assert seen[("desk", "cellar")] == names["workstations"] | names["servers"]
    assert seen[()] == seen[("new",)] == seen[("unknown",)] == set()


def test_counts_are_of_her_groups(world: tuple[Server, Ask]) -> None:
    """What two groups miss together is what both miss, and no more than what the tenant misses."""
    server, ask = world
    path = "/api/Software/microsoft-_-.net_framework/getmissingkbs"

    def missed(answer: Any) -> dict[str, int]:  # noqa: ANN401 - an answer
        return {row["id"]: row["machineMissedOn"] for row in answer.json()["value"]}

    desk, cellar, both = (missed(ask(path, *groups)) for groups in (("desk",), ("cellar",), ("desk", "cellar")))
    tenant = missed(server.get(path))

    assert both
    assert both == {kb: desk.get(kb, 0) + cellar.get(kb, 0) for kb in {*desk, *cellar}}
    assert all(count <= tenant[kb] for kb, count in both.items())
    assert both != tenant


@pytest.mark.parametrize("operation", [*LISTS, *ONES], ids=named)
def test_no_answer_tells_of_a_machine_of_another_group(
    world: tuple[Server, Ask], names: Mapping[str, set[str]], operation: Operation
) -> None:
    """Whatever is asked, by whatever id."""
    server, ask = world
    access = operation.access
    assert isinstance(access, Guarded)

    answer = ask(address(server, operation), "cellar")

    others = set().union(*(machines for group, machines in names.items() if group != "servers"))
    assert answer.status_code in ({200, 404} if access.delegated else {403})
    assert [name for name in sorted(others) if name in answer.text] == []

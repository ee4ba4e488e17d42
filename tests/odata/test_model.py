"""The table of declarations is read whole, or refused by the entry that is wrong."""

import re

import pytest

from kbgap.core.errors import Invalid
from kbgap.odata.entity import EnumType, Primitive
from kbgap.odata.model import defender_model, read_model

START = 'namespace = "n"\ncontainer = "Container"\n'


def test_a_missing_kb_has_the_members_of_the_contract() -> None:
    """Names, order, types and nullability are what clients are typed from."""
    missing = defender_model().type("PublicProductFixDto")

    members = [(member.name, member.of.short_name, member.of.nullable) for member in missing.properties]

    assert members == [
        ("id", "String", True),
        ("name", "String", True),
        ("osBuild", "Int64", True),
        ("productsNames", "Collection(String)", False),
        ("url", "String", True),
        ("machineMissedOn", "Int64", False),
        ("cveAddressed", "Int64", False),
    ]
    assert missing.key == ()
    assert missing.identity == ("id",)


def test_software_is_a_product_with_distributions() -> None:
    """A derived type has the members of its base first, then its own; the key is the base's."""
    software = defender_model().type("Software")

    names = [member.name for member in software.properties]

    assert names[:3] == ["id", "name", "vendor"]
    assert names[-2:] == ["category", "distributions"]
    assert software.key == ("id",)
    assert [way.name for way in software.navigation] == ["vulnerabilities"]


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("PublicDistributionDto", 3),
        ("PublicAssetDto", 7),
        ("Machine", 30),
        ("Vulnerability", 20),
        ("PublicAssetVulnerabilityDto", 8),
        ("Recommendation", 25),
        ("ConfigurationScore", 4),
        ("AssetSoftware", 14),
        ("AssetNonCpeSoftware", 10),
        ("AssetVulnerability", 27),
        ("DeltaAssetVulnerability", 29),
    ],
)
def test_every_type_of_the_contract_is_declared_whole(name: str, members: int) -> None:
    """The number of members per type, as the service's own description has them."""
    assert len(defender_model().type(name).properties) == members


def test_page_sizes_are_those_of_the_documentation() -> None:
    """10,000 rows; 8,000 for vulnerabilities; 50,000 and up to 200,000 for exports."""
    model = defender_model()

    assert model.set("Machines").pages.most == 10_000
    assert model.set("Vulnerabilities").pages.most == 8_000
    export = model.operation("SoftwareVulnerabilitiesByMachine", "Collection(Machine)").pages
    assert (export.usual, export.most) == (50_000, 200_000)


def test_complex_members_are_neither_filtered_nor_sorted_by() -> None:
    """A collection of text is filtered by its items, and never sorted by; other collections and objects are neither."""
    machine = defender_model().type("Machine")

    able = {m.name: (m.filterable, m.sortable) for m in machine.properties}

    assert able["computerDnsName"] == (True, True)
    assert able["machineTags"] == (True, False)
    assert able["ipAddresses"] == (False, False)
    assert able["vmMetadata"] == (False, False)


def test_names_are_found_in_any_letter_case() -> None:
    """Clients write ComputerDNSName and riskscore."""
    machine = defender_model().type("Machine")

    found = machine.property("RISKSCORE")

    assert found is not None
    assert found.name == "riskScore"
    assert isinstance(found.of.type, EnumType)
    assert machine.property("nothing") is None


def test_a_type_says_its_full_name() -> None:
    """As answers and descriptions write it."""
    model = defender_model()
    tags, health = (model.type("Machine").property(name) for name in ("machineTags", "healthStatus"))

    assert tags is not None
    assert tags.of.full_name == "Collection(Edm.String)"
    assert health is not None
    assert health.of.full_name == "microsoft.windowsDefenderATP.api.MachineHealthStatus"
    assert Primitive.INT64.full_name == "Edm.Int64"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not toml", "cannot be read"),
        ('namespace = "n"', "missing required field `container`"),
        (START + "[enums.A]\nmembers = { a = 1 }\nmore = 1", "unknown field `more`"),
        (START + "[enums.A]\nmembers = { a = 1, A = 2 }", "enums.A: the name 'A' is declared twice"),
        (START + "[enums.A]\nmembers = { a = 1 }\n[types.A]\n", "A: the name 'A' is declared twice"),
        (START + '[types.String]\nproperties = { a = "Int32" }', "String: the name 'String' is declared twice"),
        (START + '[types.A]\nproperties = { a = "Text" }', "types.A.a: 'Text' is no type that is declared above"),
        (
            START + '[types.A]\nproperties = { a = "Collection(String)?" }',
            "types.A.a: 'Collection(String)?' is no type",
        ),
        (START + '[types.A]\nproperties = { a = "String", A = "String" }', "types.A: the name 'A' is declared twice"),
        (START + '[types.A]\nbase = "B"\n[types.B]', "types.A: 'B' is no entity or complex type"),
        (START + '[types.A]\nbase = "String"', "types.A: 'String' is no entity or complex type"),
        (START + '[types.A]\nkey = ["id"]', "types.A: 'id' is not declared"),
        (START + '[types.A]\nunfilterable = ["a"]', "types.A: 'a' is not declared"),
        (START + '[types.A]\nnavigation = { b = "Collection(B" }', "types.A.b: 'Collection(B' is no type"),
        (START + '[types.A]\nnavigation = { b = "B" }', "types.A.b: 'B' is no entity type"),
        (START + '[types.B]\n[types.A]\nnavigation = { b = "B" }', "types.A.b: 'B' is no entity type"),
        (START + '[types.A]\n[sets.S]\ntype = "A"', "sets.S: 'A' has no key"),
        (
            START + '[types.A]\nkey = ["i"]\nproperties = { i = "String" }\n'
            '[sets.S]\ntype = "A"\nbindings = { w = "S" }',
            "sets.S: 'w' is not declared",
        ),
        (
            START + '[types.A]\nkey = ["i"]\nproperties = { i = "String" }\nnavigation = { w = "A" }\n'
            '[sets.S]\ntype = "A"\nbindings = { w = "T" }',
            "sets.S: 'T' is not declared",
        ),
        (
            START + '[types.A]\n[[operations]]\nname = "A"\non = "A"\nreturns = "String"',
            "operations.A: the name 'A' is declared twice",
        ),
        (
            START + "[types.A]\n" + '[[operations]]\nname = "f"\non = "A"\nreturns = "String"\n' * 2,
            "operations.f: the name 'f' is declared twice",
        ),
        (START + '[[operations]]\nname = "f"\non = "A"\nreturns = "String"', "operations.f: 'A' is no type"),
    ],
)
def test_a_table_that_does_not_fit_together_is_refused(text: str, said: str) -> None:
    """The entry is named: what is wrong here would be wrong in every answer."""
    with pytest.raises(Invalid, match=re.escape(said)) as refusal:
        read_model(text)

    assert refusal.value.where.startswith("entities.toml")

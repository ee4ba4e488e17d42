"""The tables of names and lines are whole, agree with each other, and are refused by name where they do not."""

import pytest

from kbgap.catalogue.rules import (
    LineRule,
    load_line_rules,
    load_lines,
    load_product_rules,
    parse_application_rules,
    parse_elsewhere_rules,
    parse_line_rules,
    parse_product_rules,
)
from kbgap.core.builds import Build
from kbgap.core.errors import Invalid

A_LINE = '[[line]]\nid = "18363"\nprefix = "10.0.18363"\ncumulative = true\nfirst = "10.0.18363.418"\n'
A_RELEASE = '[[release]]\nname = "Windows 10"\nsoftware = "windows_10"\nrole = "client"\nline = "18363"\n'
LINES = (LineRule(id="18363", prefix="10.0.18363", cumulative=True),)


def test_every_line_of_the_package_belongs_to_a_release() -> None:
    """A line that no product has could never be judged."""
    used = {release.line for release in load_product_rules().releases}

    assert used == set(load_lines())


def test_every_role_has_one_release_on_a_line() -> None:
    """Otherwise a build number would not say which Windows it is; RT 8.1 differs by its architecture."""
    releases = [r for r in load_product_rules().releases if r.name != "Windows RT 8.1"]
    places = [(release.role, release.line) for release in releases]

    assert len(places) == len(set(places))


def test_lines_are_cumulative_from_windows_10_on() -> None:
    """Only there does each update contain all earlier ones."""
    lines = load_lines()

    assert all(line.cumulative == line.prefix.startswith("10.0.") for line in lines.values())
    assert lines["18363"].first == Build(10, 0, 18363, 418)
    assert lines["6003"].also == (6002,)
    assert lines["server 26100"].prefix == lines["26100"].prefix


def test_sisters_are_mutual() -> None:
    """Lines that get the same updates say so of each other."""
    sisters = {rule.id: set(rule.sisters) for rule in load_line_rules()}

    assert all(name in sisters[other] for name, others in sisters.items() for other in others)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[[line", r"lines\.toml: this is not TOML"),
        ("line = 3", r"lines\.toml: Expected `array`, got `int`"),
        ('[[line]]\nid = "18363"\n', r"missing required field `prefix`"),
        (A_LINE + "colour = 1\n", r"unknown field `colour`.*\$\.line\[0\]"),
        (A_LINE + A_LINE, r"two entries for line '18363'"),
        (A_LINE.replace("10.0.18363", "ten", 1), r"\$\.line\[0\]: 'ten' is not the first three parts"),
        (A_LINE.replace("18363.418", "19041.264"), r"first build '10\.0\.19041\.264' is not one of 10\.0\.18363"),
        (A_LINE.replace('first = "10.0.18363.418"\n', ""), r"first build '' is not one of"),
        (A_LINE + 'sisters = ["18362"]\n', r"there is no line '18362'"),
        (A_LINE + 'also = ["6002"]\n', r"Expected `int`, got `str`"),
    ],
)
def test_a_bad_table_of_lines_is_refused_in_one_line(text: str, what: str) -> None:
    """The error names the file, the entry and the mistake."""
    with pytest.raises(Invalid, match=what) as error:
        parse_line_rules(text, where="lines.toml")

    assert "\n" not in str(error.value).strip()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("release = 1", r"products\.toml: Expected `array`"),
        (A_RELEASE + "colour = 1\n", r"unknown field `colour`"),
        (A_RELEASE + A_RELEASE, r"two entries for release 'windows 10'"),
        (A_RELEASE + 'aliases = ["WINDOWS 10"]\n', r"two entries for release 'windows 10'"),
        (A_RELEASE.replace('line = "18363"', 'line = "1"'), r"\$\.release\[0\]: there is no line '1'"),
        (A_RELEASE.replace("client", "desktop"), r"there is no role 'desktop'"),
        (A_RELEASE + 'architecture = "mips"\n', r"there is no architecture 'mips'"),
        ('[[architecture]]\nwords = " for X"\narchitecture = "mips"\n', r"\$\.architecture\[0\]: there is no"),
        ('[[spelling]]\npattern = "("\ntext = ""\n', r"\$\.spelling\[0\]\.pattern: '\(' is no regular expression"),
        ('[[component]]\npattern = "["\ncomponent = "x"\n', r"\$\.component\[0\]\.pattern"),
        ('[[component]]\npattern = "x"\ncomponent = "x"\nin_box = [{ lines = ["1"] }]\n', r"there is no line '1'"),
        ('[[component]]\npattern = "x"\ncomponent = "x"\nin_box = [{ roles = ["pc"] }]\n', r"there is no role 'pc'"),
        ("outside = [1]\n", r"Expected `str`, got `int`"),
    ],
)
def test_a_bad_table_of_products_is_refused_in_one_line(text: str, what: str) -> None:
    """The error names the file, the entry and the mistake."""
    with pytest.raises(Invalid, match=what) as error:
        parse_product_rules(text, LINES, where="products.toml")

    assert "\n" not in str(error.value).strip()


A_PROGRAM = '[words]\n[[application]]\npattern = "x"\nsoftware = "x"\nservicing = "list"\n'


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("application = []", r"missing required field `words`"),
        (A_PROGRAM.replace("list", "magic"), r"Invalid enum value 'magic'.*\$\.application\[0\]\.servicing"),
        (A_PROGRAM.replace('"x"', '"("', 1), r"\$\.application\[0\]\.pattern: '\(' is no regular expression"),
        (A_PROGRAM + 'level = "("\n', r"'\(' is no regular expression"),
        (A_PROGRAM + "colour = 1\n", r"unknown field `colour`"),
        (A_PROGRAM + 'branches = { a = "x" }\n', r"\$\.application\[0\]\.branches\.a: 'x' is no branch"),
        (A_PROGRAM + 'branches = { a = ["2", "1"] }\n', r"is no branch: give one version, or two that rise"),
        (A_PROGRAM.replace("[words]", '[words]\n"9-bit" = "x9"'), r"\$\.words: there is no architecture 'x9'"),
    ],
)
def test_a_bad_table_of_programs_is_refused_in_one_line(text: str, what: str) -> None:
    """The error names the file, the entry and the mistake."""
    with pytest.raises(Invalid, match=what) as error:
        parse_application_rules(text, where="products_applications.toml")

    assert "\n" not in str(error.value).strip()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[reasons]\n", r"missing required field `elsewhere`"),
        ('[reasons]\n[[elsewhere]]\nreason = "x"\npatterns = []\n', r"\$\.elsewhere\[0\]: there is no reason 'x'"),
        ('[reasons]\nx = "y"\n[[elsewhere]]\nreason = "x"\npatterns = ["("]\n', r"\$\.elsewhere\[0\]\.patterns\[0\]"),
    ],
)
def test_a_bad_table_of_what_is_elsewhere_is_refused_in_one_line(text: str, what: str) -> None:
    """The error names the file, the entry and the mistake."""
    with pytest.raises(Invalid, match=what):
        parse_elsewhere_rules(text, where="products_elsewhere.toml")


def test_an_empty_table_is_a_table() -> None:
    """Nothing is known then, and nothing is wrong."""
    assert parse_line_rules("", where="lines.toml") == ()
    assert parse_product_rules("", (), where="products.toml").releases == ()

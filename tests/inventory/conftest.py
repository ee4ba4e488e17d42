"""The products and lines that a catalogue has, small but with Microsoft's real names."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kbgap.catalogue.rules import load_lines, load_product_rules
from kbgap.core.model import Line
from kbgap.core.product_names import product_table
from kbgap.core.products import ProductIndex

Case = dict[str, Any]


@pytest.fixture(scope="session")
def lines() -> Mapping[str, Line]:
    """Every line, without its release table."""
    return load_lines()


@pytest.fixture(scope="session")
def index(lines: Mapping[str, Line]) -> ProductIndex:
    """The products by what machines report."""
    text = (Path(__file__).parent / "product_names.toml").read_bytes()
    names = msgspec.toml.decode(text, type=dict[str, str])
    table = product_table({key: [name] for key, name in names.items()}, load_product_rules())
    return ProductIndex(table.products.values(), lines)


@pytest.fixture(scope="session")
def peer_cases(shared_data: Path) -> Mapping[str, list[Case]]:
    """What tests and users of other projects found, by kind."""
    by_kind: dict[str, list[Case]] = {}
    for case in json.loads((shared_data / "peer_cases.json").read_text("utf-8"))["cases"]:
        by_kind.setdefault(case["kind"], []).append(case)
    return by_kind

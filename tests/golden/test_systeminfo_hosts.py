"""The captured machines of another project, read from their files and judged as of the day they were captured."""

import json
from pathlib import Path
from typing import Any

import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.inventory.normalise import Outside
from kbgap.inventory.reading import read_inputs
from kbgap.inventory.unite import Read
from tests.golden.judged import Said, said_of

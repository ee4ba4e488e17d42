"""Fixtures of this folder: a database with its tables, a catalogue, a fleet."""

from tests.databases import catalogue, database, fleet

__all__ = ["catalogue", "database", "fleet"]

"""Fixtures of this folder: a database with its tables, a catalogue, a fleet."""

from tests.databases import catalogue, database, fleet, postgres_tables

__all__ = ["catalogue", "database", "fleet", "postgres_tables"]

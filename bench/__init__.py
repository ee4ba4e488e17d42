"""Benchmarks of kbgap on frozen or seeded inputs: ``python -m bench [NAME ...]``."""

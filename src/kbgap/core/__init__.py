"""The rules: pure functions that judge which updates a machine lacks, with no input or output."""

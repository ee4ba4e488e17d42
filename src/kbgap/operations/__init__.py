"""What kbgap does: one job per file, each owning exactly one transaction."""

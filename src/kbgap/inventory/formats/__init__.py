"""The report formats kbgap reads: one file per format, each converting it to kbgap's own."""

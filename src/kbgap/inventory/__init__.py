"""What a machine reports: its report, read, checked and turned into evidence."""

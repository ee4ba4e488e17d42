"""What Microsoft publishes: its update documents, read, corrected and compiled into one file."""

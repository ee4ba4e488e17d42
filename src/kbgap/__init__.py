"""kbgap tells which Microsoft security updates are missing, on which machines, and how many CVEs each would close."""

__version__ = "0.1.0"

"""The commands for people at a terminal: parse, call one operation, print."""

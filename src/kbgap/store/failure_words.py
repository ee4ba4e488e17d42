"""What the failures of databases mean for people: what happened, and how to mend it."""

# By a part of what SQLite says.
BY_SQLITE_TEXT = {
    "database or disk is full": ("the disk is full", "free some space, then try again"),
    "database is locked": ("another process keeps the database locked", "try again when it is done"),
    "readonly database": ("the database may not be written", "mend the permissions of the file and its folder"),
    "unable to open database file": ("the database file cannot be opened", "mend the path or the permissions"),
    "file is not a database": ("the file is not a kbgap database", "give another database_url"),
    "malformed": ("the database file is damaged", "restore a backup"),
    "disk I/O error": ("the disk failed", "look at the system's log"),
    "no such table": ("the database has no kbgap tables", "run kbgap db migrate"),
}
# By the codes of PostgreSQL (appendix A of its manual), and by their first two characters.
BY_SQLSTATE = {
    "57014": ("the database took too long and was told to stop", "ask for less, or raise statement_timeout"),
    "25006": ("the database may only be read", "give the address of the one that is written in database_url"),
    "40001": ("a copy of the database took away what was being read", "try again"),
}
BY_SQLSTATE_CLASS = {
    "08": ("the connection to the database was lost", "see that it runs, then try again"),
    "28": ("the database refused the user or the password", "mend database_url"),
    "3D": ("the database does not exist", "create it, or mend database_url"),
    "40": ("the database broke off a transaction that stood in another's way", "try again"),
    "53": ("the database has run out of disk, memory or connections", "give it more, then try again"),
    "55": ("another process keeps the database locked", "try again when it is done"),
    "57": ("the database is shutting down or starting", "try again when it runs"),
    "58": ("the database's disk failed", "look at its log"),
}

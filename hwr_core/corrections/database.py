"""The database of people's corrections: `corrections.sqlite` of a workspace, its tables and their versions.

Every change is one transaction, on the disk before the call returns: a server that is killed, or a machine that
loses its power, loses none. Any number of readers and one writer work at the same time (write-ahead log).
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from hwr_core.errors import DataError, first_line
from hwr_core.workspace import home

FILE_NAME = "corrections.sqlite"
BUSY_TIMEOUT_SECONDS = 10.0  # for a write while another process writes
# Each script migrates a file of its index's version to the next; a released script is never changed.
MIGRATIONS = (
    """
    CREATE TABLE pictures (
        sha256 TEXT PRIMARY KEY, png BLOB NOT NULL, height INTEGER NOT NULL, width INTEGER NOT NULL
    );
    CREATE TABLE corrections (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        picture TEXT NOT NULL REFERENCES pictures(sha256),
        text TEXT NOT NULL, reading TEXT NOT NULL, confidence REAL NOT NULL, prefix TEXT NOT NULL,
        checkpoint TEXT NOT NULL, who TEXT NOT NULL, writer TEXT NOT NULL, made TEXT NOT NULL,
        source TEXT NOT NULL, word_id TEXT NOT NULL, undone TEXT
    );
    CREATE INDEX corrections_of_picture ON corrections(picture, id);
    CREATE TABLE changes (number INTEGER NOT NULL, ledger TEXT NOT NULL);
    INSERT INTO changes VALUES (0, lower(hex(randomblob(4))));
    CREATE TRIGGER inserted AFTER INSERT ON corrections BEGIN UPDATE changes SET number = number + 1; END;
    CREATE TRIGGER updated AFTER UPDATE ON corrections BEGIN UPDATE changes SET number = number + 1; END;
    CREATE TRIGGER deleted AFTER DELETE ON corrections BEGIN UPDATE changes SET number = number + 1; END;
    """,
    """
    CREATE TABLE label_fixes (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        dataset TEXT NOT NULL, word_id TEXT NOT NULL,
        before TEXT NOT NULL, after TEXT NOT NULL, verdict TEXT NOT NULL,
        reading TEXT NOT NULL, confidence REAL NOT NULL, checkpoint TEXT NOT NULL,
        who TEXT NOT NULL, made TEXT NOT NULL, undone TEXT
    );
    CREATE INDEX label_fixes_of_word ON label_fixes(dataset, word_id, id);
    """,
)


def database_path() -> Path:
    """The path of this workspace's file, which need not exist."""
    return home() / FILE_NAME


def now() -> str:
    """The current time as it is stored: UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@contextmanager
def transaction(path: Path, *, write: bool = True) -> Iterator[sqlite3.Connection]:
    """One transaction: committed at the end of the body, rolled back where it raises.

    Args:
        path: the file; created, or migrated to this version, where necessary.
        write: False for a transaction that only reads, and never waits for another process.

    Raises:
        DataError: the file is damaged, from a later version of the studio, or cannot be written.
    """
    try:
        with ExitStack() as stack:
            connection = _open_or_copy(stack, path, write)
            yield connection
            connection.execute("COMMIT")
    except (sqlite3.Error, OSError) as error:
        raise DataError(
            f"The corrections in {path} cannot be opened or written ({first_line(error)}). "
            "Free the disk, or move the file away to begin a new one."
        ) from error


def _open_or_copy(stack: ExitStack, path: Path, write: bool) -> sqlite3.Connection:
    """The connection with its transaction begun; what only reads gets a copy where the disk is full or read-only.

    SQLite needs room for the index of the log even to read.
    """
    try:
        return _open(stack, path, write)
    except (sqlite3.OperationalError, OSError) as error:
        if write or not path.is_file() or "locked" in str(error):
            raise
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="hwr-")))
    for suffix in ("", "-wal"):  # the log has the last words where a process was killed
        if Path(f"{path}{suffix}").is_file():
            shutil.copy(f"{path}{suffix}", folder / f"{path.name}{suffix}")
    return _open(stack, folder / path.name, write)


def _open(stack: ExitStack, path: Path, write: bool) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)
    stack.callback(connection.close)  # rolls back what was not committed
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")  # WAL's usual NORMAL may lose the last commit with the power
    connection.execute("PRAGMA foreign_keys = ON")
    _migrate(connection, path)
    connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
    return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    if _version(connection) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")  # two processes may come here at the same time
    version = _version(connection)
    if version > len(MIGRATIONS):
        raise DataError(
            f"{path} was written by a later version of the studio (version {version}, this one knows "
            f"{len(MIGRATIONS)}). Update the studio."
        )
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        for statement in _statements(script):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _statements(script: str) -> Iterator[str]:
    """A script's statements; `executescript` would commit after each, and a kill would leave a half-migrated file."""
    statement = ""
    for part in script.split(";"):
        statement += part + ";"
        if sqlite3.complete_statement(statement):
            if statement.strip(" \n;"):
                yield statement
            statement = ""

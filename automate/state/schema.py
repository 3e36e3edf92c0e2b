"""The tables of `state.db`, and the statements that upgrade a database of an older version."""

_RUNS = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    task TEXT NOT NULL,
    due REAL,
    trigger TEXT NOT NULL,
    by TEXT,
    phase TEXT NOT NULL CHECK (phase IN ('pending', 'running', 'unrecorded')),
    definition BLOB NOT NULL,
    args TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    not_before REAL NOT NULL,
    boot TEXT NOT NULL,
    started REAL,
    cpu_seconds REAL,
    max_rss INTEGER,
    stop TEXT,
    log_file INTEGER NOT NULL,
    log_size INTEGER NOT NULL,
    record BLOB,
    UNIQUE (task, due)
) STRICT
"""
SCHEMA = f"""{_RUNS};
CREATE TABLE ids (next INTEGER NOT NULL);
INSERT INTO ids VALUES (1);
CREATE TABLE last_runs (
    task TEXT PRIMARY KEY,
    id INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    started REAL,
    ended REAL NOT NULL,
    seconds REAL
) STRICT, WITHOUT ROWID;
CREATE TABLE durations (
    task TEXT PRIMARY KEY,
    recent TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE schedules (
    task TEXT PRIMARY KEY,
    definition BLOB NOT NULL,
    compiled TEXT NOT NULL,
    exceptions TEXT NOT NULL,
    since REAL NOT NULL,
    until REAL NOT NULL,
    delay REAL NOT NULL,
    wake REAL,
    at_startup INTEGER NOT NULL,
    stale INTEGER NOT NULL,
    deferred INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX schedules_by_wake ON schedules (wake) WHERE wake IS NOT NULL;
CREATE TABLE past_schedules (
    task TEXT NOT NULL,
    compiled TEXT NOT NULL,
    since REAL NOT NULL,
    until REAL NOT NULL
) STRICT;
CREATE TABLE follows (
    task TEXT NOT NULL,
    follows TEXT NOT NULL,
    outcome TEXT NOT NULL
) STRICT;
CREATE INDEX follows_by_followed ON follows (follows);
CREATE TABLE scheduler (
    about TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
CREATE TABLE pauses (
    task TEXT PRIMARY KEY,
    since REAL NOT NULL,
    until REAL,
    by TEXT NOT NULL,
    reason TEXT NOT NULL,
    lifted INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE past_pauses (
    task TEXT NOT NULL,
    since REAL NOT NULL,
    until REAL NOT NULL,
    by TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;
CREATE TABLE parsed (
    name TEXT PRIMARY KEY,
    path TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    enabled INTEGER NOT NULL,
    description TEXT NOT NULL,
    category TEXT NOT NULL,
    labels TEXT NOT NULL,
    schedule TEXT NOT NULL,
    written TEXT NOT NULL,
    timezone TEXT NOT NULL,
    delay REAL NOT NULL,
    next_due REAL,
    computed REAL NOT NULL,
    context TEXT NOT NULL,
    definition BLOB NOT NULL,
    compiled TEXT NOT NULL,
    lines TEXT NOT NULL
) STRICT;
CREATE TABLE parsed_settings (
    path TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    digest TEXT NOT NULL,
    task_dirs TEXT NOT NULL
) STRICT;
"""  # noqa: S608 - a constant
UPGRADES = (
    "CREATE TABLE durations (task TEXT PRIMARY KEY, recent TEXT NOT NULL) STRICT, WITHOUT ROWID",
    "ALTER TABLE schedules ADD COLUMN deferred INTEGER NOT NULL DEFAULT 0",
    """CREATE TABLE past_pauses (task TEXT NOT NULL, since REAL NOT NULL, until REAL NOT NULL, by TEXT NOT NULL,
    reason TEXT NOT NULL) STRICT""",
    "ALTER TABLE runs ADD COLUMN record BLOB",
    f"""ALTER TABLE runs RENAME TO runs_before;
    {_RUNS};
    INSERT INTO runs SELECT id, task, due, trigger, by, replace(phase, 'decided', 'unrecorded'), definition, args,
    attempt, not_before, boot, started, cpu_seconds, max_rss, stop, log_file, log_size, record FROM runs_before;
    DROP TABLE runs_before""",  # noqa: S608 - a constant
    """DELETE FROM parsed;
    ALTER TABLE parsed ADD COLUMN written TEXT NOT NULL DEFAULT '';
    ALTER TABLE parsed ADD COLUMN timezone TEXT NOT NULL DEFAULT '';
    ALTER TABLE parsed ADD COLUMN lines TEXT NOT NULL DEFAULT ''""",
)
"""Statements that turn a database of version N into one of version N + 1, beginning with version 1."""
VERSION = 1 + len(UPGRADES)

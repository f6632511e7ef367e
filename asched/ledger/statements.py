"""The SQL of the SQLite ledger, each statement whole and named. Open fires are those of the index fires_open,
failures those of fires_failed, and its condition is repeated word for word where that index is meant.

Where many changes are made in one statement (stretches.py), `{values}` stands for the rows, of the columns of the
statement for one.
"""

from __future__ import annotations

# ---- the writer's own

COUNT_COMMIT = "UPDATE meta SET value = value + 1 WHERE key = 'commits'"
PROGRESS = "SELECT value, (SELECT coalesce(max(number), 0) FROM instances) FROM meta WHERE key = 'commits'"

# ---- instances

ENTER = """
INSERT INTO instances (number, host, boot_id, pid, pid_started, started_at, seen_at, token)
VALUES (max(:least, (SELECT coalesce(max(number), 0) + 1 FROM instances)),
        :host, :boot_id, :pid, :pid_started, :started_at, :seen_at, :token)
ON CONFLICT (host, boot_id, pid, pid_started, started_at, token) DO NOTHING
"""
ENTERED = """
SELECT number FROM instances
WHERE host = :host AND boot_id = :boot_id AND pid = :pid AND pid_started = :pid_started AND started_at = :started_at
      AND token = :token
"""
RENEW = "UPDATE instances SET seen_at = :at WHERE number = :number AND seen_at < :at"
TAKE_OVER = "UPDATE instances SET took_over_at = :at WHERE number = :number AND took_over_at IS NULL"
LEAVE = "UPDATE instances SET left_at = :at WHERE number = :number AND left_at IS NULL"

# ---- versions

ACTIVATE = """
INSERT INTO versions (job, version, since, trigger, definition, activated_at) VALUES (?, ?, ?, ?, ?, ?)
"""
START_WATERMARK = "INSERT INTO watermarks (job, version, watermark, moved_by) VALUES (?, ?, ?, ?)"
RETIRE_OTHERS = "UPDATE versions SET retired_at = ? WHERE job = ? AND version <> ? AND retired_at IS NULL"
RETIRE = "UPDATE versions SET retired_at = ? WHERE job = ? AND version = ? AND retired_at IS NULL"

# ---- decisions

MOVE_WATERMARK = """
UPDATE watermarks SET watermark = ?, moved_by = ? WHERE job = ? AND version = ? AND watermark = ?
"""
MOVE_WATERMARKS = """
UPDATE watermarks SET watermark = column1, moved_by = column2 FROM ({values})
WHERE job = column3 AND version = column4 AND watermark = column5
"""
WATERMARK = "SELECT watermark, moved_by FROM watermarks WHERE job = ? AND version = ?"
INSERT_GAP = """
INSERT INTO gaps (job, version, after, until, reason, at, count, facts) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING
"""
INSERT_FIRES = """
INSERT INTO fires (id, job, version, scheduled_at, nonce, due_at, origin, caught_up, args, upstream, owner,
                   decided_at, decision, reason, facts, queued_at, started_at, waited_for)
{values}
ON CONFLICT DO NOTHING
"""
INSERT_FIRE = INSERT_FIRES.format(values="VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
HOLDER = "SELECT id FROM fires WHERE job = ? AND scheduled_at = ? AND nonce = ?"

# ---- runs: each only while the fire is open, ours, and where the change presumes it to be

PROMOTE = """
UPDATE fires SET decision = ?, reason = ?, facts = ?, decided_at = ?, started_at = ?
WHERE id = ? AND owner = ? AND decision = 'queue'
"""
FINISH = """
UPDATE fires SET started_at = ?, finished_at = ?, duration = ?, outcome = ?, detail = ?, result = ?, retry_at = NULL
WHERE id = ? AND owner = ? AND attempt = ? AND decision = 'start' AND outcome IS NULL
"""
FINISH_MANY = """
UPDATE fires SET started_at = column1, finished_at = column2, duration = column3, outcome = column4,
                 detail = column5, result = column6, retry_at = NULL FROM ({values})
WHERE id = column7 AND owner = column8 AND attempt = column9 AND decision = 'start' AND outcome IS NULL
"""
AWAIT_RETRY = """
UPDATE fires SET retry_at = ?, child_pid = NULL, child_started = NULL
WHERE id = ? AND owner = ? AND attempt = ? AND decision = 'start' AND outcome IS NULL AND retry_at IS NULL
"""
INSERT_ATTEMPT = """
INSERT INTO attempts (fire, attempt, started_at, finished_at, duration, outcome, detail, result)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
BEGIN_ATTEMPT = """
UPDATE fires SET attempt = ?, started_at = ?, retry_at = NULL, child_pid = NULL, child_started = NULL
WHERE id = ? AND owner = ? AND attempt = ? AND retry_at IS NOT NULL
"""
SET_CHILD = """
UPDATE fires SET child_pid = ?, child_started = ?
WHERE id = ? AND owner = ? AND attempt = ? AND decision = 'start' AND outcome IS NULL AND retry_at IS NULL
"""
ADOPT = """
UPDATE fires SET owner = ? WHERE id = ? AND owner = ? AND outcome IS NULL AND decision <> 'skip'
"""
INSERT_OUTPUT = """
INSERT INTO output (fire, seq, attempt, at, stream, text)
SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS (SELECT 1 FROM fires WHERE id = ?1 AND owner = ?7)
ON CONFLICT DO NOTHING
"""

# ---- operators

PAUSE = """
INSERT INTO pauses (job, at, by, reason, until, on_resume) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (job) DO UPDATE SET at = excluded.at, by = excluded.by, reason = excluded.reason, until = excluded.until,
                                on_resume = excluded.on_resume
"""
UNPAUSE = "DELETE FROM pauses WHERE job = ?"
COUNT_FAILURES = """
INSERT INTO streaks (job, failures) VALUES (?, ?) ON CONFLICT (job) DO UPDATE SET failures = excluded.failures
"""
ARRANGE = """
INSERT INTO occurrences (job, scheduled_at, added, moved_to, ran, at, by, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (job, scheduled_at, added) DO UPDATE
SET moved_to = excluded.moved_to, ran = excluded.ran, at = excluded.at, by = excluded.by, reason = excluded.reason
"""
EXPIRE = "DELETE FROM occurrences WHERE job = ? AND scheduled_at = ? AND added = ?"
BACKFILL = """
INSERT INTO backfills (number, job, since, until, cursor, at, by, reason, at_once, again, state, ended_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (number) DO UPDATE SET cursor = excluded.cursor, state = excluded.state, ended_at = excluded.ended_at
WHERE state = 'open' AND excluded.cursor >= cursor
"""
INSERT_ABSENCE = "INSERT INTO absences (since, until, cause, facts) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
INSERT_ACT = """
INSERT INTO acts (at, verb, by, job, run, reason) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""

# ---- reading: in the order of the fields of the records in core/record.py

_FIRE = """
SELECT id, job, version, scheduled_at, due_at, origin, nonce, caught_up, args, upstream,
       decision, reason, facts, decided_at, owner, attempt, queued_at, started_at, finished_at, duration,
       outcome, detail, result, retry_at, child_pid, child_started, waited_for
FROM fires
"""
FIRE = _FIRE + "WHERE id = ?"
OPEN_FIRES = _FIRE + "INDEXED BY fires_open WHERE outcome IS NULL AND decision <> 'skip' ORDER BY id"

# The inner query finds ids in an index wherever the filters allow, so that only the rows asked for are read.
FIRES = (
    _FIRE
    + """WHERE id IN (SELECT id FROM fires WHERE {where}
                     ORDER BY scheduled_at {direction}, id {direction} LIMIT :limit OFFSET :offset)
ORDER BY scheduled_at {direction}, id {direction}"""
)
# The index begins with the job: so the first of all are looked for among the first of each.
FIRES_OF_MANY = (
    _FIRE
    + """WHERE id IN (SELECT one.id FROM (SELECT DISTINCT job FROM versions WHERE {jobs}) AS each
                     CROSS JOIN fires AS one
                     ON one.id IN (SELECT id FROM fires WHERE job = each.job AND {where}
                                   ORDER BY scheduled_at {direction}, id {direction} LIMIT :limit + :offset)
                     ORDER BY one.scheduled_at {direction}, one.id {direction} LIMIT :limit OFFSET :offset)
ORDER BY scheduled_at {direction}, id {direction}"""
)
FAILED = "(outcome = 'failed' OR outcome = 'timed_out' OR outcome = 'abandoned')"  # as the index has it

ATTEMPT = """
SELECT fire, attempt, started_at, finished_at, duration, outcome, detail, result
FROM attempts WHERE fire = ? AND attempt = ?
"""
ATTEMPTS = """
SELECT fire, attempt, started_at, finished_at, duration, outcome, detail, result FROM attempts WHERE fire = ?1
UNION ALL
SELECT id, attempt, started_at, finished_at, duration, outcome, detail, result FROM fires
WHERE id = ?1 AND outcome IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM attempts WHERE fire = fires.id AND attempt = fires.attempt)
ORDER BY 2
"""
OUTPUT = """
SELECT fire, attempt, seq, at, stream, text FROM output WHERE fire = ? AND seq > ? ORDER BY seq LIMIT ?
"""

_VERSION = """
SELECT job, version, since, watermark, trigger, definition, activated_at, retired_at
FROM versions JOIN watermarks USING (job, version)
"""
VERSION = _VERSION + "WHERE job = ? AND version = ?"
VERSIONS = _VERSION + "ORDER BY job, version"
VERSIONS_OF_JOB = _VERSION + "WHERE job = ? ORDER BY version"
# Where a page ends is looked up in the watermarks: their rows are a tenth as long.
VERSIONS_AFTER = (
    _VERSION
    + """WHERE job > ?1 AND job <= (SELECT max(job) FROM (SELECT DISTINCT job FROM watermarks WHERE job > ?1
                                                     ORDER BY job LIMIT ?2))
ORDER BY job, version"""
)
ACTIVE_VERSIONS = _VERSION + "WHERE retired_at IS NULL ORDER BY job, version"

_GAP = "SELECT job, version, at, after, until, reason, count, facts FROM gaps "
GAPS = _GAP + "ORDER BY after DESC, job DESC, version DESC, until DESC, reason DESC LIMIT ?"
GAPS_OF_JOB = _GAP + "WHERE job = ? ORDER BY after DESC, version DESC, until DESC, reason DESC LIMIT ?"

ABSENCES = "SELECT since, until, cause, facts FROM absences ORDER BY since DESC, until DESC, cause DESC LIMIT ?"
_ACT = "SELECT at, verb, by, job, run, reason FROM acts "
ACTS = _ACT + "ORDER BY at DESC, rowid DESC LIMIT ?"
ACTS_OF_VERBS = _ACT + "WHERE verb IN (SELECT value FROM json_each(?)) ORDER BY at DESC, rowid DESC LIMIT ?"
FAILURES = "SELECT job, failures FROM streaks WHERE failures > 0 ORDER BY job"
_BACKFILL = """
SELECT number, job, since, until, cursor, at, by, reason, at_once, again, state, ended_at FROM backfills
"""
BACKFILLS = _BACKFILL + "ORDER BY number DESC LIMIT ?"
OPEN_BACKFILLS = _BACKFILL + "WHERE state = 'open' ORDER BY number"
PAUSES = "SELECT job, at, by, reason, until, on_resume FROM pauses ORDER BY job"
OCCURRENCES = """
SELECT job, scheduled_at, added, moved_to, ran, at, by, reason FROM occurrences ORDER BY job, scheduled_at, added
"""

_INSTANCE = """
SELECT number, host, boot_id, pid, pid_started, started_at, seen_at, left_at, token, took_over_at FROM instances
"""
INSTANCES = _INSTANCE + "ORDER BY number DESC LIMIT ?"
INSTANCES_THAT_MATTER = (
    _INSTANCE
    + """WHERE left_at IS NULL
   OR number IN (SELECT number FROM instances WHERE took_over_at IS NOT NULL ORDER BY number DESC LIMIT ?)
   OR number IN (SELECT owner FROM fires INDEXED BY fires_open WHERE outcome IS NULL AND decision <> 'skip')
ORDER BY number"""
)

# ---- forgetting

# Job by job, and of each by bounds in the order of its fires, so that a bite costs what it takes, whatever is left.
# (:at, :id) is the newest that is not kept for its age or its place; after (:failed_at, :failed_id) failures are kept.
# Up to (:after_at, :after_id) earlier bites have been: failures that are kept are not looked at by each of them.
JOBS = "SELECT DISTINCT job FROM versions ORDER BY job"
NEWEST_BEYOND = """
SELECT scheduled_at, id FROM fires WHERE job = ? AND scheduled_at >= ?
ORDER BY scheduled_at DESC, id DESC LIMIT 1 OFFSET ?
"""
NEWEST_FAILED_BEYOND = """
SELECT scheduled_at, id FROM fires INDEXED BY fires_failed
WHERE job = ? AND scheduled_at >= ? AND (outcome = 'failed' OR outcome = 'timed_out' OR outcome = 'abandoned')
ORDER BY scheduled_at DESC, id DESC LIMIT 1 OFFSET ?
"""
_FORGETTABLE = """
FROM fires WHERE job = :job AND scheduled_at <= :at AND (scheduled_at, id) <= (:at, :id)
  AND scheduled_at >= :after_at AND (scheduled_at, id) > (:after_at, :after_id)
  AND (coalesce(outcome, '') NOT IN ('failed', 'timed_out', 'abandoned')
       OR (scheduled_at, id) <= (:failed_at, :failed_id))
"""
FORGETTABLE = f"SELECT id, job, version, scheduled_at {_FORGETTABLE} ORDER BY scheduled_at, id LIMIT :limit"
COUNT_FORGETTABLE = f"SELECT count(*) {_FORGETTABLE}"
OLDEST_OPEN = """
SELECT job, min(scheduled_at) FROM fires INDEXED BY fires_open
WHERE outcome IS NULL AND decision <> 'skip' GROUP BY job
"""
FORGET_OUTPUT = "DELETE FROM output WHERE fire IN (SELECT value FROM json_each(?))"
FORGET_ATTEMPTS = "DELETE FROM attempts WHERE fire IN (SELECT value FROM json_each(?))"
FORGET_FIRES = "DELETE FROM fires WHERE id IN (SELECT value FROM json_each(?))"
MOVE_SINCE = """
UPDATE versions SET since = max(since, min(:since, (SELECT watermark FROM watermarks AS w
                                                    WHERE w.job = :job AND w.version = :version)))
WHERE job = :job AND version = :version
"""
FORGET_GAPS = """
DELETE FROM gaps WHERE job = :job AND version = :version
  AND until <= (SELECT since FROM versions WHERE job = :job AND version = :version)
"""

import { DatabaseSync, type StatementSync } from "node:sqlite";

// WAL with synchronous=FULL: a commit is on the disk before it returns, and before anybody else can
// see it. So the loser of a race may return "exists" at once. `busy_timeout` is short, since it
// blocks the whole event loop. The backend waits longer: it tries again.
const setUp = `
  PRAGMA busy_timeout = 100;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA fullfsync = ON;
  CREATE TABLE IF NOT EXISTS objects (
    key TEXT NOT NULL PRIMARY KEY,
    size INTEGER NOT NULL,
    body BLOB NOT NULL
  ) STRICT;
`;

/** An open database, and its statements. */
export interface Connection {
  readonly database: DatabaseSync;
  readonly insert: StatementSync;
  readonly select: StatementSync;
  readonly next: StatementSync;
  readonly remove: StatementSync;
}

/** Opens the file, and creates the table if it is not there. */
export function connect(path: string): Connection {
  const database = new DatabaseSync(path);
  try {
    database.exec(setUp);
    return {
      database,
      // An empty Uint8Array may arrive as NULL.
      insert: database.prepare(
        "INSERT INTO objects (key, size, body) VALUES (?, ?, coalesce(?, x'')) ON CONFLICT (key) DO NOTHING",
      ),
      select: database.prepare("SELECT body FROM objects WHERE key = ?"),
      // TEXT compares byte by byte unless a collation says otherwise.
      next: database.prepare("SELECT key, size FROM objects WHERE key >= ? ORDER BY key LIMIT 1"),
      remove: database.prepare("DELETE FROM objects WHERE key = ?"),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Removes the keys in one transaction: all or none. */
export function removeAll({ database, remove }: Connection, keys: readonly string[]): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    for (const key of keys) remove.run(key);
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

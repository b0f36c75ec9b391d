import Core

/// The tables of a ledger, and how an older ledger becomes one of today.
///
/// - Shape: keys are stored by their rank, so that a load, whose pages come in that order, appends to a
///   table instead of touching all of it. `meta` holds `format`, `serial`, `digestKey`, `known` (the count of that table)
///   and `identity.*`. `known.state` is 0 for sent and 1 for proven, then with its digest.
///   `known.scan` is the number of the last full scan that had the row (`meta` holds that of the
///   newest). `deletions.state`: 0 the chain in hand has the row, 1 waiting, 2 released, 3 approved.
///   `deleted` are those applied in the last 24 hours, `departed` all of them in their order; `listed` are the
///   rows of a scan of keys that are still to be read;
///   `staged` are the rows of files on their way that Campaign may not have; `links` are the parents that rows name, `formerly` those that they named before, for some time,
///   and `pending.parent` is the one that a row waits for. `arrived` are activities that Dynamics
///   has, with the day of the news (days since 1970). `consents` are what an opt-out job knows of a
///   contact and an attribute (its place in the closed list): 1 is opted out; `dynamics` and
///   `campaign` are raw values of `ConsentRecord.Seen`, `due` is the strength of a trigger, null
///   where nothing is to be decided. `decisions` is what was decided, with the times of both sides.
enum Schema {
  /// Step n makes a ledger of format n out of one of format n - 1; a step never changes again.
  static let steps = [
    """
    CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
    CREATE TABLE known (key BLOB PRIMARY KEY, state INTEGER NOT NULL, digest BLOB) WITHOUT ROWID;
    CREATE TABLE pending (
      key TEXT NOT NULL, what TEXT NOT NULL, rule TEXT NOT NULL, reason TEXT NOT NULL,
      excerpt TEXT, first INTEGER NOT NULL, attempts INTEGER NOT NULL,
      PRIMARY KEY (key, what)) WITHOUT ROWID;
    CREATE TABLE files (
      name TEXT PRIMARY KEY, size INTEGER NOT NULL, modified INTEGER NOT NULL,
      offset INTEGER NOT NULL, done INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO meta VALUES ('known', 0);
    """,
    """
    CREATE TABLE deletions (key BLOB PRIMARY KEY, state INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE deleted (
      key BLOB PRIMARY KEY, at INTEGER NOT NULL, approved INTEGER NOT NULL) WITHOUT ROWID;
    """,
    """
    ALTER TABLE known ADD COLUMN scan INTEGER NOT NULL DEFAULT 0;
    INSERT INTO meta VALUES ('scan', 0), ('serial', hex(randomblob(8)));
    ALTER TABLE pending ADD COLUMN job TEXT;
    ALTER TABLE pending ADD COLUMN parent BLOB;
    CREATE TABLE links (
      key BLOB NOT NULL, parent BLOB NOT NULL, PRIMARY KEY (key, parent)) WITHOUT ROWID;
    CREATE INDEX links_by_parent ON links (parent, key);
    CREATE TABLE departed (position INTEGER PRIMARY KEY, key BLOB NOT NULL);
    """,
    "CREATE TABLE staged (key BLOB PRIMARY KEY) WITHOUT ROWID",
    """
    ALTER TABLE pending ADD COLUMN line TEXT;
    ALTER TABLE files ADD COLUMN head TEXT NOT NULL DEFAULT '';
    ALTER TABLE files ADD COLUMN recorded INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE arrived (id BLOB PRIMARY KEY, day INTEGER NOT NULL) WITHOUT ROWID;
    """,
    """
    CREATE TABLE consents (
      contact BLOB NOT NULL, attribute INTEGER NOT NULL, observed INTEGER, observedAt INTEGER,
      file INTEGER, dynamics INTEGER NOT NULL, campaign INTEGER NOT NULL, due INTEGER,
      waits INTEGER NOT NULL, PRIMARY KEY (contact, attribute)) WITHOUT ROWID;
    CREATE INDEX consents_due ON consents (contact) WHERE due IS NOT NULL AND waits = 0;
    CREATE TABLE decisions (
      contact BLOB NOT NULL, attribute INTEGER NOT NULL, at INTEGER NOT NULL,
      direction TEXT NOT NULL, cause TEXT NOT NULL, campaign INTEGER, dynamics INTEGER,
      campaignAt INTEGER, dynamicsAt INTEGER, toCampaign INTEGER, toDynamics INTEGER,
      outcome TEXT NOT NULL, PRIMARY KEY (contact, attribute, at)) WITHOUT ROWID;
    CREATE INDEX decisions_by_time ON decisions (at);
    """,
    "CREATE TABLE listed (key BLOB PRIMARY KEY) WITHOUT ROWID",
    """
    CREATE TABLE formerly (
      key BLOB NOT NULL, parent BLOB NOT NULL, at INTEGER NOT NULL,
      PRIMARY KEY (key, parent)) WITHOUT ROWID;
    CREATE INDEX formerly_by_parent ON formerly (parent, key);
    CREATE INDEX formerly_by_time ON formerly (at);
    """,
  ]

  static var current: Int { steps.count }

  /// Brings the tables to today's format, in one transaction.
  static func migrate(_ database: Database, from format: Int, by steps: [String]) throws(SyncError)
  {
    try database.transaction { () throws(SyncError) in
      for step in steps[format...] { try database.run(step) }
      try set("format", steps.count, in: database)
    }
  }

  /// The format of an existing ledger; nil where the file is none.
  static func format(of database: Database) throws(SyncError) -> Int? {
    let isLedger = try database.value("SELECT 1 FROM sqlite_schema WHERE name = 'meta'") { _ in true
    }
    guard isLedger == true else { return nil }
    return try database.value("SELECT value FROM meta WHERE name = 'format'") {
      Int($0.integer(0))
    }
  }

  static func set(_ name: String, _ value: Int, in database: Database) throws(SyncError) {
    let statement = try database.prepare("INSERT OR REPLACE INTO meta VALUES (?, ?)")
    statement.bind(1, name)
    statement.bind(2, value)
    try statement.run()
  }

  static func set(_ name: String, _ text: String, in database: Database) throws(SyncError) {
    let statement = try database.prepare("INSERT OR REPLACE INTO meta VALUES (?, ?)")
    statement.bind(1, name)
    statement.bind(2, text)
    try statement.run()
  }

  static func set(_ name: String, bytes: [UInt8], in database: Database) throws(SyncError) {
    let statement = try database.prepare("INSERT OR REPLACE INTO meta VALUES (?, ?)")
    statement.bind(1, name)
    statement.bind(2, bytes)
    try statement.run()
  }
}

extension JobIdentity {
  /// The members as `meta` names them.
  var rows: [(name: String, text: String)] {
    [
      ("identity.organization", organization), ("identity.dynamicsHost", dynamicsHost),
      ("identity.campaign", campaign), ("identity.table", table), ("identity.resource", resource),
      ("identity.key", key),
    ]
  }
}

import Core
import Glibc
import Ledger

// How large a ledger gets and how fast it is: `make ledger-bench`; docs/operating.md has the numbers.
//
//   ledger-bench FOLDER [ROWS]

let folder = CommandLine.arguments.dropFirst().first ?? "."
let rows = CommandLine.arguments.dropFirst(2).first.flatMap { Int($0) } ?? 5_000_000

/// Keys in the order of Dynamics' pages, as even as its own.
func key(_ number: Int) -> RowKey {
  let step = UInt64.max / UInt64(rows)
  let high = UInt64(number) * step + mix(UInt64(number)) % step
  let low = mix(high)
  return RowKey(high: low.byteSwapped, low: high >> 16 | high << 48)
}

/// SplitMix64's last step.
func mix(_ number: UInt64) -> UInt64 {
  var word = number &+ 0x9E37_79B9_7F4A_7C15
  word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
  word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
  return word ^ (word >> 31)
}

func grouped(_ number: Int) -> String {
  let digits = String(number)
  return digits.count <= 3
    ? digits : grouped(number / 1000) + "," + digits.suffix(3)
}

func say(_ title: String, _ text: String) {
  let dots = String(repeating: ".", count: max(2, 44 - title.count))
  print("  \(title) \(dots) \(text)")
  fflush(nil)
}

func measure(_ title: String, _ count: Int, _ work: () async throws -> Void) async throws {
  let begin = ContinuousClock.now
  try await work()
  let seconds = (ContinuousClock.now - begin) / .seconds(1)
  say(title, grouped(Int(Double(count) / seconds)) + " a second")
}

func bytes(_ path: String) -> Int {
  ["", "-wal"].reduce(0) { sum, ending in
    var information = stat()
    return stat(path + ending, &information) == 0 ? sum + Int(information.st_size) : sum
  }
}

/// Of this process so far, in KiB.
func memoryPeak() -> Int {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return usage.ru_maxrss
}

func bench(_ title: String, withParents: Bool) async throws {
  print("\(title), \(grouped(rows)) rows")
  let place = folder + (withParents ? "/linked" : "/plain")
  mkdir(place, 0o700)
  try SQLiteLedger.remove(in: place)
  let identity = JobIdentity(
    organization: "o", dynamicsHost: "d", campaign: "c", table: "t", resource: "r", key: "k")
  let ledger = try SQLiteLedger.create(in: place, identity: identity)
  let now = Instant(seconds: 1_800_000_000)
  // A commit is about a second of an export: some pages.
  try await measure("rows of a load, in the order of pages", rows) {
    for start in stride(from: 0, to: rows, by: 50_000) {
      let keys = (start..<min(start + 50_000, rows)).map(key)
      var entries = [LedgerEntry.sentAll(keys)]
      if withParents {
        entries += keys.enumerated().map { index, child in
          .linked(child, parents: [key(Int(mix(UInt64(start + index)) % UInt64(rows)))])
        }
      }
      try ledger.record(entries, at: now)
    }
  }
  say("bytes a row, sent", grouped(bytes(place + "/ledger.sqlite") / rows))
  let some = min(rows, 500_000)
  let picked = (0..<some).map { key(Int(mix(UInt64($0) &+ 77) % UInt64(rows))) }
  try await measure("rows of a delta, anywhere", some) {
    for start in stride(from: 0, to: some, by: 2000) {
      let entries = picked[start..<min(start + 2000, some)].map { key in
        LedgerEntry.proven(key, digest: RowDigest(high: key.low, low: key.high))
      }
      try ledger.record(entries, at: now)
    }
  }
  try await measure("look-ups, anywhere", some) {
    for start in stride(from: 0, to: some, by: 200) {
      _ = try await ledger.known(Array(picked[start..<min(start + 200, some)]))
    }
  }
  if withParents {
    try await measure("parents looked up for their children", some / 10) {
      for key in picked.prefix(some / 10) {
        _ = try await ledger.children(of: key, after: nil, limit: 500)
      }
    }
  }
  // In the order of pages, as `initial: { via: api }` and a replay prove them.
  try await measure("proofs of all rows, in the order of pages", rows) {
    for start in stride(from: 0, to: rows, by: 10_000) {
      let entries = (start..<min(start + 10_000, rows)).map { number in
        LedgerEntry.proven(key(number), digest: RowDigest(high: mix(UInt64(number)), low: 1))
      }
      try ledger.record(entries, at: now)
    }
  }
  say("bytes a row, proven", grouped(bytes(place + "/ledger.sqlite") / rows))
  say("memory peak of the process so far, MiB", grouped(memoryPeak() / 1024))
  try SQLiteLedger.remove(in: place)
}

try await bench("Without parents", withParents: false)
try await bench("With one parent a row", withParents: true)

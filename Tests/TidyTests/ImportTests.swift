import Testing

/// Which room may import what: the table of docs/architecture.md, held true.
@Suite struct ImportTests {
  static let adapters: Set<String> = ["Core", "Threads", "Glibc"]
  static let allowed: [String: Set<String>] = [
    "Core": [],
    "Threads": ["Glibc"],
    "Gzip": ["Core", "CZlib"],
    "Digests": ["Core", "CCrypto", "Synchronization"],
    "JSONPages": ["Core", "CJSONPages", "Synchronization"],
    "HTTP": ["Core", "Synchronization"],
    "Curl": adapters.union(["HTTP", "CCurl", "Synchronization"]),
    "SFTP": adapters.union(["CSSH2", "Synchronization"]),
    "Disk": adapters.union(["Gzip", "Digests", "FoundationEssentials", "Synchronization"]),
    "Ledger": adapters.union(["CSQLite", "Synchronization"]),
    "Dataverse": ["Core", "HTTP", "JSONPages", "Synchronization"],
    "Campaign": ["Core", "HTTP", "JSONPages"],
    "Jobs": ["Core", "Gzip"],
    "JobFiles": ["Core", "Yams"],
    "campaign-sync": [
      "ArgumentParser", "CMalloc", "Campaign", "Core", "Curl", "Dataverse", "Digests", "Disk",
      "Glibc", "HTTP", "JobFiles", "Jobs", "Ledger", "Logging", "SFTP", "Synchronization",
      "Threads",
    ],
    "Sandbox": ["Core", "HTTP", "JSONPages", "Gzip", "Digests", "Glibc", "Synchronization"],
    "SandboxServer": [
      "Core", "HTTP", "Sandbox", "JSONPages", "NIOCore", "NIOPosix", "NIOHTTP1", "Glibc",
      "Synchronization",
    ],
    "campaign-sync-sandbox": [
      "ArgumentParser", "Core", "Glibc", "JobFiles", "Sandbox", "Synchronization",
      "SandboxServer",
    ],
    "Bench": [
      "ArgumentParser", "Core", "Curl", "Dataverse", "Digests", "Disk", "Glibc", "Gzip", "HTTP",
      "JSONPages", "Jobs", "SFTP", "Threads",
    ],
  ]

  /// Foreign things that exactly one room knows.
  static let owners: [String: Set<String>] = [
    "CCurl": ["Curl"], "CSSH2": ["SFTP"], "CSQLite": ["Ledger"], "CZlib": ["Gzip"],
    "CCrypto": ["Digests"], "CMalloc": ["campaign-sync"], "CJSONPages": ["JSONPages"],
    "Yams": ["JobFiles"],
    "NIOCore": ["SandboxServer"], "NIOPosix": ["SandboxServer"], "NIOHTTP1": ["SandboxServer"],
    "ArgumentParser": ["campaign-sync", "campaign-sync-sandbox", "Bench"],
  ]

  @Test(arguments: Tree.rooms)
  func aRoomImportsOnlyWhatTheTableAllows(room: String) throws {
    let allowed = try #require(Self.allowed[room], "the table has no row for \(room)")
    for file in Tree.swiftFiles(below: "Sources/\(room)") {
      for name in Tree.imports(of: file) {
        #expect(allowed.contains(name), "\(file) imports \(name)")
        if let owners = Self.owners[name] {
          #expect(owners.contains(room), "\(name) is \(owners.sorted())'s, not \(room)'s")
        }
      }
    }
  }

  @Test func theSandboxIsNoPartOfTheTool() {
    let sandbox: Set<String> = ["Sandbox", "SandboxServer", "campaign-sync-sandbox"]
    for room in Self.allowed.keys where !sandbox.contains(room) {
      #expect(Self.allowed[room]?.isDisjoint(with: sandbox) == true, "\(room)")
    }
  }
}

import Core
import Foundation
import HTTP
import Sandbox
import Synchronization
import TestSupport

/// The files of a chain: spools, the shared folder, and the disk from which Campaign's workflows load.
final class ChainFiles: Sendable {
  private final class Shelf: Sendable {
    let spools = Mutex<[String: MemorySpool]>([:])

    func file(at path: String) -> [UInt8]? {
      for spool in spools.withLock({ Array($0.values) }) {
        for (name, bytes) in spool.files where spool.path(of: name) == path { return bytes }
      }
      return nil
    }
  }

  private let home = TemporaryFolder()
  private let shelf = Shelf()
  private let box = MemoryDropbox()
  let dropbox: FaultyDropbox
  private let gates = Mutex<[String: MemoryGate]>([:])

  init(_ world: World) {
    dropbox = FaultyDropbox(box, world) { [shelf] in shelf.file(at: $0) }
  }

  /// The login directory of the SFTP account.
  var path: String { home.path }

  func spool(_ run: RunName, header: [UInt8], _ csv: CSVSettings) -> MemorySpool {
    shelf.spools.withLock { spools in
      if let spool = spools[run.description] { return spool }
      let spool = MemorySpool(run: run, header: header, compression: csv.compress)
      spools[run.description] = spool
      return spool
    }
  }

  func gate(of job: String) -> MemoryGate {
    gates.withLock { gates in
      let gate = gates[job] ?? MemoryGate()
      gates[job] = gate
      return gate
    }
  }

  /// Lets the workflows load what is due; what they take or upload shows in the shared folder.
  func load(into campaign: CampaignService) async throws {
    if box.files.isEmpty { return }
    let root = URL(fileURLWithPath: path + "/d365_loads")
    let before = box.files
    for (name, bytes) in before {
      let file = root.appendingPathComponent(name)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: file)
    }
    await campaign.runPendingImports()
    let names = try FileManager.default.subpathsOfDirectory(atPath: root.path)
    for name in before.keys where !names.contains(name) { box.files[name] = nil }
    for name in names where before[name] == nil {
      let file = root.appendingPathComponent(name)
      if file.hasDirectoryPath { continue }
      dropbox.place(Array(try Data(contentsOf: file)), as: name)
    }
    try FileManager.default.removeItem(at: root)
  }
}

import Core
import Glibc
import TestSupport
import Testing

@testable import Disk

@Suite struct SpoolFolderTests {
  let folder = TemporaryFolder()

  private func spool(
    _ compression: CSVSettings.Compression = .gzip, header: [UInt8] = SpoolContract.header
  ) -> SpoolFolder {
    SpoolFolder(
      in: folder.path + "/spool/sandbox", run: SpoolContract.run, header: header,
      compression: compression)
  }

  private var run: String { folder.path + "/spool/sandbox/contacts/000012" }

  private func fixture(_ compression: CSVSettings.Compression) -> SpoolContract.Fixture {
    let (path, run) = (folder.path + "/spool/sandbox", run)
    return SpoolContract.Fixture(compression) {
      SpoolFolder(
        in: path, run: SpoolContract.run, header: SpoolContract.header, compression: compression)
    } files: {
      var files: [String: [UInt8]] = [:]
      for name in (try? names(in: run)) ?? [] { files[name] = try? readFile(at: run + "/" + name) }
      return files
    }
  }

  @Test(arguments: SpoolContract.allCases)
  func keepsItsPromisesCompressed(_ promise: SpoolContract) async throws {
    try await promise.check(fixture(.gzip))
  }

  @Test(arguments: SpoolContract.allCases)
  func keepsItsPromisesPlain(_ promise: SpoolContract) async throws {
    try await promise.check(fixture(.none))
  }

  @Test(arguments: SpoolContract.allCases)
  func theMemorySpoolKeepsThemToo(_ promise: SpoolContract) async throws {
    let memory = MemorySpool(run: SpoolContract.run, header: SpoolContract.header)
    try await promise.check(.init(.gzip, open: { memory }, files: { memory.files }))
  }

  @Test func theMemorySpoolWritesTheSameBytes() async throws {
    let memory = MemorySpool(run: SpoolContract.run, header: SpoolContract.header)
    var sealed: [SealedPart] = []
    for spool in [memory, spool()] as [any Spool] {
      var mark = PartMark(number: 7)
      for index in 0..<5 { mark = try await spool.append(rows(index), rowCount: 100, to: mark) }
      sealed.append(try await spool.seal(mark))
    }
    #expect(sealed[0] == sealed[1])
  }

  @Test func theDigestIsThatOfTheFile() async throws {
    let spool = spool()
    let sealed = try await spool.seal(
      await spool.append(rows(1), rowCount: 100, to: .init(number: 1)))
    let sum = try #require(Subprocess(["sha256sum", spool.path(of: sealed.name)]))
    #expect(sum.line()?.hasPrefix(sealed.sha256 + " ") == true)
  }

  @Test func foldersAndFilesAreTheOwnersAloneUnderAnyUmask() async throws {
    // The umask belongs to the process, and other tests run in this one.
    await #expect(processExitsWith: .success) {
      umask(0o777)
      try await Self.checkModes()
    }
    await #expect(processExitsWith: .success) {
      umask(0)
      try await Self.checkModes()
    }
  }

  private static func checkModes() async throws {
    let test = SpoolFolderTests()
    let (spool, rows) = (test.spool(), test.rows(1))
    _ = try await spool.append(rows, rowCount: 100, to: PartMark(number: 1))
    try spool.write(manifest: [1], as: "contacts-000012.manifest.json")
    _ = try await spool.seal(await spool.append(rows, rowCount: 100, to: PartMark(number: 2)))
    for path in ["/spool", "/spool/sandbox", "/spool/sandbox/contacts"] {
      try #require(mode(of: test.folder.path + path) == 0o700)
    }
    try #require(mode(of: test.run) == 0o700)
    let files = try names(in: test.run)
    try #require(files.count == 3)
    for name in files { try #require(mode(of: test.run + "/" + name) == 0o600, "\(name)") }
  }

  @Test("Of many parts only those that lanes write are open")
  func aClosedPartHoldsNoFileOpen() async throws {
    let spool = spool()
    var marks: [PartMark] = []
    for number in 1...20 {
      marks.append(try await spool.append(rows(1), rowCount: 100, to: PartMark(number: number)))
      try spool.sync([number])
      #expect(openFiles(below: run) == ["contacts-000012-\(RunName.padded(number, 4)).part"])
      try await spool.close(number)
    }
    #expect(openFiles(below: run).isEmpty)
    var digests: Set<String> = []
    for mark in marks { digests.insert(try await spool.seal(mark).sha256) }
    #expect(digests.count == 1 && openFiles(below: run).isEmpty)
  }

  @Test func aFullDiskIsSaidInWords() async throws {
    try makeFolder(run)
    try #require(symlink("/dev/full", run + "/contacts-000012-0001.part") == 0)
    let error = await #expect(throws: SyncError.self) {
      try await spool().append(rows(1), rowCount: 100, to: PartMark(number: 1))
    }
    #expect(error?.kind == .storage)
    #expect(error?.reason == "the disk is full")
  }

  @Test func aCutPartIsRefusedWithTheWayOut() async throws {
    let mark = try await spool().append(rows(1), rowCount: 100, to: PartMark(number: 1))
    try #require(truncate(run + "/contacts-000012-0001.part", 10) == 0)
    let error = await #expect(throws: SyncError.self) {
      try await spool().append(rows(2), rowCount: 100, to: mark)
    }
    #expect(error?.kind == .storage)
    #expect(error?.next?.hasSuffix("campaign-sync checkpoint clear contacts") == true)
  }

  private func rows(_ index: Int) -> [UInt8] {
    (0..<100).flatMap { Array("\(index * 100 + $0);Zoë \($0 % 7)\n".utf8) }
  }
}

/// Names of the files of a folder that this process holds open.
private func openFiles(below folder: String) -> [String] {
  let links = ((try? names(in: "/proc/self/fd")) ?? []).compactMap { name in
    var target = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/fd/" + name, &target, target.count)
    return count > 0
      ? String(decoding: target[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
  }
  return links.filter { $0.hasPrefix(folder + "/") }.map { String($0.dropFirst(folder.count + 1)) }
}

func mode(of path: String) -> mode_t? {
  var information = stat()
  return stat(path, &information) == 0 ? information.st_mode & 0o777 : nil
}

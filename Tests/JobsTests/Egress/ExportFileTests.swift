import Core
import Gzip
import Synchronization
import TestSupport
import Testing

@testable import Jobs

@Suite struct ExportFileTests {
  /// A file that is nowhere: its bytes come out of their place.
  private final class EndlessDropbox: Dropbox {
    let size: UInt64
    let asked = Mutex<[(offset: UInt64, count: Int)]>([])

    init(size: UInt64) { self.size = size }

    func read(_ name: String, offset: UInt64, count: Int) async throws(SyncError) -> [UInt8] {
      asked.withLock { $0.append((offset, count)) }
      return (0..<min(UInt64(count), size - offset)).map { UInt8(truncatingIfNeeded: offset + $0) }
    }
    func publish(_ localPath: String, as name: String) async throws(SyncError) {}
    func publish(bytes: [UInt8], as name: String) async throws(SyncError) {}
    func list(_ pattern: String) async throws(SyncError) -> [RemoteFile] { [] }
    func stat(_ name: String) async throws(SyncError) -> RemoteFile? { nil }
    func rename(_ name: String, to other: String) async throws(SyncError) {}
    func remove(_ name: String) async throws(SyncError) {}
    func makeFolder(_ name: String) async throws(SyncError) {}
  }

  private func file(_ name: String, _ size: Int) -> RemoteFile {
    RemoteFile(name: name, size: UInt64(size), modified: 1)
  }

  private func content(
    _ bytes: [UInt8], as name: String, from offset: Int, block: Int
  ) async throws -> [UInt8] {
    let box = MemoryDropbox()
    box.files[name] = bytes
    let export = try ExportFile(
      file(name, bytes.count), from: UInt64(offset), in: box, block: block)
    var content: [UInt8] = []
    while let piece = try await export.next() {
      #expect(!piece.isEmpty)
      content += piece
    }
    return content
  }

  @Test(arguments: [0, 1, 89, 90, 91, 4_999, 5_000], [1, 64, 1_000, 100_000])
  func contentComesFromTheOffsetOnPackedOrNot(offset: Int, block: Int) async throws {
    let bytes = (0..<5_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let rest = Array(bytes.dropFirst(offset))
    #expect(try await content(bytes, as: "a.csv", from: offset, block: block) == rest)
    let packed = try Deflater.gzip(bytes)
    #expect(try await content(packed, as: "a.csv.gz", from: offset, block: block) == rest)
  }

  @Test func aLargeFileIsGoneOnWithWhereItWasAndNeverHeld() async throws {
    let size = UInt64(5) << 30
    let box = EndlessDropbox(size: size)
    let start = size - (3 << 20) - 17
    let export = try ExportFile(
      RemoteFile(name: "a.csv", size: size, modified: 1), from: start, in: box, block: 1 << 20)
    var count = 0
    while let piece = try await export.next() {
      #expect(piece.count <= 1 << 20)
      count += piece.count
    }
    #expect(count == (3 << 20) + 17)
    let asked = box.asked.withLock { $0 }
    #expect(asked.first?.offset == start && asked.count == 4)
  }

  @Test func aFileThatIsTooLargeIsRefusedBeforeItIsRead() {
    #expect(throws: SyncError.self) {
      try ExportFile(
        RemoteFile(name: "a.csv", size: ExportFile.largest + 1, modified: 1), from: 0,
        in: MemoryDropbox(), block: 1 << 20)
    }
  }

  @Test func whatEndsTooEarlyIsNoWholeFile() async throws {
    let packed = try Deflater.gzip(Array(repeating: 7, count: 5_000))
    await #expect(throws: SyncError.self) {
      _ = try await content(packed.dropLast(4), as: "a.csv.gz", from: 0, block: 1_000)
    }
    let box = MemoryDropbox()
    box.files["a.csv"] = Array(repeating: 7, count: 10)
    let export = try ExportFile(file("a.csv", 11), from: 0, in: box, block: 100)
    #expect(try await export.next()?.count == 10)
    await #expect(throws: SyncError.self) { _ = try await export.next() }
  }

  private func content(
    _ bytes: ArraySlice<UInt8>, as name: String, from offset: Int, block: Int
  ) async throws -> [UInt8] {
    try await content(Array(bytes), as: name, from: offset, block: block)
  }
}

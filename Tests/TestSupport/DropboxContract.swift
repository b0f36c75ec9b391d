import Core
import Glibc

/// One promise of the `Dropbox` port; `all` of them are run over every dropbox.
///
/// - Shape: `check` gets an empty dropbox and throws `Broken` when the promise is not kept.
package struct DropboxContract: Sendable, CustomStringConvertible {
  package let description: String
  package let check: @Sendable (any Dropbox) async throws -> Void

  package struct Broken: Error, CustomStringConvertible {
    package let description: String
  }

  private init(_ promise: String, _ check: @escaping @Sendable (any Dropbox) async throws -> Void) {
    description = promise
    self.check = check
  }

  package static let all = publishing + looking + changing

  private static let publishing = [
    DropboxContract("what was published can be read") { box in
      let bytes = Array("key;name\n1;José\n".utf8)
      try await box.publish(bytes: bytes, as: "a.csv")
      try await expect(box.read("a.csv", offset: 0, count: 1000), bytes)
      try await expect(box.stat("a.csv")?.size, UInt64(bytes.count))
      try await expect(box.stat("a.csv")?.name, "a.csv")
    },
    DropboxContract("a local file arrives byte by byte, also an empty one") { box in
      let folder = TemporaryFolder()
      for size in [0, 1, 100_000, (4 << 20) + 7] {
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ ($0 >> 8)) }
        try write(bytes, to: "\(folder.path)/local")
        try await box.publish("\(folder.path)/local", as: "imports/part-\(size).csv.gz")
        let got = try await box.read("imports/part-\(size).csv.gz", offset: 0, count: size + 1)
        try expect(got == bytes, true, "\(size) bytes")
      }
    },
    DropboxContract("a published file replaces an older one of that name") { box in
      try await box.publish(bytes: [1, 2, 3], as: "x/a.csv")
      try await box.publish(bytes: [4], as: "x/a.csv")
      try await expect(box.read("x/a.csv", offset: 0, count: 10), [4])
    },
    DropboxContract("no temporary file remains, and none is in the way") { box in
      try await box.publish(bytes: [9, 9, 9, 9], as: "a.part")
      try await box.publish(bytes: [1], as: "a.csv.gz")
      try await expect(box.list("*").map(\.name), ["a.csv.gz"])
      try await expect(box.stat("a.csv.gz")?.size, 1)
    },
    DropboxContract("missing folders are made") { box in
      try await box.publish(bytes: [1], as: "one/two/three/a.csv")
      try await expect(box.stat("one/two/three/a.csv")?.size, 1)
    },
    DropboxContract("a local file that is not there is a storage error") { box in
      try await expectError(.storage) { try await box.publish("/nonexistent/file", as: "a.csv") }
      try await expect(box.list("*").count, 0)
    },
    DropboxContract("many files can be published at once") { box in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<12 {
          group.addTask { try await box.publish(bytes: [UInt8(number)], as: "many/\(number).csv") }
        }
        try await group.waitForAll()
      }
      for number in 0..<12 {
        try await expect(box.read("many/\(number).csv", offset: 0, count: 9), [UInt8(number)])
      }
    },
  ]

  private static let looking = [
    DropboxContract("a file that is not there has no stat") { box in
      try await expect(box.stat("a.csv"), nil)
      try await expect(box.stat("no/such/folder/a.csv"), nil)
    },
    DropboxContract("a list has the files of one folder that fit, by name, and no folders") { box in
      for name in ["in/b.csv", "in/a.csv", "in/a.csv.gz", "in/deep/c.csv", "in.csv/d", "z.csv"] {
        try await box.publish(bytes: [1], as: name)
      }
      try await expect(box.list("in/*.csv").map(\.name), ["in/a.csv", "in/b.csv"])
      try await expect(box.list("in/?.csv*").map(\.name), ["in/a.csv", "in/a.csv.gz", "in/b.csv"])
      try await expect(box.list("*").map(\.name), ["z.csv"])
      try await expect(box.list("in/*").map(\.size), [1, 1, 1])
    },
    DropboxContract("a folder that is not there has no files") { box in
      try await expect(box.list("nowhere/*.csv").count, 0)
    },
    DropboxContract("a read gets what is there from the offset, and nothing at the end") { box in
      try await box.publish(bytes: Array(0..<100), as: "a")
      try await expect(box.read("a", offset: 90, count: 5), [90, 91, 92, 93, 94])
      try await expect(box.read("a", offset: 98, count: 50), [98, 99])
      try await expect(box.read("a", offset: 100, count: 50), [])
      try await expect(box.read("a", offset: 5000, count: 50), [])
    },
    DropboxContract("a read of a file that is not there says so") { box in
      try await expectError(.unavailable) { _ = try await box.read("a", offset: 0, count: 1) }
    },
  ]

  private static let changing = [
    DropboxContract("a rename moves a file, over an older one") { box in
      try await box.publish(bytes: [1], as: "x/a.csv")
      try await box.publish(bytes: [2, 2], as: "x/b.csv")
      try await box.rename("x/a.csv", to: "x/b.csv")
      try await expect(box.stat("x/a.csv"), nil)
      try await expect(box.read("x/b.csv", offset: 0, count: 9), [1])
    },
    DropboxContract("a rename of a file that is not there says so") { box in
      try await expectError(.unavailable) { try await box.rename("a.csv", to: "b.csv") }
    },
    DropboxContract("removing is done when the file is gone, whoever did it") { box in
      try await box.publish(bytes: [1], as: "a.csv")
      try await box.remove("a.csv")
      try await box.remove("a.csv")
      try await box.remove("no/such/folder/a.csv")
      try await expect(box.stat("a.csv"), nil)
    },
    DropboxContract("a folder can be made twice, with those above it") { box in
      try await box.makeFolder("one/two")
      try await box.makeFolder("one/two")
      try await box.makeFolder("one")
      try await box.publish(bytes: [1], as: "one/two/a.csv")
    },
    DropboxContract("names that lead out of the folder are refused") { box in
      for name in ["../a.csv", "/tmp/a.csv", "x/../../a.csv", "", "x//a.csv"] {
        try await expectError(.configuration) { try await box.publish(bytes: [1], as: name) }
        try await expectError(.configuration) { _ = try await box.list(name) }
        try await expectError(.configuration) { _ = try await box.stat(name) }
        try await expectError(.configuration) { _ = try await box.read(name, offset: 0, count: 1) }
        try await expectError(.configuration) { try await box.rename("a", to: name) }
        try await expectError(.configuration) { try await box.rename(name, to: "a") }
        try await expectError(.configuration) { try await box.remove(name) }
        try await expectError(.configuration) { try await box.makeFolder(name) }
      }
    },
  ]
}

private func expect<T: Equatable>(
  _ got: T, _ wanted: T, _ what: String = "", line: Int = #line
) throws {
  if got == wanted { return }
  throw DropboxContract.Broken(description: "line \(line): got \(got), not \(wanted) \(what)")
}

private func expectError(
  _ kind: SyncError.Kind, line: Int = #line, _ work: () async throws -> Void
) async throws {
  do {
    try await work()
  } catch let error as SyncError where error.kind == kind {
    return
  }
  throw DropboxContract.Broken(description: "line \(line): no error, \(kind) was expected")
}

private func write(_ bytes: [UInt8], to path: String) throws {
  guard let file = fopen(path, "w") else {
    throw DropboxContract.Broken(description: "cannot write \(path)")
  }
  defer { fclose(file) }
  guard fwrite(bytes, 1, bytes.count, file) == bytes.count else {
    throw DropboxContract.Broken(description: "cannot write \(path)")
  }
}

import Core
import Glibc

/// Reads secrets at the last moment; they never leave this process but in a request's body.
enum Secrets {
  static func read(
    _ source: EnvironmentSettings.SecretSource, for purpose: String
  ) throws(SyncError) -> String {
    switch source {
    case .environment(let name):
      guard let value = getenv(name).map({ String(cString: $0) }), !value.isEmpty else {
        throw SyncError(
          .configuration, "read the secret of \(purpose)",
          "the environment variable \(name) is not set", next: "set \(name), then run again")
      }
      return value
    case .file(let path):
      try requirePrivate(path, purpose)
      let text = try Files.read(path, for: purpose)
      return String(text.reversed().drop { $0.isWhitespace }.reversed())
    }
  }

  /// Refuses a file that others than its owner may read.
  static func requirePrivate(_ path: String, _ purpose: String) throws(SyncError) {
    var info = stat()
    guard stat(path, &info) == 0 else {
      throw SyncError(
        .configuration, "read the secret of \(purpose)", "there is no file \(path)",
        code: "errno \(errno)", next: "create \(path) with mode 0600, then run again")
    }
    guard info.st_mode & 0o077 == 0 else {
      throw SyncError(
        .configuration, "read the secret of \(purpose)", "the file \(path) can be read by others",
        next: "chmod 600 \(path)")
    }
  }
}

/// Small files of the user.
enum Files {
  static func read(_ path: String, for purpose: String) throws(SyncError) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      throw SyncError(
        .configuration, "read \(purpose)", "the file \(path) cannot be opened",
        code: "errno \(errno)", next: "check the path and who may read it")
    }
    defer { close(file) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count < 16 << 20 {
      let count = Glibc.read(file, &block, block.count)
      if count <= 0 { break }
      bytes += block[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Names of a folder's entries that end in `.yaml`, sorted.
  static func yamlNames(in folder: String) throws(SyncError) -> [String] {
    guard let directory = opendir(folder) else {
      throw SyncError(
        .configuration, "read the job files", "there is no folder \(folder)",
        next: "name the folder with --jobs DIR")
    }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasSuffix(".yaml"), !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}

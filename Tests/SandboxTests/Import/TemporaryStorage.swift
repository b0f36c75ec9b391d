import Glibc

/// An SFTP login directory that goes with the test.
final class TemporaryStorage {
  let home: String

  init() {
    var name = Array("/tmp/campaign-storage-XXXXXX".utf8CString)
    home =
      mkdtemp(&name) == nil
      ? "/tmp" : String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    for folder in ["/d365_loads", "/d365_loads/imports"] { mkdir(home + folder, 0o700) }
  }

  deinit { remove(home) }

  func write(_ text: String, _ name: String) { write(Array(text.utf8), name) }

  func write(_ bytes: [UInt8], _ name: String) {
    guard let file = fopen(path(name), "w") else { return }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
  }

  func read(_ name: String) -> String? {
    guard let file = fopen(path(name), "r") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  func names(_ folder: String) -> [String] { entries(path(folder)).sorted() }

  private func path(_ name: String) -> String { home + "/d365_loads/" + name }

  private func entries(_ path: String) -> [String] {
    guard let handle = opendir(path) else { return [] }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }

  private func remove(_ path: String) {
    for name in entries(path) { remove(path + "/" + name) }
    Glibc.remove(path)
  }

  /// The text as one gzip member of one stored block.
  static func gzip(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    func little(_ number: Int, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
    var crc: UInt32 = ~0
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1] + little(bytes.count, 2)
      + little(~bytes.count, 2) + bytes + little(Int(~crc), 4) + little(bytes.count, 4)
  }
}

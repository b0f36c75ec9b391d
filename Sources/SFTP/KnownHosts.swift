import CSSH2
import Core

/// The keys by which servers are known: an OpenSSH `known_hosts` file, hashed names included.
///
/// - Shape: patterns, negation, `[host]:port` and `@revoked` mean what they mean to `ssh`;
///   certificate authorities are passed over.
struct KnownHosts {
  struct Entry: Equatable {
    var isRevoked: Bool
    var hosts: String
    var keyType: String
    var key: String
  }

  let path: String
  let entries: [Entry]

  init(path: String) throws(SyncError) {
    let bytes: [UInt8]
    do throws(SyncError) {
      bytes = try LocalFile(path).contents(atMost: 16 << 20)
    } catch {
      throw SyncError(
        .configuration, "read the known hosts in \(path)", error.reason, code: error.code,
        next: "name an existing file in sftp.knownHosts; the SFTP server's key is always checked")
    }
    self.init(path: path, text: String(decoding: bytes, as: UTF8.self))
  }

  init(path: String, text: String) {
    self.path = path
    entries = text.split(whereSeparator: \.isNewline).compactMap(Self.entry)
  }

  private static func entry(_ line: Substring) -> Entry? {
    var words = line.split(maxSplits: 4, whereSeparator: { $0 == " " || $0 == "\t" })[...]
    guard let first = words.first, !first.hasPrefix("#") else { return nil }
    let isRevoked = first == "@revoked"
    if first.hasPrefix("@") {
      guard isRevoked else { return nil }
      words = words.dropFirst()
    }
    guard words.count >= 3 else { return nil }
    let parts = words.prefix(3).map(String.init)
    return Entry(isRevoked: isRevoked, hosts: parts[0], keyType: parts[1], key: parts[2])
  }

  /// The entries for a server: those with its port if there are any, else those of the bare name.
  func entries(for settings: SFTPSettings, _ session: OpaquePointer) -> [Entry] {
    let found = entries.filter { Self.names($0, settings.hostName, session) }
    if found.contains(where: { !$0.isRevoked }) || settings.port == 22 { return found }
    return found + entries.filter { Self.names($0, settings.host.lowercased(), session) }
  }

  private static func names(_ entry: Entry, _ name: String, _ session: OpaquePointer) -> Bool {
    if entry.hosts.hasPrefix("|") {
      // Any key: an entry of this host then is a mismatch, one of another host is not found.
      return check("AAAA", Int(4), as: name, LIBSSH2_KNOWNHOST_KEYENC_BASE64, session) {
        add($0, "\(entry.hosts) \(entry.keyType) \(entry.key)")
      } == LIBSSH2_KNOWNHOST_CHECK_MISMATCH
    }
    var isNamed = false
    for pattern in entry.hosts.lowercased().split(separator: ",") {
      if pattern.hasPrefix("!") {
        if RemoteName.fits(name, pattern.dropFirst()) { return false }
      } else if RemoteName.fits(name, pattern) {
        isNamed = true
      }
    }
    return isNamed
  }

  /// Whether one of the entries has exactly this key.
  ///
  /// - Parameter key: as the server sent it.
  static func have(
    _ entries: [Entry], _ key: UnsafePointer<CChar>, _ count: Int, _ session: OpaquePointer
  ) -> Bool {
    check(key, count, as: "server", LIBSSH2_KNOWNHOST_KEYENC_RAW, session) { hosts in
      for entry in entries { add(hosts, "server \(entry.keyType) \(entry.key)") }
    } == LIBSSH2_KNOWNHOST_CHECK_MATCH
  }

  private static func add(_ hosts: OpaquePointer, _ line: String) {
    // A line that libssh2 cannot read knows nobody.
    _ = libssh2_knownhost_readline(hosts, line, line.utf8.count, LIBSSH2_KNOWNHOST_FILE_OPENSSH)
  }

  private static func check(
    _ key: UnsafePointer<CChar>, _ count: Int, as name: String, _ encoding: Int32,
    _ session: OpaquePointer, fill: (OpaquePointer) -> Void
  ) -> Int32 {
    guard let hosts = libssh2_knownhost_init(session) else {
      return LIBSSH2_KNOWNHOST_CHECK_FAILURE
    }
    defer { libssh2_knownhost_free(hosts) }
    fill(hosts)
    return libssh2_knownhost_checkp(
      hosts, name, -1, key, count, LIBSSH2_KNOWNHOST_TYPE_PLAIN | encoding, nil)
  }

  /// The host-key algorithms to ask for, so that the server shows a key that can be known.
  static func algorithms(for entries: [Entry]) -> String {
    let types = Set(entries.filter { !$0.isRevoked }.map(\.keyType))
    return algorithms.filter { types.contains($0.keyType) }.map(\.names).joined(separator: ",")
  }

  private static let algorithms: [(keyType: String, names: String)] = [
    ("ssh-ed25519", "ssh-ed25519"),
    ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"),
    ("ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"),
    ("ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521"),
    ("ssh-rsa", "rsa-sha2-512,rsa-sha2-256"),
  ]
}

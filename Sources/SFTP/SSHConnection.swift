import CSSH2
import Core
import Glibc

/// One SSH connection with its SFTP channel: the owner of libssh2's handles.
///
/// - Shape: every call waits, until a stop; only `SFTPSession` may use it, on its thread.
final class SSHConnection {
  let settings: SFTPSettings
  private let socket: Int32
  private let session: OpaquePointer
  private var channel: OpaquePointer?
  /// The last failure left the session in doubt: nothing more goes over it.
  private(set) var isBroken = false
  /// What the server was found not to offer.
  var lacksPosixRename = false
  var lacksFsync = false
  private var wait: SocketWait
  private var memory: UnsafeMutableRawBufferPointer?

  /// Connects, checks the server's key, logs in and starts SFTP.
  init(to settings: SFTPSettings) throws(SyncError) {
    try Self.checkLibrary()
    let privateKey = try PrivateKey(path: settings.privateKey)
    let knownHosts = try KnownHosts(path: settings.knownHosts)
    self.settings = settings
    guard let session = libssh2_session_init_ex(nil, nil, nil, nil) else {
      throw SyncError(.bug, "start an SSH session", "libssh2 has no memory for it")
    }
    self.session = session
    wait = SocketWait(limit: settings.connectTimeout, stop: settings.stop)
    do throws(SyncError) {
      socket = try connectSocket(settings, wait)
    } catch {
      libssh2_session_free(session)
      throw error
    }
    // From here on deinit closes and frees, also when one of these throws.
    libssh2_session_set_blocking(session, 0)
    let known = try preferKnownKeys(knownHosts)
    try handshake(known)
    try checkHostKey(known, knownHosts)
    try logIn(privateKey)
    try startSFTP()
    wait.limit = settings.timeout
  }

  deinit {
    libssh2_session_set_blocking(session, 1)
    if !isBroken {
      libssh2_session_set_timeout(session, 2000)
      libssh2_session_disconnect_ex(session, SSH_DISCONNECT_BY_APPLICATION, "done", "")
    }
    // Frees the channel too, and must not wait for answers: nobody needs them.
    libssh2_session_set_timeout(session, 1)
    shutdown(socket, Int32(SHUT_RDWR))
    libssh2_session_free(session)
    close(socket)
    memory?.deallocate()
  }

  /// The SFTP channel.
  var sftp: OpaquePointer {
    guard let channel else { preconditionFailure("an SSHConnection is used before it is made") }
    return channel
  }

  /// Made with the first upload, used by all.
  func uploadMemory() -> UnsafeMutableRawBufferPointer {
    if let memory { return memory }
    let new = UnsafeMutableRawBufferPointer.allocate(
      byteCount: UploadWindow.memory, alignment: 16)
    memory = new
    return new
  }

  // MARK: Waiting

  /// Somebody asked for the end.
  var isStopped: Bool { wait.isStopped }

  /// The last call is to be made again when the socket is ready.
  var isUnanswered: Bool { libssh2_session_last_errno(session) == LIBSSH2_ERROR_EAGAIN }

  /// Waits a moment for what libssh2 waits for; false where the time is up.
  func goesOn(since began: ContinuousClock.Instant) -> Bool {
    let directions = libssh2_session_block_directions(session)
    let reads = directions & LIBSSH2_SESSION_BLOCK_INBOUND != 0
    let writes = directions & LIBSSH2_SESSION_BLOCK_OUTBOUND != 0
    let events = (reads ? POLLIN : 0) | (writes ? POLLOUT : 0)
    return wait.goesOn(socket, for: events, since: began)
  }

  // MARK: Failures

  /// Nothing more goes over this session.
  func giveUp() { isBroken = true }

  /// What the last call failed with; notes when the session is lost by it.
  func fault() -> SSHFault {
    if let end = wait.end {
      isBroken = true
      return end
    }
    let code = libssh2_session_last_errno(session)
    if code == LIBSSH2_ERROR_SFTP_PROTOCOL, let channel {
      return .status(UInt(libssh2_sftp_last_error(channel)))
    }
    isBroken = true
    return .library(code)
  }

  func failure(_ action: String, isWrite: Bool = false) -> SyncError {
    .sftp(fault(), action, isWrite: isWrite)
  }

  /// The connection ended before the server answered, which libssh2 calls by the name of a refusal.
  private func isCutOff(_ fault: SSHFault) -> Bool {
    let ambiguous = [
      LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE, LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED,
      LIBSSH2_ERROR_CHANNEL_FAILURE, LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED,
    ]
    guard case .library(let code) = fault, ambiguous.contains(code) else { return false }
    var byte: UInt8 = 0
    let count = recv(socket, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT))
    return count == 0 || count < 0 && errno != EAGAIN
  }

  // MARK: Opening

  private static let started = libssh2_init(0)

  private static func checkLibrary() throws(SyncError) {
    guard started == 0, libssh2_version(0x010b00) != nil else {
      throw SyncError(
        .configuration, "use libssh2",
        "the one found at run time is older than 1.11 and cannot sign with RSA-SHA2",
        next: "run `make setup` in the checkout, or install libssh2 1.11 or newer")
    }
  }

  /// Asks for host keys that can be known; another key of the same server would look false.
  private func preferKnownKeys(_ knownHosts: KnownHosts) throws(SyncError) -> [KnownHosts.Entry] {
    let known = knownHosts.entries(for: settings, session)
    let algorithms = KnownHosts.algorithms(for: known)
    guard !algorithms.isEmpty else {
      throw SyncError(
        .permission, "trust the SFTP server \(settings.hostName)",
        "\(knownHosts.path) has no key for it",
        next: "compare the output of `ssh-keyscan -p \(settings.port) \(settings.host)` with the"
          + " fingerprint its operator gives, then append it to \(knownHosts.path)")
    }
    guard libssh2_session_method_pref(session, LIBSSH2_METHOD_HOSTKEY, algorithms) == 0 else {
      throw handshakeFailure()
    }
    // The fast ones first: libssh2 makes a call to libcrypto for 16 bytes of AES, but takes a packet
    // in one with chacha20 (1.9 s a GiB, ctr 2.2 s, gcm 2.6 s). A server that has none of them
    // fails the handshake in words.
    let ciphers =
      "chacha20-poly1305@openssh.com,aes128-gcm@openssh.com,aes256-gcm@openssh.com,"
      + "aes128-ctr,aes256-ctr,aes192-ctr"
    for direction in [LIBSSH2_METHOD_CRYPT_CS, LIBSSH2_METHOD_CRYPT_SC] {
      guard libssh2_session_method_pref(session, direction, ciphers) == 0 else {
        throw handshakeFailure()
      }
    }
    return known
  }

  private func handshake(_ known: [KnownHosts.Entry]) throws(SyncError) {
    let code = answer { libssh2_session_handshake(session, socket) }
    guard code == 0 else { throw handshakeFailure() }
  }

  private func handshakeFailure() -> SyncError {
    let fault = fault()
    let action = "agree with the SFTP server \(settings.hostName) on keys"
    if isCutOff(fault) { return .sftp(fault, action) }
    switch fault {
    case .library(LIBSSH2_ERROR_KEX_FAILURE), .library(LIBSSH2_ERROR_METHOD_NONE),
      .library(LIBSSH2_ERROR_METHOD_NOT_SUPPORTED), .library(LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE):
      return SyncError(
        .permission, action,
        "it has no host key of a type that \(settings.knownHosts) has for it, or no common cipher",
        code: fault.code,
        next: "compare `ssh-keyscan -p \(settings.port) \(settings.host)` with that file and with"
          + " the fingerprint its operator gives")
    case .library(LIBSSH2_ERROR_BANNER_RECV), .library(LIBSSH2_ERROR_PROTO):
      return SyncError(
        .unavailable, action, "what answers there does not speak SSH", code: fault.code,
        next: "check sftp.host and sftp.port")
    default:
      return .sftp(fault, action)
    }
  }

  private func checkHostKey(_ known: [KnownHosts.Entry], _ hosts: KnownHosts) throws(SyncError) {
    var count = 0
    var type: Int32 = 0
    guard let key = libssh2_session_hostkey(session, &count, &type) else {
      throw handshakeFailure()
    }
    let revoked = known.filter(\.isRevoked)
    if KnownHosts.have(known.filter { !$0.isRevoked }, key, count, session),
      revoked.isEmpty || !KnownHosts.have(revoked, key, count, session)
    {
      return
    }
    throw SyncError(
      .permission, "trust the SFTP server \(settings.hostName)",
      "its key is not the one in \(hosts.path): another server answers, or its key was changed",
      next: "ask its operator; only if the key was changed on purpose: ssh-keygen -R"
        + " '\(settings.hostName)' -f \(hosts.path), then add the new key")
  }

  private func logIn(_ key: borrowing PrivateKey) throws(SyncError) {
    let code = key.withText { text, count in
      answer {
        libssh2_userauth_publickey_frommemory(
          session, settings.user, settings.user.utf8.count, nil, 0, text, count,
          settings.passphrase)
      }
    }
    guard code != 0 else { return }
    let fault = fault()
    let action = "log in to \(settings.hostName) as \(settings.user)"
    if isCutOff(fault) { throw .sftp(fault, action) }
    switch fault {
    case .library(LIBSSH2_ERROR_AUTHENTICATION_FAILED),
      .library(LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED):
      throw SyncError(
        .permission, action, "the server does not take this user with this key", code: fault.code,
        next: "check sftp.user, and add the public key of \(settings.privateKey) to the server"
          + " (Campaign's Control Panel takes RSA keys)")
    case .library(LIBSSH2_ERROR_KEYFILE_AUTH_FAILED), .library(LIBSSH2_ERROR_FILE),
      .library(LIBSSH2_ERROR_METHOD_NONE), .library(LIBSSH2_ERROR_PROTO):
      throw SyncError(
        .configuration, "open the private key \(settings.privateKey)",
        settings.passphrase == nil
          ? "it needs a passphrase, or is no private key"
          : "the passphrase does not open it, or it is no private key", code: fault.code,
        next: "set sftp.privateKey.passphrase, and try it with `ssh-keygen -y -f"
          + " \(settings.privateKey)`")
    default:
      throw .sftp(fault, action)
    }
  }

  private func startSFTP() throws(SyncError) {
    channel = handle { libssh2_sftp_init(session) }
    guard channel == nil else { return }
    let fault = fault()
    if !isCutOff(fault), case .library(let code) = fault,
      code == LIBSSH2_ERROR_CHANNEL_FAILURE || code == LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED
    {
      throw SyncError(
        .permission, "start SFTP on \(settings.hostName)",
        "the login works, but the server offers no SFTP to \(settings.user)", code: fault.code,
        next: "ask its operator to allow SFTP for this user")
    }
    throw .sftp(fault, "start SFTP on \(settings.hostName)")
  }
}

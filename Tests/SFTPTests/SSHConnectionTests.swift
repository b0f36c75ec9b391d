import Core
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import SFTP

/// Login, keys and trust, against a real server.
@Suite struct SSHConnectionTests {
  @Test func everyKindOfKeyLogsIn() async throws {
    try await withSSHD(hostKeys: [.rsa]) { server in
      for type in PrivateSSHD.KeyType.allCases {
        for isPEM in [false, true] {
          for passphrase in [nil, Canary.secret] {
            let settings = try server.settings(
              key: type, passphrase: passphrase ?? "", isPEM: isPEM)
            let box = SFTPDropbox(.patient(settings, passphrase: passphrase))
            await #expect(throws: Never.self, "\(type), PEM: \(isPEM), \(passphrase ?? "open")") {
              try await box.proveLogin()
            }
          }
        }
      }
    }
  }

  @Test(arguments: PrivateSSHD.KeyType.allCases, [nil, "wrong"])
  func aKeyThatStaysLockedIsAConfigurationError(
    _ type: PrivateSSHD.KeyType, _ passphrase: String?
  ) async throws {
    try await withSSHD { server in
      let settings = try server.settings(key: type, passphrase: Canary.secret)
      let error = await failure(.patient(settings, passphrase: passphrase))
      #expect(error?.kind == .configuration)
      #expect(error?.next?.contains("passphrase") == true)
      #expect(!"\(error as Any)".contains(Canary.secret))
    }
  }

  @Test(arguments: [0o640, 0o604, 0o660] as [mode_t])
  func aKeyThatOthersMayReadIsRefused(_ mode: mode_t) async throws {
    try await withSSHD { server in
      let settings = try server.settings()
      #expect(chmod(settings.privateKey, mode) == 0)
      let error = await failure(.patient(settings))
      #expect(error?.kind == .configuration)
      #expect(error?.next == "chmod 600 \(settings.privateKey)")
    }
  }

  @Test func aMissingKeyAndAMissingKnownHostsAreConfigurationErrors() async throws {
    try await withSSHD { server in
      var settings = try server.settings()
      let key = settings.privateKey
      settings.privateKey = "/nonexistent/key"
      #expect(await failure(.patient(settings))?.kind == .configuration)
      settings.privateKey = key
      settings.knownHosts = "/nonexistent/known_hosts"
      #expect(await failure(.patient(settings))?.kind == .configuration)
    }
  }

  @Test func aKeyTheServerDoesNotKnowIsNotPermitted() async throws {
    try await withSSHD { server in
      var settings = try server.settings()
      settings.privateKey = try server.newKey(.rsa, isAllowed: false)
      let error = await failure(.patient(settings))
      #expect(error?.kind == .permission)
      #expect(error?.reason == "the server does not take this user with this key")
    }
  }

  @Test("known_hosts with one key type, of a server with all", arguments: [false, true])
  func theServerIsAskedForAKeyThatIsKnown(_ hashed: Bool) async throws {
    try await withSSHD(hostKeys: [.rsa, .ecdsa, .ed25519]) { server in
      var settings = try server.settings()
      let lines = server.knownHostLines()
      #expect(lines.count == 3)
      for (index, line) in lines.enumerated() {
        settings.knownHosts = try server.write(
          known: ["other.example ssh-ed25519 AAAA", "# a comment", "", line],
          name: "known_\(index)", hashed: hashed)
        try await SFTPDropbox(.patient(settings)).proveLogin()
      }
    }
  }

  @Test(arguments: ["127.0.0.1", "[127.0.0.*]:PORT", "a.example,[127.0.0.1]:PORT", "[*]:PORT"])
  func namesAreReadAsSSHReadsThem(_ name: String) async throws {
    try await withSSHD { server in
      var settings = try server.settings()
      settings.knownHosts = try server.write(
        known: server.knownHostLines(name.replacing("PORT", with: "\(server.port)")), name: "known")
      try await SFTPDropbox(.patient(settings)).proveLogin()
    }
  }

  @Test(arguments: [
    "other.example", "[127.0.0.1]:1", "![127.0.0.1]:PORT,[127.0.0.*]:PORT",
    "@cert-authority [127.0.0.1]:PORT",
  ])
  func anUnknownHostIsNotTrusted(_ name: String) async throws {
    try await withSSHD { server in
      var settings = try server.settings()
      settings.knownHosts = try server.write(
        known: server.knownHostLines(name.replacing("PORT", with: "\(server.port)")), name: "known")
      let error = await failure(.patient(settings))
      #expect(error?.kind == .permission)
      #expect(error?.reason.hasSuffix("has no key for it") == true)
      #expect(error?.next?.contains("ssh-keyscan -p \(server.port) 127.0.0.1") == true)
    }
  }

  @Test(arguments: [PrivateSSHD.KeyType.rsa, .ecdsa, .ed25519], [false, true])
  func aWrongHostKeyIsNotTrusted(_ type: PrivateSSHD.KeyType, _ hashed: Bool) async throws {
    try await withSSHD(hostKeys: [type]) { server in
      var settings = try server.settings()
      let key = try server.strangersKey(type)
      settings.knownHosts = try server.write(
        known: ["[127.0.0.1]:\(server.port) \(key)"], name: "known", hashed: hashed)
      let error = await failure(.patient(settings))
      #expect(error?.kind == .permission)
      #expect(error?.next?.contains("ssh-keygen -R '[127.0.0.1]:\(server.port)'") == true)
      let words = key.split(separator: " ")
      #expect(!"\(error as Any)".contains(words[1]), "no key in an error")
    }
  }

  @Test func aRevokedHostKeyIsNotTrusted() async throws {
    try await withSSHD { server in
      var settings = try server.settings()
      let lines = server.knownHostLines()
      settings.knownHosts = try server.write(
        known: lines + lines.map { "@revoked \($0)" }, name: "known")
      #expect(await failure(.patient(settings))?.kind == .permission)
    }
  }

  @Test func aServerWithoutAKeyOfAKnownTypeIsNotTrusted() async throws {
    try await withSSHD(hostKeys: [.ecdsa]) { server in
      var settings = try server.settings()
      settings.knownHosts = try server.write(
        known: ["[127.0.0.1]:\(server.port) \(server.strangersKey(.ed25519))"], name: "known")
      let error = await failure(.patient(settings))
      #expect(error?.kind == .permission)
      #expect(error?.reason.contains("no host key of a type") == true)
    }
  }

  @Test func nobodyThereIsUnavailable() async throws {
    try await withSSHD { server in
      var settings = try server.settings()
      settings.knownHosts = try server.write(known: server.knownHostLines("127.0.0.1"), name: "k")
      let error = try await withSilentPort { port in
        settings.port = port
        return await failure(.patient(settings))
      }
      #expect(error?.kind == .unavailable)
      #expect(error?.reason == "nothing accepts connections there")
    }
  }

  @Test("A stop ends the wait for a server that takes the connection and says nothing")
  func aStopEndsTheWayIn() async throws {
    try await withSSHD { server in
      let mute = try MuteServer()
      var settings = try server.settings()
      settings.port = mute.port
      settings.knownHosts = try server.write(
        known: server.knownHostLines("[127.0.0.1]:\(mute.port)"), name: "mute")
      var patient = SFTPSettings(settings, passphrase: nil)
      patient.connectTimeout = .seconds(3600)
      let looks = Atomic<Int>(0)
      patient.stop = { looks.add(1, ordering: .relaxed).newValue > 2 }
      let stopped = await failure(patient)
      #expect(stopped?.isStop == true)
      #expect(stopped?.reason.contains("the SFTP server did not answer") == true)
      patient.connectTimeout = .milliseconds(300)
      patient.stop = { false }
      let error = await failure(patient)
      #expect(error?.kind == .unavailable && error?.isStop == false)
      #expect(error?.reason == "the SFTP server did not answer in time")
      withExtendedLifetime(mute) {}
    }
  }

  @Test("A connection that ends on the way in is unavailable, never a refusal, wherever it ends")
  func aConnectionThatEndsIsUnavailable() async throws {
    try await withSSHD { server in
      var settings = try server.settings()
      var error: SyncError?
      var bytes = 0
      repeat {
        let cut = try CutServer(before: server.port, after: bytes)
        settings.port = cut.port
        settings.knownHosts = try server.write(
          known: server.knownHostLines("[127.0.0.1]:\(cut.port)"), name: "known_\(bytes)")
        do throws(SyncError) {
          try await SFTPDropbox(.patient(settings)).proveLogin()
          error = nil
        } catch let failure {
          error = failure
        }
        #expect(error == nil || error?.kind == .unavailable, "after \(bytes) bytes")
        withExtendedLifetime(cut) { bytes += 71 }
      } while error != nil
      #expect(bytes > 20 * 71)
    }
  }

  @Test func aNameWithoutAnAddressIsUnavailable() async throws {
    try await withSSHD { server in
      var settings = try server.settings()
      settings.host = "two..dots"
      settings.knownHosts = try server.write(known: server.knownHostLines("two..dots"), name: "k")
      let error = await failure(.patient(settings))
      #expect(error?.kind == .unavailable)
      #expect(error?.code?.hasPrefix("getaddrinfo ") == true)
    }
  }

  private func failure(_ settings: SFTPSettings) async -> SyncError? {
    await #expect(throws: SyncError.self) { try await SFTPDropbox(settings).proveLogin() }
  }
}

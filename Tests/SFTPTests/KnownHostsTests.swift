import Testing

@testable import SFTP

@Suite struct KnownHostsTests {
  @Test func readsEntriesAndPassesOverTheRest() {
    let text = """
      # comment

      one.example,192.0.2.1 ssh-rsa AAAAB3Nz a comment of words
      \t|1|c2FsdA==|aGFzaA== ecdsa-sha2-nistp256\tAAAAE2Vj
      @revoked * ssh-ed25519 AAAAC3Nz
      @cert-authority * ssh-ed25519 AAAAC3Nz
      broken ssh-rsa
      """
    let hosts = KnownHosts(path: "known_hosts", text: text)
    #expect(
      hosts.entries == [
        .init(
          isRevoked: false, hosts: "one.example,192.0.2.1", keyType: "ssh-rsa", key: "AAAAB3Nz"),
        .init(
          isRevoked: false, hosts: "|1|c2FsdA==|aGFzaA==", keyType: "ecdsa-sha2-nistp256",
          key: "AAAAE2Vj"),
        .init(isRevoked: true, hosts: "*", keyType: "ssh-ed25519", key: "AAAAC3Nz"),
      ])
  }

  @Test(arguments: [
    (["ssh-rsa"], "rsa-sha2-512,rsa-sha2-256"),
    (["ssh-rsa", "ssh-ed25519"], "ssh-ed25519,rsa-sha2-512,rsa-sha2-256"),
    (["ecdsa-sha2-nistp521"], "ecdsa-sha2-nistp521"),
    (["ssh-dss", "sk-ssh-ed25519@openssh.com"], ""),
    ([], ""),
  ])
  func algorithmsFollowTheKnownKeyTypes(_ types: [String], _ algorithms: String) {
    let entries = types.map {
      KnownHosts.Entry(isRevoked: false, hosts: "h", keyType: $0, key: "AAAA")
    }
    #expect(KnownHosts.algorithms(for: entries) == algorithms)
  }

  @Test func aRevokedKeyIsNoKeyToAskFor() {
    let entry = KnownHosts.Entry(isRevoked: true, hosts: "h", keyType: "ssh-rsa", key: "AAAA")
    #expect(KnownHosts.algorithms(for: [entry]) == "")
  }
}

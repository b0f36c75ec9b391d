import Testing

@testable import JobFiles

struct AddressTests {
  private func says(_ url: String) throws -> String? {
    let text = try fixture("right/environments/least.yaml")
      .replacing("url: http://127.0.0.1:8080", with: "url: '\(url)'")
    return environmentProblems(text).first?.says
  }

  @Test(
    "An address is taken",
    arguments: [
      "https://contoso.crm4.dynamics.com", "https://contoso.crm4.dynamics.com/",
      "https://contoso.crm4.dynamics.com:8443", "http://localhost", "http://127.0.0.1:1",
      "http://[::1]:8080",
    ])
  func taken(url: String) throws {
    #expect(try says(url) == nil)
  }

  @Test(
    "Plain http is refused off this machine",
    arguments: [
      "http://contoso.crm4.dynamics.com", "http://localhost.example.org", "http://127.0.0.1.nip.io",
      "http://[::2]", "http://0.0.0.0", "http://127.0.0.2:80",
    ])
  func plain(url: String) throws {
    #expect(try says(url)?.hasPrefix("is plain http") == true)
  }

  @Test(
    "What is no address is refused",
    arguments: [
      "contoso.crm4.dynamics.com", "HTTPS//contoso", "https://", "https:///api", "ftp://contoso",
      "https://contoso?x=1", "https://contoso#x", "https://con toso", "https://contoso:0",
      "https://contoso:99999", "https://contoso:", "https://contoso:80:80", "https://contösö",
      "https://contoso\\x", "file:///etc/passwd",
    ])
  func none(url: String) throws {
    #expect(try says(url)?.hasPrefix("must be an address such as https://contoso") == true)
  }

  @Test("A user in an address is refused", arguments: ["https://a@b", "https://a:b@c.example.org"])
  func user(url: String) throws {
    #expect(try says(url) == "must not hold a user or a password")
  }
}

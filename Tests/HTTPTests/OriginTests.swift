import Testing

@testable import HTTP

struct OriginTests {
  @Test(
    "Scheme, host and port make the origin, in any case and with implied ports",
    arguments: [
      ("https://Contoso.crm4.dynamics.com/api", "https://contoso.crm4.dynamics.com:443"),
      ("HTTPS://contoso.crm4.dynamics.com:443?x", "https://contoso.crm4.dynamics.com:443"),
      ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
      ("http://localhost", "http://localhost:80"),
      ("https://[::1]:8443/a:b@c", "https://[::1]:8443"),
      ("https://host/a?u=b@evil", "https://host:443"),
    ])
  func reads(url: String, origin: String) {
    #expect(Origin(url)?.description == origin)
  }

  @Test(
    "What could mean another host to another parser is no origin",
    arguments: [
      "", "/api", "host/path", "ftp://host/", "https:/host", "https://", "https://user@host/",
      "https://host@evil.example/", "https://host:pass@evil/", "https://ho st/",
      "https://host\\@evil/",
      "https://host:", "https://host:0/", "https://host:65536/", "https://host:4x/",
      "https://[::1/",
      "https://[::1]x/", "https://.host/", "https://a..b/", "https://hôte/", "https://host/\n",
      "https://host%2eevil/", " https://host/",
    ])
  func refuses(url: String) {
    #expect(Origin(url) == nil)
  }

  @Test(
    "Plain http stays on this machine",
    arguments: [
      ("http://127.0.0.1:1/", true), ("http://127.8.9.10/", true), ("http://localhost:9/", true),
      ("http://[::1]/", true), ("https://example.org/", true), ("http://example.org/", false),
      ("http://127.0.0.1.example.org/", false), ("http://127.1/", false),
      ("http://localhost.example.org/", false), ("http://10.0.0.1/", false),
    ])
  func keepsPlainTextOnLoopback(url: String, isPermitted: Bool) {
    #expect(Origin(url)?.isPermitted == isPermitted)
  }

  @Test(
    "The target is what was written",
    arguments: [
      ("https://h/a/../b%2f?x=%22\"y\"&z", "/a/../b%2f?x=%22\"y\"&z"), ("https://h", "/"),
      ("https://h?q=1", "/?q=1"), ("https://h/a#fragment", "/a"),
    ])
  func keepsTheTarget(url: String, target: String) {
    #expect(Address(url)?.target == target)
  }
}

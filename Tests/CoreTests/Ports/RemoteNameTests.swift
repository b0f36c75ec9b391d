import Core
import Testing

@Suite struct RemoteNameTests {
  @Test(arguments: [
    ("imports/contacts-000012-0001.csv.gz", "imports/contacts-000012-0001.part"),
    ("contacts.csv", "contacts.part"),
    ("Contacts.CSV", "Contacts.part"),
    ("a.csv.csv", "a.part"),
    ("imports/contacts-000012.manifest.json", "imports/contacts-000012.manifest.json.part"),
    ("imports.csv/x", "imports.csv/x.part"),
  ])
  func temporaryNamesHaveNoSuffixOfAFinalFile(_ name: String, _ temporary: String) {
    #expect(RemoteName.temporary(for: name) == temporary)
  }

  @Test(arguments: [
    "", "/etc/passwd", "../x", "a/../x", "a/..", "a//b", "a/", ".", "a/./b", "a\nb",
  ])
  func refusesNamesThatLeadOut(_ name: String) {
    #expect(throws: SyncError.self) { try RemoteName.check(name) }
  }

  @Test(arguments: ["a", "a/b.csv.gz", "..a", "a..b/c", "été.csv", ".hidden"])
  func takesOrdinaryNames(_ name: String) throws {
    try RemoteName.check(name)
  }

  @Test(arguments: [
    ("a.csv", "*.csv", true), ("a.csv.gz", "*.csv", false), ("a.csv", "a.csv", true),
    ("tracking_1.csv", "tracking_?.csv", true), ("tracking_12.csv", "tracking_?.csv", false),
    ("a", "*", true), ("", "*", true), ("abcbc", "a*bc", true), ("abcbd", "a*bc", false),
    ("x.part", "*.csv*", false), ("", "", true), ("a", "", false), ("été", "?t?", true),
  ])
  func patterns(_ name: String, _ pattern: String, _ fits: Bool) {
    #expect(RemoteName.fits(name, pattern) == fits)
  }
}

import Core
import Testing

@Suite struct NearestTests {
  @Test(arguments: [
    ("firstnam", "firstname"), ("fristname", "firstname"), ("FirstName", "firstname"),
    ("lstname", "lastname"), ("gendrcode", "gendercode"),
  ])
  func findsWhatWasMeant(_ wrong: String, _ right: String) {
    #expect(
      Nearest.name(to: wrong, among: ["lastname", "firstname", "gendercode"]) == right)
  }

  @Test(arguments: ["", "x", "telephone", "zz"])
  func staysSilentWhereNothingIsClose(_ wrong: String) {
    #expect(Nearest.name(to: wrong, among: ["lastname", "firstname", "ab"]) == nil)
  }

  @Test func theFirstOfEquallyNearOnesWins() {
    #expect(Nearest.name(to: "address", among: ["address1", "address2"]) == "address1")
  }
}

import Testing

@testable import Dataverse

struct ServiceCodeTests {
  @Test(
    "A code is one number, however it is written",
    arguments: [
      ("0x80044352", 0x8004_4352), ("0X80044352", 0x8004_4352), ("-2147204270", 0x8004_4352),
      ("2147763026", 0x8004_4352), ("0x8005F101", 0x8005_F101), ("0x8006088a", 0x8006_088A),
      ("", nil), ("0x0", nil), ("0", nil), ("NotANumber", nil), ("0xZZ", nil),
      ("0x1FFFFFFFF", nil),
    ] as [(String, UInt32?)])
  func forms(text: String, number: UInt32?) {
    #expect(ServiceCode(text)?.number == number)
  }

  @Test("It is written as Core knows the expired token")
  func written() {
    #expect(ServiceCode.expiredVersionStamp.description == "0x80044352")
    #expect(ServiceCode(0x1).description == "0x00000001")
  }
}

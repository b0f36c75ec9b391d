import Core
import Gzip
import TestSupport

/// A tracking log whose rows come out of a number.
enum Clicks {
  static var settings: EgressSettings {
    var files = EgressSettings.Files(
      pattern: "exports/tracking_*.csv",
      columns: [
        "id": "trackId", "contact": "externalId", "at": "logDate", "type": "urlType",
        "message": "messageType", "campaign": "campaignId", "delivery": "deliveryId",
        "url": "url",
      ])
    files.stableFor = .seconds(30)
    return EgressSettings(
      name: "egress-click", event: .click, files: files, table: "adobe_campaignemailclick",
      columns: [
        "campaign": "adobe_campaignname", "delivery": "adobe_deliveryname",
        "at": "adobe_dateclicked", "url": "adobe_trackingurl",
      ])
  }

  static let header = "trackId;externalId;messageType;urlType;url;logDate;deliveryId;campaignId"

  static func contact(_ number: Int) -> RowKey {
    RowKey(high: 0x6F1C_0E0E_2B5D_4E11 &+ UInt64(number), low: 0x8179_000D_3A1B_2C3D)
  }

  /// Contacts 0 to 19 are in Dynamics from the beginning, 20 to 24 come later, more never.
  static func who(_ number: Int) -> Int? {
    number % 23 == 5 ? nil : number % 17 == 3 ? 20 + number % 10 : number * 7 % 20
  }

  static func type(_ number: Int) -> Int { [1, 2, 10, 1, 6, 11][number % 6] }
  static func message(_ number: Int) -> Int { number % 13 == 7 ? 1 : 0 }

  static func url(_ number: Int) -> String {
    number % 41 == 1
      ? "https://www.example.org/" + String(repeating: "long/", count: 60)
      : "https://www.example.org/p?id=\(number)&q=\"x\""
  }

  static func time(_ number: Int) -> String {
    number % 58 == 9
      ? "2026-02-30 25:61:00.000Z"
      : "2026-02-03 08:\(10 + number / 60 % 50):\(10 + number % 50).250Z"
  }

  static func row(_ number: Int) -> String {
    let quoted = "\"" + url(number).replacing("\"", with: "\"\"") + "\""
    let person = who(number).map { contact($0).description } ?? ""
    return "\(55_000 + number);\(person);\(message(number));\(type(number));\(quoted);"
      + "\(time(number));DM\(number % 3);\"Spring\""
  }

  static func file(_ numbers: some Sequence<Int>, lineEnd: String = "\n") -> [UInt8] {
    Array(([header] + numbers.map(row)).map { $0 + lineEnd }.joined().utf8)
  }

  static func packed(_ bytes: [UInt8]) throws(SyncError) -> [UInt8] { try Deflater.gzip(bytes) }

  /// What must become of a row, found without the product's code.
  enum Fate: Equatable { case none, stranger, rejected, activity }

  static func fate(_ number: Int) -> Fate {
    guard message(number) == 0, [1, 10, 11].contains(type(number)) else { return .none }
    guard who(number) != nil else { return .stranger }
    return number % 41 == 1 || number % 58 == 9 ? .rejected : .activity
  }
}

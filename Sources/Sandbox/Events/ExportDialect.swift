import Core

/// How Campaign's Extract file is set up for one export.
package struct ExportDialect: Sendable {
  /// Milliseconds with a blank, with a `T`, or whole seconds with slashes.
  package enum Dates: String, Sendable, CaseIterable { case space, iso, slashes }

  package var separator: UInt8 = 0x3B
  /// String delimiter: double quotes around text; else none.
  package var isQuoted = false
  package var endsWithCRLF = false
  package var hasMark = false
  package var isPacked = false
  package var dates = Dates.space
  /// Milliseconds behind the seconds; slashes never have them.
  package var hasFraction = true
  /// UTC is written with `Z` (but for slashes), every other zone without its offset.
  package var zone = ZoneRules.utc

  package init() {}

  var lineEnd: [UInt8] { endsWithCRLF ? [0x0D, 0x0A] : [0x0A] }

  /// True where the text of a time says its zone.
  var saysZone: Bool { zone.name == "UTC" && dates != .slashes }

  /// Milliseconds since 1970, as the clock of the zone shows them.
  func time(_ milliseconds: Int64) -> String {
    let instant = Instant(milliseconds: milliseconds)
    let local = CalendarText.moment(instant.seconds + zone.offset(at: instant.seconds))
    let text = String(local.dropLast())
    let rest = milliseconds - instant.seconds * 1000
    let fraction = hasFraction ? "." + String(String(1000 + rest).dropFirst()) : ""
    switch dates {
    case .space: return text.replacing("T", with: " ") + fraction + (saysZone ? "Z" : "")
    case .iso: return text + fraction + (saysZone ? "Z" : "")
    case .slashes: return text.replacing("-", with: "/").replacing("T", with: " ")
    }
  }

  /// Text as a field holds it: without a delimiter, nothing may break the line.
  func plain(_ text: String) -> String {
    guard !isQuoted else { return text }
    let breaks: (UInt8) -> Bool = { $0 == separator || $0 == 0x0A || $0 == 0x0D }
    guard text.utf8.contains(where: breaks) else { return text }
    return String(decoding: text.utf8.map { breaks($0) ? 0x5F : $0 }, as: UTF8.self)
  }

  /// A field, in quotes where it is text and they are on.
  func append(_ text: String, isNumber: Bool, to bytes: inout [UInt8]) {
    guard isQuoted, !isNumber else {
      bytes += plain(text).utf8
      return
    }
    bytes.append(0x22)
    for byte in text.utf8 {
      if byte == 0x22 { bytes.append(0x22) }
      bytes.append(byte)
    }
    bytes.append(0x22)
  }
}

/// Compares what Campaign shows with what would be written.
///
/// - Source: absent is `""` (a number 0, a boolean false), times have milliseconds, numbers come
///   with or without a fraction: the serialisation rules of the profile resource.
enum CampaignForm {
  static func equal(_ shown: String, _ written: String, _ target: FieldStep.Target) -> Bool {
    // Code units, not canonical equivalence: two spellings of one letter are two texts.
    if shown.utf8.elementsEqual(written.utf8) { return true }
    switch target {
    case .text, .enumeration: return false
    case .boolean: return flag(shown) == flag(written)
    case .integer, .number: return number(shown) == number(written)
    case .date: return moment(shown, .day) == moment(written, .day)
    case .dateTime: return moment(shown, .iso) == moment(written, .iso)
    }
  }

  private static func flag(_ text: String) -> String {
    if text.isEmpty { return "false" }
    let bytes = Array(text.utf8)
    let flag = withPointer(to: bytes) { FlagText.read($0, bytes.count) }
    return flag.map { $0 ? "true" : "false" } ?? text
  }

  private static func number(_ text: String) -> String {
    if text.isEmpty { return "0" }
    return rewritten(text, NumberText.size) { bytes, count, out in
      NumberText(bytes, count)?.write(isTrimmed: true, to: out)
    }
  }

  private static func moment(_ text: String, _ form: Moment.Form) -> String {
    rewritten(text, Moment.size) { bytes, count, out in
      Moment(bytes, count, isShifted: true)?.write(form, to: out)
    }
  }

  /// The text in its one form; as it is where it has none.
  private static func rewritten(
    _ text: String, _ size: Int,
    _ write: (UnsafePointer<UInt8>, Int, UnsafeMutablePointer<UInt8>) -> Int?
  ) -> String {
    let bytes = Array(text.utf8)
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: size) { out in
      guard let start = out.baseAddress,
        let count = withPointer(to: bytes, { write($0, bytes.count, start) })
      else { return text }
      return String(decoding: out[..<count], as: UTF8.self)
    }
  }
}

/// An error number of Dataverse, however it was written.
///
/// - Shape: the service writes `0x80044352`, `0X8005F101` or the signed decimal `-2147204270`.
struct ServiceCode: Hashable, Sendable {
  var number: UInt32

  init(_ number: UInt32) { self.number = number }

  /// Nil for an empty text, for zero, and for anything that is no number.
  init?(_ text: String) {
    let text = text.lowercased()
    var number: UInt32?
    if text.hasPrefix("0x") {
      number = UInt32(text.dropFirst(2), radix: 16)
    } else if let signed = Int32(text) {
      number = UInt32(bitPattern: signed)
    } else {
      number = UInt32(text)
    }
    guard let number, number != 0 else { return nil }
    self.number = number
  }
}

extension ServiceCode: CustomStringConvertible {
  var description: String {
    let digits = String(number, radix: 16)
    return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
  }
}

extension ServiceCode {
  static let noSuchRow = ServiceCode(0x8004_0217)
  static let unexpected = ServiceCode(0x8004_0216)
  static let duplicateKey = ServiceCode(0x8004_0237)
  static let notSupported = ServiceCode(0x8004_0800)
  static let payload = ServiceCode(0x8004_8D19)
  static let privilegeDenied = ServiceCode(0x8004_0220)
  static let sqlError = ServiceCode(0x8004_4150)
  static let sqlTimeout = ServiceCode(0x8004_4151)
  static let sandboxCrash = ServiceCode(0x8004_418D)
  static let expiredVersionStamp = ServiceCode(0x8004_4352)
  static let missingPrivilege = ServiceCode(0x8004_8306)
  static let accessTokenExpired = ServiceCode(0x8005_F101)
  static let versionMismatch = ServiceCode(0x8006_0882)
  static let parseError = ServiceCode(0x8006_0888)
  static let noSuchResource = ServiceCode(0x8006_088A)
  /// Optimistic concurrency is off for the table.
  static let noVersions = ServiceCode(0x8006_0893)
  static let notAMember = ServiceCode(0x8007_2560)

  static let tooMuchWork = ServiceCode(0x8007_2321)
  static let tooManyRequests = ServiceCode(0x8007_2322)
  static let tooManyAtOnce = ServiceCode(0x8007_2326)
  static let protection: Set<ServiceCode> = [tooMuchWork, tooManyRequests, tooManyAtOnce]
  static let queryThrottled: Set<ServiceCode> = [
    ServiceCode(0x8004_8544), ServiceCode(0x8004_8573), ServiceCode(0x8004_8574),
    ServiceCode(0x8004_8644), ServiceCode(0x8004_8744), ServiceCode(0x8004_8745),
  ]
}

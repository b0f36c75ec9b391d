/// How far a part of the spool is committed: what a restart cuts it back to and goes on from.
package struct PartMark: Sendable, Equatable, Codable {
  /// From one on, within the run.
  package var number: Int
  /// Bytes of the file.
  package var size: UInt64
  package var rows: Int
  /// Of the uncompressed content, for the gzip trailer.
  package var crc: UInt32
  package var length: UInt64

  package init(number: Int, size: UInt64 = 0, rows: Int = 0, crc: UInt32 = 0, length: UInt64 = 0) {
    self.number = number
    self.size = size
    self.rows = rows
    self.crc = crc
    self.length = length
  }
}

/// A finished part, as the manifest lists it.
package struct SealedPart: Sendable, Equatable, Codable {
  package var name: String
  package var rows: Int
  package var bytes: UInt64
  /// Lower-case hexadecimal, of the file as it is.
  package var sha256: String

  package init(name: String, rows: Int, bytes: UInt64, sha256: String) {
    self.name = name
    self.rows = rows
    self.bytes = bytes
    self.sha256 = sha256
  }
}

/// The files of one run: `contacts-000012`.
package struct RunName: Sendable, Hashable, Codable, CustomStringConvertible {
  package var job: String
  package var run: Int

  package init(job: String, run: Int) {
    self.job = job
    self.run = run
  }

  package var description: String { job + "-" + RunName.padded(run, 6) }

  /// `contacts-000012-0001` and a suffix.
  package func part(_ number: Int, suffix: String) -> String {
    description + "-" + RunName.padded(number, 4) + suffix
  }

  /// Whether a file has the name of a part of this run, whatever its dialect.
  package func isPart(_ file: String) -> Bool {
    guard file.hasPrefix(description + "-") else { return false }
    let rest = file.dropFirst(description.utf8.count + 1)
    let digits = rest.prefix { $0.isASCII && $0.isNumber }
    return digits.count >= 4 && [".csv", ".csv.gz"].contains(rest.dropFirst(digits.count))
  }

  package static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}

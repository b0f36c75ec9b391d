import Core
import HTTP

/// The filter that finds a record by its key: `byExternalId?externalId_parameter=<key>`.
struct LookupFilter: Sendable, Equatable {
  /// Path segment: `byExternalId`.
  let segment: String
  let parameter: String

  /// - Parameter lookup: as in `to.lookup`, with or without `=` at its end; nil: derived from `key`.
  init(lookup: String?, key: String) throws(SyncError) {
    guard let lookup else {
      segment = "by" + key.prefix(1).uppercased() + key.dropFirst()
      parameter = key + "_parameter"
      return
    }
    let parts = lookup.split(separator: "?", maxSplits: 1).map(String.init)
    let name =
      parts.count == 2 && parts[1].hasSuffix("=") ? String(parts[1].dropLast()) : parts.last
    guard parts.count == 2, let name, LookupFilter.isName(parts[0]), LookupFilter.isName(name)
    else {
      throw SyncError(
        .configuration, "look records up",
        "`to.lookup` is not of the form `byExternalId?externalId_parameter`",
        next: "write the filter's path segment, `?`, and the name of its parameter")
    }
    segment = parts[0]
    parameter = name
  }

  /// `?` and `&` never come from a value: everything but letters, digits and `-._~` is escaped.
  func url(of collection: String, key: String) -> String {
    "\(collection)/\(segment)?\(parameter)=\(PercentEncoding.encode(key))"
  }

  private static func isName(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2D, 0x2E: true
        default: false
        }
      }
  }
}

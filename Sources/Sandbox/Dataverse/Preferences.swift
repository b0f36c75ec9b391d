import HTTP

/// The `Prefer` headers of a request; several headers and several preferences in one are the same.
struct Preferences: Sendable {
  private var values: [String: String] = [:]

  init(_ headers: [HTTPHeader]) {
    for header in headers where header.name.lowercased() == "prefer" {
      for part in Preferences.split(header.value) {
        let equals = part.firstIndex(of: "=") ?? part.endIndex
        let name = part[..<equals].lowercased()
        let value = equals < part.endIndex ? part[part.index(after: equals)...] : ""
        values[name] = String(value.drop { $0 == "\"" || $0 == " " }.trimmingEnd)
      }
    }
  }

  /// At commas, but not at those inside quotes.
  private static func split(_ text: String) -> [String] {
    var parts: [String] = [""]
    var isQuoted = false
    for character in text {
      if character == "\"" { isQuoted.toggle() }
      if character == ",", !isQuoted {
        parts.append("")
      } else {
        parts[parts.count - 1].append(character)
      }
    }
    return parts.map { String($0.drop { $0 == " " }) }.filter { !$0.isEmpty }
  }

  subscript(name: String) -> String? { values[name] }

  var tracksChanges: Bool { values["odata.track-changes"] != nil }
  var continuesOnError: Bool { values["odata.continue-on-error"] != nil }
  var wantsRepresentation: Bool { values["return"] == "representation" }
  var pageSize: Int? { values["odata.maxpagesize"].flatMap { Int($0) } }
  var annotations: AnnotationFilter { AnnotationFilter(values["odata.include-annotations"]) }
}

extension Substring {
  fileprivate var trimmingEnd: Substring {
    var text = self
    while let last = text.last, last == "\"" || last == " " { text.removeLast() }
    return text
  }
}

/// Which annotations a request asked for.
struct AnnotationFilter: Sendable, Equatable {
  static let formatted = "OData.Community.Display.V1.FormattedValue"
  static let lookupName = "Microsoft.Dynamics.CRM.lookuplogicalname"
  static let navigation = "Microsoft.Dynamics.CRM.associatednavigationproperty"

  let text: String?
  let hasFormatted: Bool
  let hasLookupName: Bool
  let hasNavigation: Bool
  let hasTotals: Bool

  init(_ text: String?) {
    self.text = text
    let patterns = (text ?? "").split(separator: ",").map { $0.filter { $0 != " " } }
    func asks(_ name: String) -> Bool {
      patterns.contains { pattern in
        pattern == "*" || pattern == name
          || pattern.hasSuffix("*") && name.hasPrefix(pattern.dropLast())
      }
    }
    hasFormatted = asks(AnnotationFilter.formatted)
    hasLookupName = asks(AnnotationFilter.lookupName)
    hasNavigation = asks(AnnotationFilter.navigation)
    hasTotals = asks("Microsoft.Dynamics.CRM.totalrecordcount")
  }

  var isEmpty: Bool { !hasFormatted && !hasLookupName && !hasNavigation }
}

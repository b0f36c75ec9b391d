import Core

/// When each opt-out of a profile changed last; the API does not show it, an export does.
///
/// - Shape: by place in the closed list of eight; nil where the value is the one of a new profile.
package struct AttributeTimes: Sendable, Equatable {
  private var times: [Int64] = []
  private static let never = Int64.min

  package init() {}

  package subscript(place: Int) -> Instant? {
    get {
      guard !times.isEmpty, times[place] != AttributeTimes.never else { return nil }
      return Instant(milliseconds: times[place])
    }
    set {
      if times.isEmpty {
        guard newValue != nil else { return }
        times = Array(repeating: AttributeTimes.never, count: ResourceDefinition.optOuts.count)
      }
      times[place] = newValue?.milliseconds ?? AttributeTimes.never
    }
  }

  /// Of the attribute that changed last.
  package var latest: Instant? {
    guard let time = times.max(), time != AttributeTimes.never else { return nil }
    return Instant(milliseconds: time)
  }
}

/// A share in words.
enum Percent {
  /// `10 %`, `0.5 %`: at most one digit behind the point.
  ///
  /// - Parameter rounded: `.up` for what lies above a limit, so that it never reads as the limit.
  static func words(
    _ share: Double, rounded: FloatingPointRoundingRule = .toNearestOrAwayFromZero
  ) -> String {
    // A product such as 0.07 * 1000 may lie a hair above the whole number that is meant.
    let exact = share * 1000
    let nearest = exact.rounded()
    let tenths = Int(abs(exact - nearest) < 1e-6 ? nearest : exact.rounded(rounded))
    return tenths % 10 == 0 ? "\(tenths / 10) %" : "\(tenths / 10).\(tenths % 10) %"
  }
}

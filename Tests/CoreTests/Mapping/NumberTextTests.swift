import Testing

@testable import Core

@Suite struct NumberTextTests {
  private func order(_ one: String, _ other: String) -> Int? {
    let (one, other) = (Array(one.utf8), Array(other.utf8))
    return withPointer(to: one) { first in
      withPointer(to: other) { second in
        guard let first = NumberText(first, one.count),
          let second = NumberText(second, other.count)
        else { return nil }
        return first.order(to: second).signum()
      }
    }
  }

  /// The same hundredths in several spellings.
  private func spellings(_ hundredths: Int) -> [String] {
    let sign = hundredths < 0 ? "-" : ""
    let (whole, rest) = (abs(hundredths) / 100, abs(hundredths) % 100)
    let two = rest < 10 ? "0\(rest)" : "\(rest)"
    return [
      "\(sign)\(whole).\(two)", "\(sign)00\(whole).\(two)000", "\(hundredths)e-2",
      "\(hundredths)00E-4", "\(sign)0.0\(abs(hundredths))e\(String(abs(hundredths)).count - 1)",
    ]
  }

  @Test func ordersAsTheNumbersWhateverTheirSpelling() {
    let numbers = [-1000, -999, -101, -100, -99, -10, -1, 0, 1, 9, 10, 99, 100, 101, 999, 1000]
    for one in numbers {
      for other in numbers {
        for (first, second) in zip(spellings(one), spellings(other).reversed()) {
          #expect(order(first, second) == (one - other).signum(), "\(first) and \(second)")
        }
      }
    }
  }

  @Test(arguments: [
    ("0.1", "0.10000000000000000000000000000000000000001", -1), ("1e400", "1e399", 1),
    ("-1e400", "1e-400", -1), ("0e999", "-0", 0), ("1e999999999999", "9e999999999998", 1),
    ("123456789012345678901234567890", "123456789012345678901234567891", -1),
  ])
  func knowsNoLimits(_ one: String, _ other: String, _ expected: Int) {
    #expect(order(one, other) == expected)
    #expect(order(other, one) == -expected)
  }
}

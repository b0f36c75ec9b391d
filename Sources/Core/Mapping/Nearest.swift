/// The right name that somebody probably meant.
package enum Nearest {
  /// The candidate with the fewest edits to `name`, letter case ignored; nil where none is close.
  package static func name(to name: String, among candidates: some Sequence<String>) -> String? {
    let wanted = Array(name.lowercased().unicodeScalars)
    let limit = max(2, wanted.count / 3)
    var best: (name: String, edits: Int)?
    for candidate in candidates {
      let edits = edits(wanted, Array(candidate.lowercased().unicodeScalars))
      if edits <= limit && edits < wanted.count && edits < (best?.edits ?? .max) {
        best = (candidate, edits)
      }
    }
    return best?.name
  }

  /// Insertions, deletions, replacements and swaps of neighbours between two texts.
  static func edits(_ one: [Unicode.Scalar], _ other: [Unicode.Scalar]) -> Int {
    var older = [Int](repeating: 0, count: other.count + 1)
    var last = Array(0...other.count)
    for row in 0..<one.count {
      var current = [row + 1]
      for column in 0..<other.count {
        let same = one[row] == other[column] ? 0 : 1
        var edits = min(last[column + 1] + 1, current[column] + 1, last[column] + same)
        if row > 0 && column > 0 && one[row] == other[column - 1] && one[row - 1] == other[column] {
          edits = min(edits, older[column - 1] + 1)
        }
        current.append(edits)
      }
      older = last
      last = current
    }
    return last[other.count]
  }
}

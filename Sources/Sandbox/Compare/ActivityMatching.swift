import Core

/// Finds for each expected activity one that shows the same, and says what is left over.
struct ActivityMatching {
  /// What is compared, as `ActivityContent` has it: times, then texts.
  let names: [String]
  let keyLimit: Int
  private var expected: [ExpectedActivity] = []
  /// How many are still open; those that must be there are closed first.
  private var required: [ContentDigest: Int] = [:]
  private var optional: [ContentDigest: Int] = [:]
  /// The other time of an ambiguous one -> its first.
  private var alternatives: [ContentDigest: ContentDigest] = [:]
  private var left: [(key: RowKey, content: ActivityContent)] = []

  init(names: [String], keyLimit: Int) {
    self.names = names
    self.keyLimit = keyLimit
  }

  mutating func expect(_ activity: ExpectedActivity) {
    let digest = activity.content.digest()
    if let other = activity.alternative { alternatives[other.digest()] = digest }
    if activity.isOptional {
      optional[digest, default: 0] += 1
    } else {
      required[digest, default: 0] += 1
    }
    expected.append(activity)
  }

  /// An activity that is there.
  mutating func meet(_ key: RowKey, _ content: ActivityContent) {
    if !close(content) { left.append((key, content)) }
  }

  /// One that was there and went with its contact: true where it was expected.
  mutating func wasThere(_ content: ActivityContent) -> Bool { close(content) }

  private mutating func close(_ content: ActivityContent) -> Bool {
    let digest = content.digest()
    return close(digest) || alternatives[digest].map { close($0) } ?? false
  }

  private mutating func close(_ digest: ContentDigest) -> Bool {
    if let count = required[digest], count > 0 {
      required[digest] = count - 1
      return true
    }
    guard let count = optional[digest], count > 0 else { return false }
    optional[digest] = count - 1
    return true
  }

  // MARK: what is left

  mutating func finish(_ result: inout EventComparisonResult) {
    result.optional = optional.values.reduce(0, +)
    var missing: [ExpectedActivity] = []
    for activity in expected.reversed() where !activity.isOptional {
      let digest = activity.content.digest()
      guard let count = required[digest], count > 0 else { continue }
      required[digest] = count - 1
      missing.append(activity)
    }
    missing.reverse()
    pair(&missing, &result) { $0.digest(withContact: false) }
    pair(&missing, &result) { content in
      var digest = ContentDigest()
      digest.add(content.contact)
      return digest
    }
    result.missing = missing.count
    for activity in missing { note(activity.id, &result) }
    let known = Set(expected.map { $0.content.digest() })
    for (key, content) in left {
      let digest = content.digest()
      if known.contains(digest) || alternatives[digest] != nil {
        result.doubled += 1
      } else {
        result.extra += 1
      }
      note(key.description, &result)
    }
  }

  /// Takes a missing one and one left over that agree in a trait as one that differs.
  private mutating func pair(
    _ missing: inout [ExpectedActivity], _ result: inout EventComparisonResult,
    by trait: (ActivityContent) -> ContentDigest
  ) {
    guard !left.isEmpty, !missing.isEmpty else { return }
    var places: [ContentDigest: [Int]] = [:]
    for (place, activity) in left.enumerated() {
      places[trait(activity.content), default: []].append(place)
    }
    var taken: Set<Int> = []
    missing.removeAll { activity in
      let trait = trait(activity.content)
      let choices = places[trait] ?? []
      // The one that differs least; the first few are enough to choose from.
      let nearest = choices.prefix(50).min { one, other in
        differences(activity, left[one].content).count
          < differences(activity, left[other].content).count
      }
      guard let nearest else { return false }
      places[trait] = choices.filter { $0 != nearest }
      taken.insert(nearest)
      result.differing += 1
      for name in differences(activity, left[nearest].content) {
        result.fields[name, default: 0] += 1
      }
      note(activity.id, &result)
      return true
    }
    left = left.enumerated().filter { !taken.contains($0.offset) }.map(\.element)
  }

  private func differences(_ expected: ExpectedActivity, _ found: ActivityContent) -> [String] {
    let ways = [expected.content, expected.alternative].compactMap(\.self)
    let lists = ways.map { content in
      let pairs = zip(content.times + content.texts, found.times + found.texts)
      let fields = zip(names, pairs).filter { $0.1.0 != $0.1.1 }.map(\.0)
      return (content.contact == found.contact ? [] : ["regardingobjectid"]) + fields
    }
    return lists.min { $0.count < $1.count } ?? []
  }

  private func note(_ key: String, _ result: inout EventComparisonResult) {
    if result.keys.count < keyLimit { result.keys.append(key) }
  }
}

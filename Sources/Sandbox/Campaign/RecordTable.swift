import Core

/// The set values of a row, packed: field position, length, bytes; ascending by position.
///
/// - Shape: a value equal to the field's default is not there; a million rows fit in memory.
struct PackedRecord: Sendable, Equatable {
  private(set) var bytes: [UInt8] = []

  init() {}

  /// - Parameter values: ascending by position.
  init<Text: Collection<UInt8>>(_ values: [(position: Int, text: Text)]) {
    // Exactly as long as it has to be: there are millions of them.
    let size = values.reduce(0) { size, value in
      let length = value.text.count
      return size + 1 + PackedRecord.width(of: length) + length
    }
    bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
      for (position, text) in values {
        buffer[filled] = UInt8(truncatingIfNeeded: position)
        filled += 1
        var length = text.count
        while length >= 128 {
          buffer[filled] = UInt8(length & 127 | 128)
          filled += 1
          length >>= 7
        }
        buffer[filled] = UInt8(length)
        filled += 1
        filled += UnsafeMutableBufferPointer(rebasing: buffer[filled...]).initialize(from: text).1
      }
    }
  }

  private static func width(of length: Int) -> Int {
    length < 128 ? 1 : 1 + width(of: length >> 7)
  }

  init(_ values: [Int: String]) {
    self.init(values.sorted { $0.key < $1.key }.map { (position: $0.key, text: $0.value.utf8) })
  }

  /// The bytes of one field; nil where it has its default.
  subscript(position: Int) -> ArraySlice<UInt8>? {
    var cursor = 0
    while cursor < bytes.count {
      let (field, range) = entry(at: cursor)
      if field == position { return bytes[range] }
      if field > position { return nil }
      cursor = range.upperBound
    }
    return nil
  }

  func text(_ position: Int) -> String? {
    self[position].map { String(decoding: $0, as: UTF8.self) }
  }

  var values: [Int: String] {
    var values: [Int: String] = [:]
    var cursor = 0
    while cursor < bytes.count {
      let (field, range) = entry(at: cursor)
      values[field] = String(decoding: bytes[range], as: UTF8.self)
      cursor = range.upperBound
    }
    return values
  }

  /// Which of these fields have a value, as bits in their order; ascending positions.
  func bits(at positions: [Int]) -> UInt8 {
    var bits: UInt8 = 0
    var cursor = 0
    var place = 0
    while cursor < bytes.count, place < positions.count {
      let (field, range) = entry(at: cursor)
      while place < positions.count, positions[place] < field { place += 1 }
      if place < positions.count, positions[place] == field { bits |= 1 << UInt8(place) }
      cursor = range.upperBound
    }
    return bits
  }

  private func entry(at start: Int) -> (Int, Range<Int>) {
    var cursor = start + 1
    var length = 0
    var shift = 0
    while bytes[cursor] >= 128 {
      length |= Int(bytes[cursor] & 127) << shift
      shift += 7
      cursor += 1
    }
    length |= Int(bytes[cursor]) << shift
    return (Int(bytes[start]), cursor + 1..<cursor + 1 + length)
  }
}

extension AttributeTimes {
  /// The attributes of these bits change now.
  fileprivate mutating func note(_ bits: UInt8, _ now: Instant) {
    for place in 0..<8 where bits >> UInt8(place) & 1 == 1 { self[place] = now }
  }
}

struct StoredRow: Sendable {
  var packed: PackedRecord
  var created: Instant
  var modified: Instant
  var times = AttributeTimes()
}

/// The rows of one resource, by a number that is never used twice, with indexes on some fields.
struct RecordTable: Sendable {
  let definition: ResourceDefinition
  /// Positions of the eight opt-outs, ascending; none but for profile.
  let optOuts: [Int]
  private var rows: [StoredRow?] = []
  private(set) var count = 0
  // Mutated in place, by number: a loop over its elements would copy a million entries.
  private var indexes: [RecordIndex] = []

  init(_ definition: ResourceDefinition) {
    self.definition = definition
    optOuts = ResourceDefinition.optOuts.compactMap { definition.position($0.name) }
    var names: [String] = []
    for case .equals(let field) in definition.filters.map(\.rule) { names.append(field) }
    for case .link(let link) in definition.fields.map(\.kind) {
      if let own = link.join?.own { names.append(own) }
    }
    indexes = Set(names.compactMap(definition.position)).map(RecordIndex.init)
  }

  subscript(id: Int) -> StoredRow? {
    id > 0 && id <= rows.count ? rows[id - 1] : nil
  }

  /// The highest number ever given.
  var last: Int { rows.count }

  /// Rows whose field has exactly this text, ascending.
  func ids(where position: Int, equals text: some Collection<UInt8>) -> [Int] {
    guard let index = indexes.first(where: { $0.position == position }) else {
      return (1...max(1, last)).filter { self[$0]?.packed[position]?.elementsEqual(text) ?? false }
    }
    return index.candidates(text).filter {
      self[$0]?.packed[position]?.elementsEqual(text) ?? false
    }
  }

  mutating func insert(_ packed: PackedRecord, at now: Instant) -> Int {
    var row = StoredRow(packed: packed, created: now, modified: now)
    if !optOuts.isEmpty { row.times.note(packed.bits(at: optOuts), now) }
    rows.append(row)
    count += 1
    let id = rows.count
    for index in indexes.indices {
      if let text = packed[indexes[index].position] { indexes[index].add(id, under: text) }
    }
    return id
  }

  /// A row whose values are all the same is not touched.
  ///
  /// - Returns: whether anything changed.
  mutating func replace(_ id: Int, with packed: PackedRecord, at now: Instant) -> Bool {
    guard let row = self[id], row.packed != packed else { return false }
    for index in indexes.indices {
      let position = indexes[index].position
      let (old, new) = (row.packed[position], packed[position])
      if old == new { continue }
      if let old { indexes[index].remove(id, under: old) }
      if let new { indexes[index].add(id, under: new) }
    }
    var next = StoredRow(packed: packed, created: row.created, modified: now, times: row.times)
    if !optOuts.isEmpty {
      next.times.note(row.packed.bits(at: optOuts) ^ packed.bits(at: optOuts), now)
    }
    rows[id - 1] = next
    return true
  }

  mutating func remove(_ id: Int) {
    guard let row = self[id] else { return }
    for index in indexes.indices {
      if let text = row.packed[indexes[index].position] { indexes[index].remove(id, under: text) }
    }
    rows[id - 1] = nil
    count -= 1
  }
}

/// Row numbers by a 64-bit hash of one field's text; the caller compares the text itself.
struct RecordIndex: Sendable {
  /// Of the field.
  let position: Int
  private var first: [UInt64: UInt32] = [:]
  private var more: [UInt64: [UInt32]] = [:]

  init(_ position: Int) { self.position = position }

  func candidates(_ text: some Collection<UInt8>) -> [Int] {
    let hash = RecordIndex.hash(text)
    guard let one = first[hash] else { return [] }
    guard !more.isEmpty, let others = more[hash] else { return [Int(one)] }
    return ([one] + others).map(Int.init).sorted()
  }

  mutating func add(_ id: Int, under text: some Collection<UInt8>) {
    let hash = RecordIndex.hash(text)
    if first[hash] == nil {
      first[hash] = UInt32(id)
    } else {
      more[hash, default: []].append(UInt32(id))
    }
  }

  mutating func remove(_ id: Int, under text: some Collection<UInt8>) {
    let hash = RecordIndex.hash(text)
    if first[hash] == UInt32(id) {
      first[hash] = nil
      if let next = more[hash]?.popLast() { first[hash] = next }
    } else {
      more[hash]?.removeAll { $0 == UInt32(id) }
    }
    if more[hash]?.isEmpty ?? false { more[hash] = nil }
  }

  /// FNV-1a.
  static func hash(_ text: some Collection<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash
  }
}

/// Bytes -> a number, without a string or a dictionary: choices, replacements, enumeration names.
struct ByteTable: Sendable {
  private struct Slot: BitwiseCopyable, Sendable {
    var offset: Int32 = 0
    var length: Int32 = 0
    var value: Int32 = -1
  }

  private var keys: [UInt8] = []
  /// Always a power of two, and never full.
  private var slots: [Slot] = [Slot](repeating: Slot(), count: 4)
  private(set) var count = 0

  init(_ entries: [(key: [UInt8], value: Int)] = []) {
    for (key, value) in entries { insert(key, value) }
  }

  /// The number of these bytes, or -1.
  @inline(__always)
  func find(_ bytes: UnsafePointer<UInt8>, _ length: Int) -> Int {
    let mask = slots.count &- 1
    var index = ByteTable.hash(bytes, length) & mask
    while true {
      let slot = slots[index]
      if slot.value < 0 { return -1 }
      if Int(slot.length) == length && equal(bytes, slot) { return Int(slot.value) }
      index = (index &+ 1) & mask
    }
  }

  func find(_ bytes: [UInt8]) -> Int {
    withPointer(to: bytes) { find($0, bytes.count) }
  }

  /// The first of two equal keys stays.
  private mutating func insert(_ key: [UInt8], _ value: Int) {
    guard find(key) < 0 else { return }
    if (count + 1) * 2 > slots.count { grow() }
    let slot = Slot(
      offset: Int32(keys.count), length: Int32(key.count), value: Int32(value))
    keys += key
    place(slot)
    count += 1
  }

  private mutating func grow() {
    let old = slots.filter { $0.value >= 0 }
    slots = [Slot](repeating: Slot(), count: slots.count * 2)
    for slot in old { place(slot) }
  }

  private mutating func place(_ slot: Slot) {
    let key = Array(keys[Int(slot.offset)..<Int(slot.offset + slot.length)])
    var index = withPointer(to: key) { ByteTable.hash($0, key.count) & (slots.count - 1) }
    while slots[index].value >= 0 { index = (index + 1) & (slots.count - 1) }
    slots[index] = slot
  }

  @inline(__always)
  private func equal(_ bytes: UnsafePointer<UInt8>, _ slot: Slot) -> Bool {
    for index in 0..<Int(slot.length) where keys[Int(slot.offset) &+ index] != bytes[index] {
      return false
    }
    return true
  }

  /// FNV-1a: the tables are small and their keys come from the operator.
  @inline(__always)
  private static func hash(_ bytes: UnsafePointer<UInt8>, _ length: Int) -> Int {
    var hash: UInt32 = 0x811C_9DC5
    for index in 0..<length { hash = (hash ^ UInt32(bytes[index])) &* 0x0100_0193 }
    return Int(hash ^ (hash &>> 15))
  }
}

/// Lends bytes as a pointer that is there for no bytes, too; seven bytes past the end may be read.
func withPointer<Result>(
  to bytes: [UInt8], _ body: (UnsafePointer<UInt8>) -> Result
) -> Result {
  withUnsafeTemporaryAllocation(of: UInt8.self, capacity: bytes.count + 8) { buffer in
    buffer.initialize(repeating: 0)
    for (index, byte) in bytes.enumerated() { buffer[index] = byte }
    guard let start = buffer.baseAddress else { preconditionFailure("memory without an address") }
    return body(UnsafePointer(start))
  }
}

import Core

/// How it is written for all processes to see: a word for each number, in this order.
extension Steering {
  private static let version: UInt64 = 1
  private static let wordCount = 21 + UseHistory.count

  /// Nothing is known where the words are another version's.
  ///
  /// A moment that is still to come was written by a clock that has since been set back; it counts
  /// as now, so that nobody waits for it.
  init(_ words: [UInt64], at now: Instant) {
    self.init()
    guard words.count == Steering.wordCount, words[0] == Steering.version else { return }
    var place = 0
    func word() -> UInt64 {
      place += 1
      return words[place]
    }
    func number() -> Int { Int(truncatingIfNeeded: word()) }
    func moment() -> Instant { min(Instant(milliseconds: Int64(bitPattern: word())), now) }
    func fraction() -> Double { Double(bitPattern: word()) }
    func rate() -> LearnedRate {
      LearnedRate(
        learned: fraction(), learnedAt: moment(), credit: fraction(), creditAt: moment())
    }
    (epoch, refusals, isProbing) = (number(), number(), number() != 0)
    (hint, ticket) = (number(), number())
    eased = Level(count: number(), at: moment())
    roof = Level(count: number(), at: moment())
    (requests, work, usual) = (rate(), rate(), fraction())
    uses.since = moment()
    uses.youngest = max(Int64(bitPattern: word()), 0)
    for index in uses.buckets.indices {
      let both = word()
      uses.buckets[index] = UseHistory.Bucket(
        requests: UInt32(truncatingIfNeeded: both), milliseconds: UInt32(both >> 32))
    }
  }

  var words: [UInt64] {
    func word(_ number: Int) -> UInt64 { UInt64(bitPattern: Int64(number)) }
    func word(_ moment: Instant) -> UInt64 { UInt64(bitPattern: moment.milliseconds) }
    func words(_ level: Level) -> [UInt64] { [word(level.count), word(level.at)] }
    func words(_ rate: LearnedRate) -> [UInt64] {
      [
        rate.learned.bitPattern, word(rate.learnedAt), rate.credit.bitPattern, word(rate.creditAt),
      ]
    }
    var all = [Steering.version, word(epoch), word(refusals), isProbing ? 1 : 0]
    all.reserveCapacity(Steering.wordCount)
    all += [word(hint), word(ticket)] + words(eased) + words(roof) + words(requests) + words(work)
    all += [usual.bitPattern, word(uses.since), UInt64(bitPattern: uses.youngest)]
    for bucket in uses.buckets {
      all.append(UInt64(bucket.milliseconds) << 32 | UInt64(bucket.requests))
    }
    return all
  }
}

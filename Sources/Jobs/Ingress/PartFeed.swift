import Core

/// Full parts on their way from the lanes that write them to those that upload them.
///
/// - Shape: who waits is woken by a part, or when the last writer ends; a writer that is cancelled ends,
///   so nobody waits for ever.
actor PartFeed {
  private var full: [PartMark]
  private var writers: Int
  private var waiting: [CheckedContinuation<PartMark?, Never>] = []

  /// - Parameters:
  ///   - full: parts of earlier runs that stand nowhere yet.
  ///   - writers: lanes that are `feeding`.
  init(_ full: [PartMark], writers: Int) {
    self.full = full
    self.writers = writers
  }

  func put(_ part: PartMark) {
    if waiting.isEmpty {
      full.append(part)
    } else {
      waiting.removeFirst().resume(returning: part)
    }
  }

  func writerEnds() {
    writers -= 1
    guard writers <= 0 else { return }
    for reader in waiting { reader.resume(returning: nil) }
    waiting = []
  }

  /// The next full part; nil where no more will come.
  func next() async -> PartMark? {
    if !full.isEmpty { return full.removeFirst() }
    if writers <= 0 { return nil }
    return await withCheckedContinuation { waiting.append($0) }
  }
}

extension Lane {
  /// The same lane; however it ends, the feed learns of it.
  func feeding(_ feed: PartFeed) -> Lane {
    Lane(name: name) { emit throws(SyncError) in
      do throws(SyncError) {
        try await work(emit)
      } catch {
        await feed.writerEnds()
        throw error
      }
      await feed.writerEnds()
    }
  }
}

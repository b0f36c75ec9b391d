import Core
import TestSupport

@testable import Jobs

extension IngressBench {
  /// What a position claims that neither disk nor ledger has: nothing, at every commit.
  func audit(_ next: IngressState) -> [String] {
    auditParts(next) + (table.isMoving ? [] : auditRows(next))
  }

  private func auditParts(_ next: IngressState) -> [String] {
    let isSealing = next.phase == .sealing && next.stage.sealed.isEmpty
    let isCollecting = next.phase == .loaded && next.collect != nil
    guard next.phase == .exporting || isSealing || isCollecting else { return [] }
    let marks = next.export.marks
    return marks.filter { $0.size > 0 }.compactMap { mark in
      guard let flushed = spool(next.run).flushed(mark.number) else { return nil }  // sealed
      return flushed >= Int(mark.size)
        ? nil : "part \(mark.number): \(flushed) bytes flushed, \(mark.size) committed"
    }
  }

  private func isFilteredOut(_ key: RowKey) -> Bool {
    let query = TableQuery(entitySet: "contacts", columns: plan.columns)
    guard settings.filter != nil, let page = table.page(query, of: key) else { return false }
    if case .filteredOut = plan.record(page, row: 0) { return true }
    return false
  }

  /// Every row behind the position is in the ledger: sent, proven, or waiting.
  private func auditRows(_ next: IngressState) -> [String] {
    let isByAPI = next.delta.rounds > 0 || settings.initial == .api
    let needsProof = settings.delta == .api && (next.delta.link != nil || isByAPI)
    let links = [
      next.export.link, next.delta.link, next.recovery?.link, next.delta.token?.link,
      next.collect?.link,
    ].compactMap { $0 }
    let rows = ledger.rows
    let waiting = Set(ledger.waiting.map { $0.prefix(36) })
    return links.flatMap { link in
      table.covered(by: link).compactMap { key in
        switch rows[key] {
        case .proven: return nil
        case .sent where !needsProof: return nil
        case .sent where link != next.delta.link && next.delta.rounds == 0: return nil
        default:
          // Asked last: it takes longest.
          if waiting.contains(key.description[...]) || isFilteredOut(key) { return nil }
          return "the ledger does not know the row \(key) behind \(link)"
        }
      }
    }
  }
}

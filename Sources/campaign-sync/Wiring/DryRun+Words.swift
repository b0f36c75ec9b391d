import Core

extension DryRun {
  var lines: [String] {
    var lines = ["\(job): \(phase.map { "\($0); " } ?? "")next: \(next)"]
    func add(_ title: String, _ text: String) {
      lines.append("  " + title + String(repeating: " ", count: max(1, 14 - title.count)) + text)
    }
    add("rows", (isCounted ? "" : "about ") + TimeText.count(rows) + sampleWords)
    if let parts { add("parts", "\(TimeText.count(parts)) at most") }
    if isFollowing || created > 0 || unchanged > 0 {
      let about = estimated > 0 || !isCounted ? "about " : ""
      add("create", about + TimeText.count(created))
      add("update", about + TimeText.count(updated))
      add(
        "unchanged",
        about + TimeText.count(unchanged) + " looked at, \(TimeText.count(proven)) proven (no call)"
      )
    }
    if filteredOut > 0 { add("filtered out", TimeText.count(filteredOut)) }
    if held > 0 { add("held back", "\(TimeText.count(held)) wait for a parent") }
    add("rejects", TimeText.count(rejected))
    for (reason, count) in sortedRejects { add("", "\(TimeText.count(count))  \(reason)") }
    if let deletions {
      add("deletions", words(deletions))
      if let tripped = deletions.tripped { add("guard", "would trip: \(tripped.command)") }
      add("pending", "\(TimeText.count(retried)) would be tried again, not counted here")
    }
    if pages > 0 {
      add("requests", "about \(TimeText.count(requests))")
      let about = estimated > 0 || !isCounted ? "about " : ""
      add("engine calls", engineCalls == 0 ? "0" : about + TimeText.count(engineCalls))
    }
    add("schema drift", drift.isEmpty ? "none" : drift.joined(separator: "; "))
    if !drift.isEmpty { add("", "the changes were not mapped: campaign-sync check \(job)") }
    if !labelDrift.isEmpty {
      add("label drift", labelDrift.map(\.words).joined(separator: "; "))
      add("", "old rows keep their labels until campaign-sync replay \(job)")
    }
    lines.append("  nothing was written")
    return lines
  }

  var json: JSONValue {
    func number(_ count: Int?) -> JSONValue { count.map { .number(String($0)) } ?? .null }
    return [
      "job": .string(job), "phase": phase.map(JSONValue.string) ?? .null, "next": .string(next),
      "rows": number(rows), "rowsCounted": .bool(isCounted), "mapped": number(mapped),
      "created": number(created), "updated": number(updated), "unchanged": number(unchanged),
      "proven": number(proven), "lookedUp": number(lookedUp), "estimated": number(estimated),
      "filteredOut": number(filteredOut), "rejected": number(rejected),
      "rejects": .array(
        sortedRejects.map { ["reason": .string($0.key), "count": .number(String($0.value))] }),
      "deletions": number(deletions?.reported.count ?? 0),
      "knownDeletions": number(deletions?.known ?? 0), "absent": number(deletions?.absent ?? 0),
      "leaving": number(deletions?.leaving.count ?? 0),
      "deletesJudged": number(deletions?.count ?? 0), "deleted": number(deleted),
      "guardTrips": .bool(deletions?.tripped != nil), "deletesApplied": .bool(appliesDeletes),
      "recovery": recovery.map { .string($0.rawValue) } ?? .null,
      "held": number(held), "pending": number(retried), "parts": number(parts),
      "requests": number(requests), "engineCalls": number(engineCalls),
      "drift": .array(drift.map(JSONValue.string)),
      "labelDrift": .array(
        labelDrift.map { drift in
          [
            "column": .string(drift.column),
            "values": .array(drift.values.map(JSONValue.string)),
          ]
        }),
    ]
  }

  private func words(_ deletions: ForeseenDeletions) -> String {
    guard appliesDeletes else {
      return recovery == nil
        ? "\(TimeText.count(deletions.reported.count)) reported, "
          + "\(TimeText.count(deletions.known)) of known rows; the job does not apply them"
        : "\(TimeText.count(deletions.absent)) known rows are absent; the job keeps them"
    }
    var parts =
      recovery == nil
      ? [
        "\(TimeText.count(deletions.reported.count)) reported, "
          + "\(TimeText.count(deletions.known)) of known rows"
      ]
      : [
        "\(TimeText.count(deletions.absent)) known rows are absent, each looked for before it goes"
      ]
    let left = deletions.leaving.count
    if left > 0 { parts.append("\(TimeText.count(left)) left the filter or a required parent") }
    if deletions.kept > 0 { parts.append("\(TimeText.count(deletions.kept)) wait already") }
    return parts.joined(separator: "; ") + "; \(TimeText.count(deleted)) would be made"
  }

  private var isFollowing: Bool { phase == "loaded" }

  private var sampleWords: String {
    if estimated > 0 {
      return
        "; \(TimeText.count(lookedUp)) looked up, \(TimeText.count(estimated)) estimated from them"
    }
    if !isFollowing, mapped > 0, mapped < rows {
      return "; rejects are of the first \(TimeText.count(mapped))"
    }
    return ""
  }

  private var sortedRejects: [(key: String, value: Int)] {
    rejects.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }
  }
}

import Core
import JobFiles

extension Discovery.Pair {
  /// A job file with best guesses, which reads without a problem.
  ///
  /// - Errors: where nothing could be guessed, or the draft does not read.
  func jobFile() throws(SyncError) -> [String] {
    guard let resource else {
      throw SyncError(
        .configuration, "draft a job for \(table.logicalName)",
        "Campaign has no resource \(resourceName)", next: "name the right one with --resource")
    }
    guard let key = resource.field(key)?.name else {
      throw SyncError(
        .configuration, "draft a job for \(table.logicalName)",
        "\(resource.name) has no field \(key) that could be the key",
        next: "add it in Campaign (docs/import-workflow.md, step 1)")
    }
    let fields = MappingGuess.fields(table, resource, key: key)
    guard !fields.isEmpty else {
      throw SyncError(
        .configuration, "draft a job for \(table.logicalName)",
        "no column and no field of \(resource.name) have names that go together",
        next: "campaign-sync discover \(table.logicalName), then write jobs/NAME.yaml")
    }
    let lines = draft(resource.name, key, fields)
    let text = lines.joined(separator: "\n") + "\n"
    _ = try JobFolder.read([(name: "draft.yaml", text: text)], guardrails: .warn)
    return lines
  }

  /// Lookups whose parents have to be in Campaign first; jobs have names that only the user knows.
  private func parents(_ fields: [FieldMapping]) -> [String] {
    fields.compactMap { field in
      guard case .lookup(let targets)? = table.column(field.from)?.kind, let target = targets.first,
        targets.count == 1
      else { return nil }
      return "# parents: [ { field: \(field.to), job: JOB } ]     # JOB is the job of \(target)"
    }
  }

  private func draft(
    _ resource: String, _ key: String, _ fields: [FieldMapping]
  ) -> [String] {
    let width = fields.map(\.from.count).max() ?? 0
    var lines = [
      "# A draft of campaign-sync: guesses by name. Save it as jobs/NAME.yaml and correct it.",
      "kind: ingress", "from: { table: \(table.logicalName) }",
      "to:   { resource: \(resource), key: \(key) }        # key receives \(table.primaryId)", "",
      "fields:                                             # CSV column order, after the key",
    ]
    for field in fields {
      let blanks = String(repeating: " ", count: width - field.from.count)
      let replace = field.replace.sorted { $0.key < $1.key }
        .map { "\($0.key): \($0.value)" }.joined(separator: ", ")
      lines.append(
        "  - { from: \(field.from),\(blanks) to: \(field.to)"
          + (replace.isEmpty ? "" : ", replace: { \(replace) }") + " }")
    }
    lines += parents(fields)
    return lines + [
      "choices: values", "", "import:                 # docs/import-workflow.md builds it",
      "  workflow: WKF101      # the ID of your workflow",
      "  signal: signal1       # the ID of its External signal",
      "  parameters: { files: \"{files}\" }", "  done: imports/{run}.done",
      "# For a small table, in place of import:", "# initial: { via: api }",
    ]
  }
}

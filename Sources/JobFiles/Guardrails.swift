import Core

/// The limits that the hosted integration states; `guardrails: warn` turns them into warnings.
enum Guardrails {
  static let (tables, columns, links, levels) = (20, 50, 5, 3)

  static func check(_ jobs: [ReadJob]) -> [Problem] {
    let custom = jobs.filter { $0.ingress.map { $0.resource != "profile" } ?? false }
    var problems: [Problem] = []
    for (index, job) in custom.enumerated() {
      guard let settings = job.ingress else { continue }
      func add(_ key: String, _ says: String) {
        problems.append(Problem(job.root.place(of: key), path: key, says: says))
      }
      if index >= tables { add("to", "is custom table \(index + 1); the guardrail is \(tables)") }
      if settings.fields.count > columns {
        add("fields", "maps \(settings.fields.count) columns; the guardrail is \(columns)")
      }
      if settings.parents.count > links {
        add("parents", "links \(settings.parents.count) columns; the guardrail is \(links)")
      }
      let depth = depth(of: settings, among: custom.compactMap(\.ingress))
      if depth > levels {
        add("parents", "is at level \(depth) of custom tables; the guardrail is \(levels)")
      }
    }
    return problems
  }

  /// Custom tables in the longest chain of parents that ends here; a circle ends where it closes.
  private static func depth(
    of job: IngressSettings, among jobs: [IngressSettings], below: Set<String> = []
  ) -> Int {
    let seen = below.union([job.name])
    let above = job.parents.compactMap { parent in
      jobs.first { $0.name == parent.job && !seen.contains($0.name) }
    }
    return (above.map { depth(of: $0, among: jobs, below: seen) }.max() ?? 0) + 1
  }
}

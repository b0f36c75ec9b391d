import Core

/// The limits that the hosted integration states; `guardrails: warn` turns them into warnings.
enum Guardrails {
  static func check(_ jobs: [JobFile]) -> [Problem] {
    let ingress = jobs.compactMap { if case .ingress(let settings) = $0 { settings } else { nil } }
    let custom = ingress.filter { $0.resource != "profile" }
    var problems: [Problem] = []
    func add(_ settings: IngressSettings, _ path: String, _ says: String) {
      problems.append(
        Problem(SourcePosition(file: "jobs/\(settings.name).yaml", line: 1), path: path, says: says)
      )
    }
    if custom.count > 20, let last = custom.last {
      add(last, "", "is custom table number \(custom.count); the guardrail is 20")
    }
    for settings in custom where settings.fields.count > 50 {
      add(settings, "fields", "maps \(settings.fields.count) columns; the guardrail is 50")
    }
    for settings in custom where settings.parents.count > 5 {
      add(settings, "parents", "links \(settings.parents.count) columns; the guardrail is 5")
    }
    for settings in custom where depth(of: settings, among: custom) > 3 {
      add(settings, "parents", "is more than three custom tables deep; the guardrail is three")
    }
    return problems
  }

  /// Custom tables in the longest chain of parents that ends here; a circle counts as too deep.
  private static func depth(
    of job: IngressSettings, among jobs: [IngressSettings], seen: Set<String> = []
  ) -> Int {
    if seen.contains(job.name) { return 100 }
    let above = job.parents.compactMap { parent in jobs.first { $0.name == parent.job } }
    let deepest = above.map { depth(of: $0, among: jobs, seen: seen.union([job.name])) }.max() ?? 0
    return deepest + 1
  }
}

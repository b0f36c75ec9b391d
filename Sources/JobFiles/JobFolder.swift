import Core

/// A job of any kind, as its file says it.
package enum JobFile: Sendable, Equatable {
  case ingress(IngressSettings)
  case egress(EgressSettings)
  case optOut(OptOutSettings)

  package var name: String {
    switch self {
    case .ingress(let settings): settings.name
    case .egress(let settings): settings.name
    case .optOut(let settings): settings.name
    }
  }
}

/// A job, and the group it was read from: for the places of what is found later.
struct ReadJob {
  let job: JobFile
  let root: Section

  var ingress: IngressSettings? {
    if case .ingress(let settings) = job { settings } else { nil }
  }
}

/// All job files of a folder, checked one by one and against each other.
package struct JobFolder: Sendable {
  package var jobs: [JobFile] = []

  /// - Parameter files: name as the user sees it (`jobs/contacts.yaml`) and text, in any order.
  /// - Errors: every problem of all files at once.
  package static func read(
    _ files: [(name: String, text: String)], guardrails: EnvironmentSettings.Guardrails
  ) throws(SyncError) -> (folder: JobFolder, warnings: [Problem]) {
    let problems = Problems()
    let (folder, limits) = read(files, problems)
    if guardrails == .error { limits.forEach(problems.add) }
    guard problems.all.isEmpty else { throw .problems(problems.all) }
    return (folder, guardrails == .warn ? limits : [])
  }

  /// What can be read of these files, each for itself; whatever has a problem is left out.
  package static func readable(_ files: [(name: String, text: String)]) -> JobFolder {
    var folder = JobFolder()
    folder.jobs = files.sorted { $0.name < $1.name }.compactMap { file in
      let problems = Problems()
      let job = read(file.name, file.text, problems)?.job
      return problems.all.isEmpty ? job : nil
    }
    return folder
  }

  /// - Returns: the jobs, and where they pass a guardrail.
  static func read(
    _ files: [(name: String, text: String)], _ problems: Problems
  ) -> (folder: JobFolder, limits: [Problem]) {
    var folder = JobFolder()
    let jobs = files.sorted { $0.name < $1.name }.compactMap { file in
      JobFolder.read(file.name, file.text, problems)
    }
    folder.jobs = jobs.map(\.job)
    folder.shareOptOuts()
    folder.nameParentTables()
    JobsTogether(jobs: jobs, problems: problems).check()
    return (folder, Guardrails.check(jobs))
  }

  /// A profile that ingress creates carries the opt-outs that the opt-out job decides.
  private mutating func shareOptOuts() {
    let fields = jobs.flatMap { job in
      if case .optOut(let settings) = job { settings.fields } else { [OptOutSettings.Field]() }
    }
    for (index, job) in jobs.enumerated() {
      guard case .ingress(var settings) = job, settings.resource == "profile" else { continue }
      settings.optOuts = fields
      jobs[index] = .ingress(settings)
    }
  }

  /// A lookup column must lead to the table of the parent's job.
  private mutating func nameParentTables() {
    for (index, job) in jobs.enumerated() {
      guard case .ingress(var settings) = job else { continue }
      for (number, parent) in settings.parents.enumerated() {
        settings.parents[number].table = ingress(parent.job)?.table ?? ""
      }
      jobs[index] = .ingress(settings)
    }
  }

  /// Names of jobs, parents before children, else in the order given.
  ///
  /// - Returns: levels: jobs of a level have no parents among each other.
  package func inLinkOrder(_ names: [String]) -> [[String]] {
    var levels: [[String]] = []
    for name in names {
      let level = level(of: name, among: names)
      while levels.count <= level { levels.append([]) }
      levels[level].append(name)
    }
    return levels
  }

  /// The ingress job of that name.
  package func ingress(_ name: String) -> IngressSettings? {
    jobs.lazy.compactMap { if case .ingress(let settings) = $0 { settings } else { nil } }
      .first { $0.name == name }
  }

  /// Whether one of these jobs is the job's parent or its child.
  package func isLinked(_ name: String, among names: [String]) -> Bool {
    let parents = ingress(name)?.parents.map(\.job) ?? []
    return names.contains { other in
      parents.contains(other) || ingress(other)?.parents.contains { $0.job == name } == true
    }
  }

  /// The parent jobs, each once.
  package func parents(of settings: IngressSettings) -> [IngressSettings] {
    var names: [String] = []
    for parent in settings.parents where !names.contains(parent.job) { names.append(parent.job) }
    return names.compactMap(ingress)
  }

  /// Steps to the farthest ancestor that is among these jobs; circles were refused before.
  private func level(of name: String, among names: [String]) -> Int {
    let above = ingress(name)?.parents.map { parent in
      level(of: parent.job, among: names) + (names.contains(parent.job) ? 1 : 0)
    }
    return above?.max() ?? 0
  }

  private static func read(_ file: String, _ text: String, _ problems: Problems) -> ReadJob? {
    let last = file.split(separator: "/").last.map(String.init) ?? file
    let name = last.hasSuffix(".yaml") ? String(last.dropLast(5)) : last
    if let says = JobFolder.complaint(aboutName: name) {
      let lower = name.lowercased()
      let nearest = JobFolder.complaint(aboutName: lower) == nil ? lower + ".yaml" : nil
      problems.add(Problem(SourcePosition(file: file, line: 1), says: says, nearest: nearest))
      return nil
    }
    guard let root = Document.root(text, file: file, problems: problems) else { return nil }
    guard let job = JobFolder.job(root, name: name) else { return nil }
    return ReadJob(job: job, root: root)
  }

  private static func job(_ root: Section, name: String) -> JobFile? {
    let kinds = ["ingress", "egress", "opt-out"]
    let kind = root.required("kind", "ingress")
    switch kind {
    case "ingress": return .ingress(IngressFile.read(root, name: name))
    case "egress": return .egress(EgressFile.read(root, name: name))
    case "opt-out": return .optOut(OptOutFile.read(root, name: name))
    default:
      guard !kind.isEmpty else { return nil }
      root.complain(
        "kind", "must be one of: \(kinds.joined(separator: ", "))",
        nearest: Nearest.name(to: kind, among: kinds))
      return nil
    }
  }

  /// `[a-z][a-z0-9-]{0,39}`; the state folder has a folder `gates` of its own.
  private static func complaint(aboutName text: String) -> String? {
    if text == "gates" {
      return "has a name that the state folder needs for itself; choose another"
    }
    let isName =
      text.utf8.count <= 40 && text.utf8.first.map { (0x61...0x7A).contains($0) } == true
      && text.utf8.allSatisfy {
        (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
      }
    return isName
      ? nil
      : "has no job name: the file's name is the job's; use a-z, 0-9 and -, begin with a letter, "
        + "at most 40 characters"
  }
}

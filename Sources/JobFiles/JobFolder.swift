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

/// All job files of a folder, checked one by one and against each other.
package struct JobFolder: Sendable {
  package var jobs: [JobFile] = []
  /// Keys that are right and whose work this version does not do yet, by job.
  package var notBuilt: [String: [Problem]] = [:]

  /// - Parameter files: name as the user sees it (`jobs/contacts.yaml`) and text, in any order.
  /// - Errors: every problem of all files at once.
  package static func read(
    _ files: [(name: String, text: String)], guardrails: EnvironmentSettings.Guardrails
  ) throws(SyncError) -> (folder: JobFolder, warnings: [Problem]) {
    let problems = Problems()
    var folder = JobFolder()
    for file in files.sorted(by: { $0.name < $1.name }) {
      folder.read(file.name, file.text, problems)
    }
    let limits = Guardrails.check(folder.jobs)
    folder.checkTogether(problems)
    let refused = problems.all + (guardrails == .error ? limits : [])
    guard refused.isEmpty else { throw .problems(refused) }
    return (folder, guardrails == .warn ? limits : [])
  }

  private mutating func read(_ file: String, _ text: String, _ problems: Problems) {
    let last = file.split(separator: "/").last.map(String.init) ?? file
    let name = last.hasSuffix(".yaml") ? String(last.dropLast(5)) : last
    guard JobFolder.isName(name) else {
      return problems.add(
        Problem(
          SourcePosition(file: file, line: 1), path: "",
          says: "is no job name: use a-z, 0-9 and -, begin with a letter, at most 40 characters"))
    }
    guard let root = Document.root(text, file: file, problems: problems) else { return }
    let kinds = ["ingress", "egress", "opt-out"]
    let kind = root.required("kind", "ingress")
    let notBuilt = Problems()
    switch kind {
    case "ingress":
      jobs.append(.ingress(IngressFile.read(root, name: name, notBuilt: notBuilt)))
    case "egress":
      jobs.append(.egress(EgressFile.read(root, name: name)))
      notBuilt.add(
        Problem(root.place(of: "kind"), path: "kind", says: "is not built yet: egress jobs"))
    case "opt-out":
      jobs.append(.optOut(OptOutFile.read(root, name: name)))
      notBuilt.add(
        Problem(root.place(of: "kind"), path: "kind", says: "is not built yet: opt-out jobs"))
    default:
      guard !kind.isEmpty else { return }
      root.complain(
        "kind", "must be one of: \(kinds.joined(separator: ", "))",
        nearest: Nearest.name(to: kind, among: kinds))
    }
    if !notBuilt.all.isEmpty { self.notBuilt[name] = notBuilt.all }
  }

  /// `[a-z][a-z0-9-]{0,39}`.
  static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, (0x61...0x7A).contains(first), text.utf8.count <= 40 else {
      return false
    }
    return text.utf8.allSatisfy {
      (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
    }
  }

  /// One table, one resource; one source for a Campaign field; parents that exist.
  private func checkTogether(_ problems: Problems) {
    let ingress = jobs.compactMap { if case .ingress(let settings) = $0 { settings } else { nil } }
    for (index, settings) in ingress.enumerated() {
      let position = SourcePosition(file: "jobs/\(settings.name).yaml", line: 1)
      for earlier in ingress[..<index] {
        if earlier.table == settings.table || earlier.resource == settings.resource {
          problems.add(
            Problem(
              position, path: "from.table",
              says: "\(settings.table) -> \(settings.resource) overlaps with the job "
                + "\(earlier.name): one table goes to one resource, by one job"))
        }
      }
      for parent in settings.parents where !ingress.contains(where: { $0.name == parent.job }) {
        problems.add(
          Problem(
            position, path: "parents", says: "names the job \(parent.job), which does not exist",
            nearest: Nearest.name(to: parent.job, among: ingress.map(\.name))))
      }
    }
    let fed = ingress.filter { $0.resource == "profile" }.flatMap(\.fields).map(\.to)
    for case .optOut(let settings) in jobs {
      for field in settings.fields where fed.contains(field.campaign) {
        problems.add(
          Problem(
            field.position, path: "fields",
            says: "feeds \(field.campaign), which an ingress job feeds too; keep one of them"))
      }
    }
  }
}

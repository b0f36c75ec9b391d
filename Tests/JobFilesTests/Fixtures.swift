import Core
import TestSupport

@testable import JobFiles

let paths = Paths(base: "/srv/sync", home: "/home/sync")

/// A file below `fixtures/jobfiles`.
func fixture(_ name: String) throws -> String {
  String(decoding: try Golden.read("jobfiles/\(name)"), as: UTF8.self)
}

/// `jobs/NAME.yaml` of one text.
func job(_ text: String, name: String = "contacts") throws -> JobFile {
  let read = try JobFolder.read([(name: "jobs/\(name).yaml", text: text)], guardrails: .error)
  guard let job = read.folder.jobs.first else { throw SyncError(.bug, "read", "no job") }
  return job
}

func ingress(_ text: String) throws -> IngressSettings {
  guard case .ingress(let settings) = try job(text) else { throw SyncError(.bug, "read", "kind") }
  return settings
}

/// What is wrong with one job file.
func problems(_ text: String, name: String = "contacts") -> [Problem] {
  problems([(name: "jobs/\(name).yaml", text: text)])
}

/// What is wrong with several, guardrails left aside.
func problems(_ files: [(name: String, text: String)]) -> [Problem] {
  let problems = Problems()
  _ = JobFolder.read(files, problems)
  return problems.all
}

func environment(_ text: String) throws -> EnvironmentSettings {
  try EnvironmentFile.read(text, file: "jobs/environments/a.yaml", name: "a", paths: paths)
}

func environmentProblems(_ text: String) -> [Problem] {
  let problems = Problems()
  _ = EnvironmentFile.read(
    text, file: "jobs/environments/a.yaml", name: "a", paths: paths, problems)
  return problems.all
}

/// The least job file that is right; more lines go below it.
let least = """
  kind: ingress
  from: { table: contact }
  to: { resource: profile, key: externalId }
  fields:
    - { from: emailaddress1, to: email }
  initial: { via: api }

  """

import Core

/// `import:` -> what loads the staged files.
enum ImportSection {
  static func read(_ section: Section) -> IngressSettings.Import {
    var load = IngressSettings.Import(
      workflow: section.required("workflow", "WKF101", as: .apiName),
      signal: section.required("signal", "signal1", as: .apiName), parameters: [:])
    if let parameters = section.section("parameters") {
      for (key, value) in parameters.texts() {
        load.parameters[key] = value
        Placeholders.check(value, parameters, key, ["{files}", "{run}", "{job}"])
      }
    }
    load.done = section.text("done")
    if let done = load.done {
      Placeholders.check(done, section, "done", ["{run}", "{job}"])
      section.remotePath("done", done, isPattern: false)
      if !done.contains("{run}") { section.complain("done", "must hold {run}: one proof a run") }
    }
    load.rejects = section.text("rejects")
    if let rejects = load.rejects {
      // Not {run}: what an earlier run left behind is read, too.
      Placeholders.check(rejects, section, "rejects", ["{job}"])
      section.remotePath("rejects", rejects, isPattern: true)
    }
    load.timeout = section.duration("timeout", load.timeout)
    section.finish()
    return load
  }
}

import Core

/// An ingress job file -> settings.
enum IngressFile {
  static func read(_ root: Section, name: String, notBuilt: Problems) -> IngressSettings {
    let from = root.requiredSection("from")
    let to = root.requiredSection("to")
    var settings = IngressSettings(
      name: name, table: from?.required("table", "contact") ?? "",
      resource: to?.required("resource", "profile") ?? "",
      key: to?.required("key", "externalId") ?? "", fields: fields(root))
    from?.finish()
    settings.lookup = to?.text("lookup")
    to?.finish()
    settings.parents = root.sections("parents").map { parent($0) }
    settings.choices = choices(root)
    settings.filter = root.section("filter").map { FilterSection.read($0) }
    settings.deletes = deletes(root)
    settings.delta = via("delta", root)
    settings.initial = via("initial", root)
    settings.load = root.section("import").map { load($0) }
    settings.csv = csv(root)
    settings.rejectLimit = rejectLimit(root)
    root.finish()
    checkKeys(settings, root)
    markNotBuilt(settings, root, notBuilt)
    return settings
  }

  private static func fields(_ root: Section) -> [FieldMapping] {
    let fields = root.sections("fields").map { section in
      var field = FieldMapping(
        from: section.required("from", "firstname"), to: section.required("to", "firstName"),
        position: section.position)
      field.maxLength = section.integer("maxLength", nil, in: 1...1_048_576)
      field.tooLong = section.choice("tooLong", .reject)
      field.applyUpdates = section.flag("applyUpdates", true)
      if let replace = section.section("replace") {
        for (key, value) in replace.entries() { field.replace[key] = value }
      }
      section.finish()
      return field
    }
    if fields.isEmpty { root.complain("fields", "needs at least one `{ from: ..., to: ... }`") }
    return fields
  }

  private static func parent(_ section: Section) -> IngressSettings.Parent {
    let parent = IngressSettings.Parent(
      field: section.required("field", "profileExternalId"),
      job: section.required("job", "contacts"))
    section.finish()
    return parent
  }

  private static func choices(_ root: Section) -> ChoiceStyle {
    let style = root.text("choices") ?? "values"
    let language = root.integer("labelLanguage", nil, in: 1...99_999)
    switch style {
    case "values":
      if language != nil { root.complain("labelLanguage", "goes with `choices: labels` only") }
      return .values
    case "labels":
      if language == nil {
        root.complain("choices", "needs `labelLanguage: 1033` (or another LCID) beside it")
      }
      return .labels(language: language ?? 1033)
    default:
      root.complain(
        "choices", "must be values or labels",
        nearest: Nearest.name(to: style, among: ["values", "labels"]))
      return .values
    }
  }

  private static func deletes(_ root: Section) -> IngressSettings.Deletes {
    var deletes = IngressSettings.Deletes()
    guard let section = root.section("deletes") else { return deletes }
    deletes.apply = section.flag("apply", false)
    deletes.limit = section.percent("limit", deletes.limit)
    deletes.floor = section.integer("floor", deletes.floor, in: 0...100_000_000) ?? deletes.floor
    section.finish()
    return deletes
  }

  private static func via(_ key: String, _ root: Section) -> IngressSettings.Via {
    let standard: IngressSettings.Via = key == "delta" ? .api : .file
    guard let section = root.section(key) else { return standard }
    let via = section.choice("via", standard)
    section.finish()
    return via
  }

  private static func load(_ section: Section) -> IngressSettings.Import {
    var load = IngressSettings.Import(
      workflow: section.required("workflow", "WKF101"),
      signal: section.required("signal", "signal1"), parameters: [:])
    if let parameters = section.section("parameters") {
      for (key, value) in parameters.entries() {
        load.parameters[key] = value
        checkPlaceholders(value, parameters, key, ["{files}", "{run}", "{job}"])
      }
    }
    load.done = section.text("done")
    load.rejects = section.text("rejects")
    if let done = load.done {
      checkPlaceholders(done, section, "done", ["{run}", "{job}"])
      if !done.contains("{run}") { section.complain("done", "must hold {run}: one proof a run") }
    }
    if let rejects = load.rejects {
      checkPlaceholders(rejects, section, "rejects", ["{run}", "{job}"])
    }
    load.timeout = section.duration("timeout", load.timeout)
    section.finish()
    return load
  }

  private static func checkPlaceholders(
    _ text: String, _ section: Section, _ key: String, _ known: [String]
  ) {
    var rest = text[...]
    while let start = rest.firstIndex(of: "{"), let end = rest[start...].firstIndex(of: "}") {
      let name = String(rest[start...end])
      if !known.contains(name) {
        section.complain(
          key, "holds \(name); known are \(known.joined(separator: ", "))",
          nearest: Nearest.name(to: name, among: known))
      }
      rest = rest[end...].dropFirst()
    }
    if text.hasPrefix("/") || text.split(separator: "/").contains("..") {
      section.complain(key, "must be below `sftp.directory`, without `..`")
    }
  }

  private static func csv(_ root: Section) -> CSVSettings {
    var csv = CSVSettings()
    guard let section = root.section("csv") else { return csv }
    csv.separator = section.separator("separator", csv.separator)
    csv.quote = section.choice("quote", csv.quote)
    csv.dateTime = section.choice("dateTime", csv.dateTime)
    csv.compress = section.choice("compress", csv.compress)
    csv.partSize = section.size("partSize", csv.partSize)
    section.finish()
    return csv
  }

  static func rejectLimit(_ root: Section) -> Double {
    guard let section = root.section("rejects") else { return 0.01 }
    let limit = section.percent("limit", 0.01)
    section.finish()
    return limit
  }

  private static func checkKeys(_ settings: IngressSettings, _ root: Section) {
    if settings.resource == "profile", settings.table != "contact", !settings.table.isEmpty {
      root.complain("to", "profile is fed by the table contact only")
    }
    if settings.table == "contact", settings.resource != "profile", !settings.resource.isEmpty {
      root.complain("to", "the table contact goes to profile only")
    }
    if settings.table != "contact", !settings.resource.isEmpty, settings.resource != "profile",
      !settings.resource.hasPrefix("cus")
    {
      root.complain("to", "a custom resource is written with its API name, `cus...`")
    }
    var targets: [String: Int] = [settings.key: 0]
    for (index, field) in settings.fields.enumerated() where !field.to.isEmpty {
      if targets.updateValue(index, forKey: field.to) != nil {
        root.problems.add(
          Problem(
            field.position, path: "fields[\(index)].to",
            says: "feeds \(field.to) a second time; one Campaign field has one source"))
      }
    }
    if settings.initial == .file, settings.load == nil {
      root.complain(
        "import", "is missing: say which workflow loads the files, or `initial: { via: api }`")
    }
    if settings.initial == .api, settings.load != nil {
      root.complain("import", "has no use beside `initial: { via: api }`; remove one of them")
    }
  }

  /// Keys whose work is not built yet: parsed, checked, and refused when the job is run.
  private static func markNotBuilt(
    _ settings: IngressSettings, _ root: Section, _ notBuilt: Problems
  ) {
    func mark(_ key: String, _ what: String) {
      notBuilt.add(
        Problem(root.place(of: key), path: key, says: "is not built yet: \(what)"))
    }
    if settings.filter != nil { mark("filter", "filters come with a later version") }
    if settings.deletes.apply { mark("deletes", "deletions are not passed on yet; apply: false") }
    if settings.delta == .file { mark("delta", "deltas go by API only; `via: api`") }
    if !settings.parents.isEmpty { mark("parents", "custom tables come with a later version") }
    if settings.resource != "profile" { mark("to", "custom tables come with a later version") }
  }
}

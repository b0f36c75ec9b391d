import Core

/// An ingress job file -> settings.
enum IngressFile {
  static func read(_ root: Section, name: String) -> IngressSettings {
    let from = root.requiredSection("from")
    let to = root.requiredSection("to")
    var settings = IngressSettings(
      name: name, table: from?.required("table", "contact", as: .logicalName) ?? "",
      resource: to?.required("resource", "profile", as: .apiName) ?? "",
      key: to?.required("key", "externalId", as: .field) ?? "", fields: fields(root))
    from?.finish()
    settings.lookup = to?.text("lookup", as: .lookup)
    settings.position = root.place(of: "to")
    to?.finish()
    settings.parents = root.sections("parents").map { parent($0) }
    settings.choices = choices(root)
    settings.filter = root.section("filter").map { FilterSection.read($0) }
    settings.deletes = deletes(root)
    if settings.filter?.whenFilteredOut == .delete, !settings.deletes.apply {
      root.complain(
        "filter", "says `whenFilteredOut: delete`, which needs `deletes: { apply: true }` beside it"
      )
    }
    settings.delta = via("delta", root)
    settings.initial = via("initial", root)
    settings.load = root.section("import").map { ImportSection.read($0) }
    settings.csv = csv(root)
    settings.rejectLimit = rejectLimit(root)
    root.finish()
    checkEnds(settings, root)
    checkFields(settings, root)
    checkLoad(settings, root)
    checkDelta(settings, root)
    return settings
  }

  private static func fields(_ root: Section) -> [FieldMapping] {
    let fields = root.sections("fields").map { section in
      var field = FieldMapping(
        from: section.required("from", "firstname", as: .logicalName),
        to: section.required("to", "firstName", as: .field), position: section.position)
      field.maxLength = section.integer("maxLength", nil, in: 1...1_048_576)
      field.tooLong = section.choice("tooLong", .reject)
      field.applyUpdates = section.flag("applyUpdates", true)
      for (key, value) in section.section("replace")?.texts() ?? [] { field.replace[key] = value }
      section.finish()
      return field
    }
    if fields.isEmpty { root.complain("fields", "needs at least one `{ from: ..., to: ... }`") }
    return fields
  }

  private static func parent(_ section: Section) -> IngressSettings.Parent {
    let parent = IngressSettings.Parent(
      field: section.required("field", "profileExternalId", as: .field),
      job: section.required("job", "contacts"), isRequired: section.flag("required", false))
    section.finish()
    return parent
  }

  private static func choices(_ root: Section) -> ChoiceStyle {
    let style = root.text("choices") ?? "values"
    let language = root.integer("labelLanguage", nil, in: 1...99_999)
    switch style {
    case "values":
      if root.has("labelLanguage") {
        root.complain("labelLanguage", "goes with `choices: labels` only")
      }
      return .values
    case "labels":
      if !root.has("labelLanguage") {
        root.complain("choices", "needs `labelLanguage: 1033` (or another LCID) beside it")
      }
      return .labels(language: language ?? 1033)
    default:
      root.complain(
        "choices", "must be one of: values, labels",
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

  /// contact goes to profile, everything else to a custom resource.
  private static func checkEnds(_ settings: IngressSettings, _ root: Section) {
    guard !settings.table.isEmpty, !settings.resource.isEmpty else { return }
    switch (settings.table == "contact", settings.resource == "profile") {
    case (true, true): break
    case (true, false): root.complain("to", "is wrong: the table contact goes to profile only")
    case (false, true): root.complain("to", "is wrong: profile is fed by the table contact only")
    case (false, false):
      guard !settings.resource.hasPrefix("cus") else { break }
      root.complain("to", "is wrong: a custom resource has an API name that begins with `cus`")
    }
  }

  /// One Campaign field, one source; a parent's field is a field.
  private static func checkFields(_ settings: IngressSettings, _ root: Section) {
    func complain(_ list: String, _ index: Int, _ key: String, _ says: String) {
      root.problems.add(
        Problem(root.place(of: list, item: index), path: "\(list)[\(index)].\(key)", says: says))
    }
    var fed: Set<String> = []
    for (index, field) in settings.fields.enumerated() where !field.to.isEmpty {
      if field.to == settings.key {
        complain("fields", index, "to", "is the key, which gets the primary id of every row")
      } else if !fed.insert(OptOutFile.denyName(field.to)).inserted {
        complain(
          "fields", index, "to",
          "feeds \(field.to) a second time; one Campaign field has one source")
      }
    }
    var linked: Set<String> = []
    for (index, parent) in settings.parents.enumerated() where !parent.field.isEmpty {
      if !settings.fields.contains(where: { $0.to == parent.field }) {
        complain("parents", index, "field", "names \(parent.field), which `fields` does not fill")
      } else if !linked.insert(parent.field).inserted {
        complain("parents", index, "field", "gives the field \(parent.field) a second parent")
      }
    }
  }

  private static func checkLoad(_ settings: IngressSettings, _ root: Section) {
    let isFile = settings.initial == .file && !root.problems.hold("initial.via")
    if isFile, !root.has("import") {
      root.complain(
        "import", "is missing: say which workflow loads the files, or `initial: { via: api }`")
    }
    if settings.initial == .api, settings.delta == .api, root.has("import") {
      root.complain("import", "has no use beside `initial: { via: api }`; remove one of them")
    }
  }

  /// What an import writes it writes to every record of the file.
  private static func checkDelta(_ settings: IngressSettings, _ root: Section) {
    guard settings.delta == .file, !root.problems.hold("delta.via") else { return }
    if settings.initial == .api, !root.has("import") {
      root.complain(
        "delta",
        "says `via: file`, which needs an `import:` section: which workflow loads the files")
    }
    for (index, field) in settings.fields.enumerated() {
      let place = root.place(of: "fields", item: index)
      if OptOutSettings.attributes.contains(OptOutFile.denyName(field.to)) {
        root.problems.add(
          Problem(
            place, path: "fields[\(index)].to",
            says: "is an opt-out, which `delta: { via: file }` cannot keep up to date: the import "
              + "gives it to new records only; let changes go by API, or map it in an opt-out job"))
      }
      if field.applyUpdates { continue }
      root.problems.add(
        Problem(
          place, path: "fields[\(index)].applyUpdates",
          says: "cannot be kept with `delta: { via: file }`: the import writes every column of the "
            + "file to old records too; let changes go by API, or remove `applyUpdates: false`"))
    }
  }
}

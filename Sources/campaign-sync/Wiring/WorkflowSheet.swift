import Core
import Jobs

/// The import workflow's settings for one job, in the order of docs/import-workflow.md.
struct WorkflowSheet {
  let sides: BothSides
  /// `sftp.directory`.
  let directory: String

  init(_ sides: BothSides, directory: String?) {
    self.sides = sides
    self.directory = directory ?? "d365_loads"
  }

  private var settings: IngressSettings { sides.settings }

  var lines: [String] {
    guard let load = settings.load else {
      return ["\(settings.name): `initial: { via: api }` needs no import workflow"]
    }
    return heading(load) + signal(load) + files(load) + structure + columns + update + ending(load)
  }

  private func heading(_ load: IngressSettings.Import) -> [String] {
    ["Import workflow \(load.workflow) for the job \(settings.name) (docs/import-workflow.md)"]
  }

  private func signal(_ load: IngressSettings.Import) -> [String] {
    let run = RunName(job: settings.name, run: 12)
    let pattern = Manifest.pattern(of: run, suffix: settings.csv.suffix)
    let parameters = load.parameters.sorted { $0.key < $1.key }.map { name, value in
      let example = value.replacing("{files}", with: pattern)
        .replacing("{run}", with: run.description).replacing("{job}", with: settings.name)
      return "  parameter       \(name), String; arrives as \(example)"
    }
    return ["External signal (step 3)", "  ID              \(load.signal)"] + parameters
  }

  private func files(_ load: IngressSettings.Import) -> [String] {
    let name = load.parameters.first { $0.value == "{files}" }?.key
    let path =
      name.map { "'\(directory)/' + $(vars/@\($0))" }
      ?? "'\(directory)/\(Manifest.folder)/\(settings.name)-*\(settings.csv.suffix)'"
    return [
      "Transfer file (step 4)", "  action          File download, SFTP, external account",
      "  file path       \(path)",
      "  file pattern    \(directory)/\(Manifest.folder)/\(settings.name)-RUN-*\(settings.csv.suffix)",
      "  options         sort files; delete source files; no files found: generate an error",
    ]
  }

  private var structure: [String] {
    let csv = settings.csv
    let separator = csv.separator == 0x09 ? "tab" : String(Character(Unicode.Scalar(csv.separator)))
    let quoted = csv.quote == .double
    return [
      "Load file, format (step 5)", "  file type       Delimited columns",
      "  separator       \(separator)", "  encoding        UTF-8", "  time zone       UTC",
      "  delimiter       \(quoted ? "Double quote" : "No delimiter")",
      "  multiple lines  \(quoted ? "on" : "off")",
      "  header          Use first line as column header: on; lines to ignore 0",
      "  check columns   on",
      "  pre-processing  \(csv.compress == .gzip ? "Decompression" : "none")",
      "  rejects file    \(settings.name)-rejects, date and time in the name: on",
    ]
  }

  private var columns: [String] {
    var lines = ["Load file, columns (step 5): column, data type, format, empty values"]
    lines.append("  \(settings.key)  Text 100; empty: generate an error")
    for field in settings.fields {
      let schema = sides.resource.field(field.to)
      lines.append("  \(field.to)  \(type(field, schema)); empty: insert NULL")
    }
    for optOut in settings.optOuts {
      lines.append("  \(optOut.campaign)  \(WorkflowSheet.optOut); empty: insert NULL")
    }
    return lines
  }

  private static let optOut = "Integer, remap true -> 1 (never false)"

  private func type(_ field: FieldMapping, _ schema: FieldSchema?) -> String {
    if schema?.kind == .boolean, ConsentAttribute(field.to) != nil { return WorkflowSheet.optOut }
    switch schema?.kind {
    case .integer: return "Integer, no thousands separator"
    case .number: return "Floating number, decimal point, no thousands separator"
    case .date: return "Date, YYYY-MM-DD, separator -"
    case .dateTime:
      return settings.csv.dateTime == .campaign
        ? "Date and time, YYYY/MM/DD HH:MM:SS, separators / and :, 24 hours"
        : "Date and time, YYYY-MM-DDTHH:MM:SSZ"
    case .boolean: return "Integer, remap true -> 1, false -> 0"
    case .enumeration where field.to == "gender":
      return "Integer, remap unknown -> 0, male -> 1, female -> 2"
    case .enumeration where field.to == "emailFormat":
      return "Integer, remap unknown -> 0, text -> 1, html -> 2"
    case .enumeration: return "Text (internal name)"
    default:
      let length = [schema?.maxLength, field.maxLength].compactMap(\.self).min()
      return "Text \(length.map(String.init) ?? "with the field's real length")"
    }
  }

  private var update: [String] {
    let dimension = settings.resource == "profile" ? "Profiles (profile)" : settings.resource
    let optOuts = settings.header.filter { ConsentAttribute($0) != nil }
    var lines = [
      "Reconciliation and Update data (step 6)", "  dimension       \(dimension)",
      "  key             \(settings.key); unidentified lines: keep in the outbound population",
      "  operation       Insert or update, every column to its field",
    ]
    if !optOuts.isEmpty {
      lines.append("  opt-outs        Insert only: \(optOuts.joined(separator: ", "))")
    }
    return lines
  }

  private func ending(_ load: IngressSettings.Import) -> [String] {
    let rejects = load.rejects?.replacing("{job}", with: settings.name)
    let timeout = TimeText.span(load.timeout)
    return [
      "Rejects and proof (step 7)",
      "  rejects         \(rejects.map { "\(directory)/\($0)" } ?? "not read back")",
      "  done file       "
        + (load.done.map { "\(directory)/\($0), uploaded last, behind Update data" }
          ?? "none: campaign-sync confirm \(settings.name) is the proof, or the workflow's state"),
      "  timeout         \(timeout)",
    ]
  }
}

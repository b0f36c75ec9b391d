import Core

/// What `GET /workflow/execution/<id>` says of a workflow, as far as it says anything.
struct WorkflowDocument {
  private let document: JSONValue

  init(_ document: JSONValue) { self.document = document }

  /// Neither `state` nor `logicalStatus` is promised: without them nothing is known.
  var status: WorkflowDescription.Status {
    for name in ["logicalStatus", "state", "status"] {
      if let text = document[name]?.text, let status = Self.status(of: text) { return status }
    }
    return .unknown
  }

  private static func status(of text: String) -> WorkflowDescription.Status? {
    switch text.lowercased() {
    case "edition", "editing": .editing
    case "started", "inprogress", "in progress", "running": .started
    case "finished", "stopped": .finished
    case "warning", "paused": .warning
    case "error", "erroneous", "failed": .error
    default: nil
    }
  }

  /// The activity that listens for the signal.
  func activity(_ signal: String) -> JSONValue? {
    let all = document["activities"]?["activity"]
    let activity =
      all?[signal] ?? all?.items?.first { $0["name"]?.text == signal }
    return activity?["trigger"]?["href"]?.text == nil ? nil : activity
  }

  func trigger(_ signal: String) -> String? {
    activity(signal)?["trigger"]?["href"]?.text
  }

  /// Name -> type of the signal's declared parameters; nil where the instance does not show them.
  func parameters(_ signal: String) -> [String: String]? {
    guard let activity = activity(signal) else { return nil }
    let found = activity["parameters"] ?? activity["trigger"]?["parameters"]
    guard var list = found else { return nil }
    list = list["parameter"] ?? list["content"] ?? list
    var types: [String: String] = [:]
    for item in list.items ?? [] {
      guard let name = item["name"]?.text else { continue }
      types[name] = Self.type(of: item)
    }
    for member in list.members ?? [] { types[member.name] = Self.type(of: member.value) }
    return types
  }

  private static func type(of declaration: JSONValue) -> String {
    let type = declaration.text ?? declaration["type"]?.text ?? declaration["dataType"]?.text
    return (type ?? "string").lowercased()
  }
}

import Foundation
import HTTP

/// `fixtures/dataverse/NAME.json`, found from this file.
func fixture(_ name: String) throws -> String {
  let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  let file = folder.appendingPathComponent("fixtures/dataverse/\(name).json")
  return try String(contentsOf: file, encoding: .utf8)
}

let environment = "https://contoso.crm4.dynamics.com"
let tracked = HTTPHeader("Preference-Applied", "odata.track-changes")

import Core

extension Section {
  /// `{ env: NAME }` or `{ file: PATH }`; whatever else stands there is refused and not repeated.
  func secret(_ key: String, files: Paths) -> EnvironmentSettings.SecretSource? {
    guard let node = node(key) else { return nil }
    guard node.mapping != nil else {
      complain(
        key,
        "is written into the file: keep secrets out of it with `{ env: NAME }` or "
          + "`{ file: PATH }`")
      return nil
    }
    let section = group(key, node)
    let (name, path) = (section.text("env"), section.text("file"))
    guard section.hasOnly(["env", "file"]), (name == nil) != (path == nil) else {
      complain(key, "must be either `{ env: NAME }` or `{ file: PATH }`")
      return nil
    }
    if let path { return .file(files.absolute(path)) }
    guard let name, TextForm.variable.fits(name) else {
      complain(key, "names no environment variable: use A-Z, 0-9 and _")
      return nil
    }
    return .environment(name)
  }
}

/// How the paths in a file are meant.
package struct Paths: Sendable {
  /// The parent of the jobs folder, absolute.
  package var base: String
  package var home: String

  package init(base: String, home: String) {
    self.base = base
    self.home = home
  }

  func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    if path == "~" || path.hasPrefix("~/") { return home + path.dropFirst() }
    return base + "/" + path
  }
}

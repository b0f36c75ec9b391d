/// Texts that must never be seen in a log, an error or an argument.
package enum Canary {
  package static let value = "canary-value-7f3a"
  package static let secret = "canary-secret-19c4"
}

import ArgumentParser
import Core

/// Prints results on standard output, failures on standard error, and picks the exit status.
enum Report {
  /// - Throws: the exit status, where it is not 0.
  static func print(_ results: [JobResult], json: Bool, quiet: Bool) throws {
    if json {
      let lines = JSONValue.array(results.map(\.json)).encoded
      Standard.output(String(decoding: lines, as: UTF8.self))
    } else {
      for result in results where result.failure == nil && !quiet {
        Standard.output("\(result.job): \(result.says)")
      }
    }
    for result in results {
      guard let failure = result.failure else { continue }
      Standard.error(Failure.text(failure, job: result.job, stands: result.stands))
    }
    if let failure = Failure.mostUrgent(results.compactMap(\.failure)) {
      throw ExitCode(failure.exitStatus)
    }
  }

  /// Runs a command's work; a failure outside of any job is told the same way.
  static func explaining(_ work: () async throws -> Void) async throws {
    do {
      try await work()
    } catch let error as SyncError {
      Standard.error(Failure.text(error, job: nil))
      throw ExitCode(error.exitStatus)
    }
  }
}

extension JobResult {
  /// Where the job stands now, for the words of a failure.
  fileprivate var stands: String? {
    guard let record else { return nil }
    return "\(record.phase), run \(record.run); committed in this run: \(record.tally.words)"
  }
}

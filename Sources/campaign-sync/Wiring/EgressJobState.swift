import Core
import Disk
import Jobs

/// What one egress job has on disk.
struct EgressJobState: FileJobState {
  let settings: EgressSettings
  let environment: EnvironmentSettings
  let place: JobPlace
  let checkpoints: CheckpointFile<EgressState>
  let resourceWord = "event"

  init(_ settings: EgressSettings, in environment: EnvironmentSettings) {
    self.settings = settings
    self.environment = environment
    place = JobPlace(settings.name, in: environment)
    checkpoints = CheckpointFile(in: place.folder, job: settings.name)
  }

  var subject: (table: String, resource: String, key: String) {
    (settings.table, settings.event.rawValue, "activityid")
  }
}

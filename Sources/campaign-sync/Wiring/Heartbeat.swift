import Core
import HTTP

/// Tells a monitor that a job began, succeeded or failed.
///
/// A monitor that does not answer never harms the job.
struct Heartbeat {
  enum Beat: String { case start = "/start", success = "", fail = "/fail" }

  private let url: String?
  private let transport: any Transport

  init(_ template: String?, job: String, connections: Connections) {
    url = template.map { $0.replacing("{job}", with: job) }
    transport = connections.heartbeats
  }

  func send(_ beat: Beat) async {
    guard let url else { return }
    _ = try? await transport.send(
      HTTPRequest("GET", url + beat.rawValue, timeout: .seconds(10), maxBody: 1 << 16))
  }
}

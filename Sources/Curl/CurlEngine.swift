import CCurl
import Core
import HTTP

/// One `curl_multi` and the thread that drives it.
final class CurlEngine: Sendable {
  private struct Inbox: Sendable {
    var submissions: [Submission] = []
    var isStopping = false
  }

  /// The `CURLM`; `@unchecked` because off its thread only `curl_multi_wakeup` is called, which may be.
  private struct Handle: @unchecked Sendable {
    let multi: UnsafeMutableRawPointer
  }

  private let handle: Handle
  private let settings: CurlSettings
  private let inbox = Locked(Inbox())

  private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  init(_ settings: CurlSettings) throws(SyncError) {
    guard Self.isReady, let multi = curl_multi_init() else {
      throw SyncError(.bug, "start libcurl", "it refused to start")
    }
    curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, settings.connections)
    handle = Handle(multi: multi)
    self.settings = settings
    guard startThread({ [self] in run() }) else {
      curl_multi_cleanup(multi)
      throw SyncError(.bug, "start libcurl", "the system gave no thread")
    }
  }

  func submit(_ submission: Submission) {
    inbox.withLock { $0.submissions.append(submission) }
    wake()
  }

  func wake() { curl_multi_wakeup(handle.multi) }

  /// Called when nobody can submit any more; what is under way is finished first.
  func stop() {
    inbox.withLock { $0.isStopping = true }
    wake()
  }

  /// What the thread alone touches.
  private struct Desk {
    var live: [UnsafeMutableRawPointer: Transfer] = [:]
    var idle: [UnsafeMutableRawPointer] = []
    /// Bytes of the largest body so far.
    var largest = 0
  }

  private func run() {
    let multi = handle.multi
    var desk = Desk()
    while true {
      let (fresh, isStopping) = inbox.withLock { inbox in
        defer { inbox.submissions.removeAll() }
        return (inbox.submissions, inbox.isStopping)
      }
      if isStopping, fresh.isEmpty, desk.live.isEmpty { break }
      for submission in fresh { start(submission, &desk) }
      cancel(&desk)

      var running: Int32 = 0
      curl_multi_perform(multi, &running)
      var code = CURLE_OK
      while let easy = curl_multi_next_done(multi, &code) {
        end(easy, &desk) { $0.result(code) }
      }
      curl_multi_poll(multi, nil, 0, 1000, nil)
    }
    for easy in desk.idle { curl_easy_cleanup(easy) }
    curl_multi_cleanup(multi)
  }

  private func start(_ submission: Submission, _ desk: inout Desk) {
    guard let easy = desk.idle.popLast() ?? curl_easy_init() else {
      return submission.finish(.failure(TransportFailure(.unreachable, code: "curl 27")))
    }
    let transfer = Transfer(submission, easy, usualBody: desk.largest)
    let code = transfer.configure(settings)
    guard code == CURLE_OK, curl_multi_add_handle(handle.multi, easy) == CURLM_OK else {
      curl_easy_cleanup(easy)
      let failure = TransportFailure(.refused, code: "curl \(code.rawValue)")
      return submission.finish(.failure(failure))
    }
    desk.live[easy] = transfer
  }

  private func cancel(_ desk: inout Desk) {
    for (easy, transfer) in desk.live where transfer.submission.ticket.isCancelled {
      end(easy, &desk) { _ in .failure(TransportFailure(.cancelled, code: "cancelled")) }
    }
  }

  private func end(
    _ easy: UnsafeMutableRawPointer, _ desk: inout Desk,
    _ result: (Transfer) -> Result<HTTPResponse, TransportFailure>
  ) {
    guard let transfer = desk.live.removeValue(forKey: easy) else { return }
    desk.largest = max(desk.largest, transfer.received)
    let result = result(transfer)
    curl_multi_remove_handle(handle.multi, easy)
    curl_easy_reset(easy)  // nothing of this request stays; connections are the multi's
    desk.idle.append(easy)
    transfer.submission.finish(consume result)
  }
}

import CCurl
import Core
import HTTP

/// One request under way.
///
/// Owned by the engine's thread; libcurl's callbacks get it unretained.
final class Transfer {
  let submission: Submission
  private let easy: UnsafeMutableRawPointer
  private var headerLines: UnsafeMutablePointer<curl_slist>?
  private var sent = 0
  private var status = 0
  private var headers: [HTTPHeader] = []
  private var body: [UInt8] = []
  private let usualBody: Int
  private var isTooLarge = false
  /// False where the connection ended inside the head, which libcurl takes for an empty answer.
  private var isHeadWhole = false

  private var request: HTTPRequest { submission.request }

  /// Bytes of the body so far; asked before `result`.
  var received: Int { body.count }

  /// - Parameter usualBody: bytes of the largest body that came before.
  init(_ submission: Submission, _ easy: UnsafeMutableRawPointer, usualBody: Int) {
    self.submission = submission
    self.easy = easy
    self.usualBody = usualBody
  }

  deinit { curl_slist_free_all(headerLines) }

  /// The response body as the caller gets it: grown in place, never copied out; asked once.
  func result(_ code: CURLcode) -> Result<HTTPResponse, TransportFailure> {
    if code == CURLE_OK, isHeadWhole {
      var whole: [UInt8] = []
      swap(&whole, &body)  // one owner: a caller that adds to it copies nothing
      return .success(HTTPResponse(status, headers: headers, body: whole))
    }
    if isTooLarge { return .failure(TransportFailure(.tooLarge, code: "curl \(code.rawValue)")) }
    var before: curl_off_t = 0
    curl_get_size(easy, CURLINFO_PRETRANSFER_TIME_T, &before)
    let kind = CurlFailure.kind(code, wasSent: before > 0)
    return .failure(TransportFailure(kind, code: "curl \(code.rawValue)"))
  }

  // MARK: - Setting up

  /// - Returns: the first refusal, else `CURLE_OK`.
  func configure(_ settings: CurlSettings) -> CURLcode {
    var setup = Setup(easy: easy)
    let origin = submission.address.origin
    setup.text(CURLOPT_URL, "\(origin)/")
    setup.text(CURLOPT_REQUEST_TARGET, submission.address.target)
    setup.text(CURLOPT_PROTOCOLS_STR, "http,https")
    setup.long(CURLOPT_FOLLOWLOCATION, 0)
    if origin.isLoopback { setup.text(CURLOPT_PROXY, "") }  // a proxy of the environment is not

    setup.long(CURLOPT_SSL_VERIFYPEER, 1)
    setup.long(CURLOPT_SSL_VERIFYHOST, 2)
    setup.long(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    if let caFile = settings.caFile { setup.text(CURLOPT_CAINFO, caFile) }

    setup.long(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    setup.text(CURLOPT_ACCEPT_ENCODING, "")
    setup.text(CURLOPT_USERAGENT, settings.userAgent)
    setup.long(CURLOPT_NOSIGNAL, 1)
    setup.long(CURLOPT_TCP_NODELAY, 1)
    setup.long(CURLOPT_TCP_KEEPALIVE, 1)
    setup.long(CURLOPT_BUFFERSIZE, 256 << 10)
    setup.long(CURLOPT_CONNECTTIMEOUT_MS, settings.connectTimeout.curlMilliseconds)
    setup.long(CURLOPT_TIMEOUT_MS, request.timeout.curlMilliseconds)
    setup.long(CURLOPT_LOW_SPEED_LIMIT, 1)
    setup.long(CURLOPT_LOW_SPEED_TIME, max(settings.stall.curlMilliseconds / 1000, 1))
    setUpRequest(&setup)
    setUpAnswer(&setup)
    return setup.code
  }

  private func setUpRequest(_ setup: inout Setup) {
    switch request.method {
    case "HEAD": setup.long(CURLOPT_NOBODY, 1)
    case "GET" where request.body.isEmpty: setup.long(CURLOPT_HTTPGET, 1)
    default: setUpBody(&setup)
    }
    for header in request.headers { addLine(header) }
    addLine("Expect:")
    let hasType = request.headers.contains { $0.name.lowercased() == "content-type" }
    if !hasType { addLine("Content-Type:") }  // else libcurl claims it is a form
    setup.check(curl_set_list(easy, CURLOPT_HTTPHEADER, headerLines))
  }

  /// Offers the body in a way that libcurl cannot send twice by itself.
  ///
  /// Where a kept connection dies without an answer, libcurl repeats the request. It must not where
  /// nobody knows whether the first one was executed: such a body cannot be rewound, and a request
  /// without a body gets a connection of its own.
  private func setUpBody(_ setup: inout Setup) {
    setup.long(CURLOPT_POST, 1)
    setup.text(CURLOPT_CUSTOMREQUEST, request.method)
    setup.check(curl_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count)))
    setup.function(CURLOPT_READFUNCTION) { bytes, size, count, context in
      Transfer.from(context)?.supply(bytes, size * count) ?? Int(CURL_READFUNC_ABORT)
    }
    setup.pointer(CURLOPT_READDATA, Unmanaged.passUnretained(self).toOpaque())
    setup.check(
      curl_set_seek_function(easy) { context, offset, _ in
        Transfer.from(context)?.rewind(to: Int(offset)) ?? CURL_SEEKFUNC_FAIL
      })
    setup.pointer(CURLOPT_SEEKDATA, Unmanaged.passUnretained(self).toOpaque())
    if !request.isIdempotent, request.body.isEmpty { setup.long(CURLOPT_FRESH_CONNECT, 1) }
  }

  private func setUpAnswer(_ setup: inout Setup) {
    let me = Unmanaged.passUnretained(self).toOpaque()
    setup.function(CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
      Transfer.from(context)?.takeHeader(bytes, size * count) ?? 0
    }
    setup.pointer(CURLOPT_HEADERDATA, me)
    setup.function(CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
      Transfer.from(context)?.takeBody(bytes, size * count) ?? 0
    }
    setup.pointer(CURLOPT_WRITEDATA, me)
  }

  /// `Name;` is how libcurl is told to send a header without a value.
  private func addLine(_ header: HTTPHeader) {
    addLine(header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)")
  }

  private func addLine(_ line: String) {
    if let longer = curl_slist_append(headerLines, line) { headerLines = longer }
  }

  // MARK: - Called by libcurl, on the engine's thread

  private static func from(_ context: UnsafeMutableRawPointer?) -> Transfer? {
    context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
  }

  private func supply(_ bytes: UnsafeMutablePointer<CChar>?, _ room: Int) -> Int {
    let count = min(room, request.body.count - sent)
    guard let bytes, count > 0 else { return 0 }
    request.body.withUnsafeBytes { body in
      UnsafeMutableRawBufferPointer(start: bytes, count: count)
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: body[sent..<sent + count]))
    }
    sent += count
    return count
  }

  private func rewind(to offset: Int) -> Int32 {
    guard request.isIdempotent || sent == 0 else { return CURL_SEEKFUNC_FAIL }
    sent = offset
    return CURL_SEEKFUNC_OK
  }

  /// A status line begins a new head: an interim answer (1xx) is forgotten.
  private func takeHeader(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
    guard headers.count < 512 else {
      isTooLarge = true
      return 0
    }
    let line = String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
    if line == "\r\n" || line == "\n" {
      isHeadWhole = true
    } else if line.hasPrefix("HTTP/") {
      headers.removeAll()
      isHeadWhole = false
      status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    } else if let colon = line.utf8.firstIndex(of: 0x3A) {
      let value = line[line.index(after: colon)...].drop { $0.isWhitespace }
      let end = value.lastIndex { !$0.isWhitespace }.map(value.index(after:)) ?? value.startIndex
      headers.append(HTTPHeader(String(line[..<colon]), String(value[..<end])))
    }
    return count
  }

  private func takeBody(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
    guard count <= request.maxBody - body.count else {
      isTooLarge = true
      return 0
    }
    if body.isEmpty { body.reserveCapacity(expected) }
    body.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
    return count
  }

  /// What to reserve: the announced length where it is that of the body, else 8 MiB; for a page as
  /// much as the largest so far had, in whole MiB: the next one then fits where the last one was.
  ///
  /// Memory costs nothing until it is written to; from there the array doubles. Decoders append a
  /// little padding: with room for it, a page is not moved once more.
  private var expected: Int {
    var length: curl_off_t = -1
    curl_get_size(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length)
    let isEncoded = headers.contains { $0.name.lowercased() == "content-encoding" }
    let announced = length >= 0 && !isEncoded ? Int(length) : 8 << 20
    let isPage = announced > max(usualBody / 2, 1 << 20)
    let size = isPage ? (max(announced, usualBody) + 0xF_FFFF) & ~0xF_FFFF : announced
    return min(size, request.maxBody) + 256
  }
}

/// Passes options on until one is refused.
private struct Setup {
  let easy: UnsafeMutableRawPointer
  var code = CURLE_OK

  mutating func check(_ result: CURLcode) { if code == CURLE_OK { code = result } }

  mutating func long(_ option: CURLoption, _ value: Int) {
    check(curl_set_long(easy, option, value))
  }
  mutating func text(_ option: CURLoption, _ value: String) {
    check(curl_set_text(easy, option, value))
  }
  mutating func pointer(_ option: CURLoption, _ value: UnsafeMutableRawPointer) {
    check(curl_set_pointer(easy, option, value))
  }
  mutating func function(_ option: CURLoption, _ value: @escaping curl_data_function) {
    check(curl_set_data_function(easy, option, value))
  }
}

import Core
import Glibc
import HTTP
import NIOCore
import NIOHTTP1
import Sandbox

/// Collects one request, has it answered, and puts the answer on the wire as the stand-in wants it.
///
/// The pipeline before it holds back a second request until the first one is answered.
final class RequestHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let service: any SandboxService
  private let maxBody: Int
  private var head: HTTPRequestHead?
  private var body = ByteBuffer()
  private var isTooLarge = false
  private var isAnswering = false
  private var isEnding = false

  init(_ service: any SandboxService, maxBody: Int) {
    self.service = service
    self.maxBody = maxBody
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body.clear()
      isTooLarge = false
      if head.headers["expect"].contains(where: { $0.lowercased() == "100-continue" }) {
        let proceed = HTTPResponseHead(version: head.version, status: .continue)
        context.writeAndFlush(wrapOutboundOut(.head(proceed)), promise: nil)
      }
    case .body(var piece):
      guard !isTooLarge else { return }
      isTooLarge = body.readableBytes + piece.readableBytes > maxBody
      if !isTooLarge { body.writeBuffer(&piece) }
    case .end:
      guard let head else { return }
      self.head = nil
      answer(head, context)
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard event is EndOfService else { return context.fireUserInboundEventTriggered(event) }
    isEnding = true
    if !isAnswering, head == nil { context.close(promise: nil) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    isAnswering = true
    if isTooLarge {
      isEnding = true
      return write(.response(HTTPResponse(413)), to: head, context)
    }
    let host = head.headers.first(name: "host") ?? "127.0.0.1"
    let url = head.uri.hasPrefix("/") ? "http://" + host + head.uri : head.uri
    let request = HTTPRequest(
      head.method.rawValue, url,
      headers: head.headers.map { HTTPHeader($0.name, $0.value) },
      body: Array(body.readableBytesView))
    body.clear()
    let promise = context.eventLoop.makePromise(of: SandboxAnswer.self)
    promise.completeWithTask { [service] in await service.answer(request) }
    promise.futureResult.assumeIsolated().whenSuccess { answer in
      self.write(answer, to: head, context)
    }
  }

  private func write(
    _ answer: SandboxAnswer, to head: HTTPRequestHead, _ context: ChannelHandlerContext
  ) {
    isAnswering = false
    guard context.channel.isActive else { return }
    switch answer {
    case .response(let response):
      writeHead(of: response, to: head, context)
      if head.method != .HEAD, !response.body.isEmpty {
        let bytes = ByteBuffer(bytes: response.body)
        context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
      }
      let isLast = isEnding || !head.isKeepAlive
      let written = context.writeAndFlush(wrapOutboundOut(.end(nil)))
      if isLast { written.assumeIsolated().whenComplete { _ in context.close(promise: nil) } }
    case .cut(let response, let count):
      writeHead(of: response, to: head, context)
      let bytes = ByteBuffer(bytes: response.body.prefix(max(0, count)))
      let written = context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(bytes))))
      written.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
    case .reset:
      let provider = context.channel as? any SocketOptionProvider
      let isSet = provider?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
      guard let isSet else { return context.close(promise: nil) }
      isSet.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
    }
  }

  private func writeHead(
    of response: HTTPResponse, to request: HTTPRequestHead, _ context: ChannelHandlerContext
  ) {
    var headers = HTTPHeaders()
    for header in response.headers where header.name.lowercased() != "content-length" {
      headers.add(name: header.name, value: header.value)
    }
    let hasNoBody = response.status == 204 || response.status == 304
    if !hasNoBody { headers.add(name: "Content-Length", value: String(response.body.count)) }
    if isEnding { headers.replaceOrAdd(name: "Connection", value: "close") }
    let head = HTTPResponseHead(
      version: request.version, status: HTTPResponseStatus(statusCode: response.status),
      headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
  }
}

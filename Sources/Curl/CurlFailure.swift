import CCurl
import HTTP

/// What libcurl's codes mean for a caller that must know whether its request was sent.
enum CurlFailure {
  /// - Parameter wasSent: whether the connection stood and the request was on its way.
  static func kind(_ code: CURLcode, wasSent: Bool) -> TransportFailure.Kind {
    switch code {
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE,
      CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_PINNEDPUBKEYNOTMATCH,
      CURLE_SSL_CRL_BADFILE:
      .untrusted
    case CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT:
      .refused
    case CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT:
      .unreachable
    case CURLE_SEND_FAIL_REWIND:
      .broken  // part of the body went out before the kept connection died
    default:
      wasSent ? .broken : .unreachable
    }
  }
}

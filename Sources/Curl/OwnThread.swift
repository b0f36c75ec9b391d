import Glibc

/// Starts a thread that nobody waits for; it ends when the work does.
func startThread(_ work: @escaping @Sendable () -> Void) -> Bool {
  final class Work {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }
  // Signals belong to the main thread; what a broken instruction raises belongs to this one.
  var all = sigset_t()
  var before = sigset_t()
  sigfillset(&all)
  for own in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT] { sigdelset(&all, own) }
  pthread_sigmask(SIG_BLOCK, &all, &before)
  defer { pthread_sigmask(SIG_SETMASK, &before, nil) }

  var attributes = pthread_attr_t()
  pthread_attr_init(&attributes)
  defer { pthread_attr_destroy(&attributes) }
  pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
  pthread_attr_setstacksize(&attributes, 1 << 20)

  var thread = pthread_t()
  let context = Unmanaged.passRetained(Work(work))
  let code = pthread_create(
    &thread, &attributes,
    { context in
      guard let context else { return nil }
      Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run()
      return nil
    }, context.toOpaque())
  if code != 0 { context.release() }
  return code == 0
}

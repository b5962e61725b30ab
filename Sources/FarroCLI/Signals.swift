import ArgumentParser
import Dispatch
import Foundation
import Synchronization

/// Runs `body`, cancelling it when the process is asked to end by ^C or SIGTERM; farro then exits with 128 plus the signal's
/// number, as a shell reports a program that a signal ended. Afterwards signals end the process at once, and so does the
/// second one while `body` has not heeded the first.
func endingOnSignals<Result: Sendable>(
  _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
  let received = Atomic<Int32>(0)
  let task = Task { try await body() }
  let sources = [SIGINT, SIGTERM, SIGHUP].filter(isHeeded).map { number in
    // A handler that does nothing, and not SIG_IGN, which the programs that are started would inherit.
    signal(number) { _ in }
    let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
    source.setEventHandler {
      received.store(number, ordering: .relaxed)
      task.cancel()
      signal(number, SIG_DFL)
    }
    source.setCancelHandler { signal(number, SIG_DFL) }
    source.resume()
    return source
  }
  defer { for source in sources { source.cancel() } }
  do {
    return try await task.value
  } catch is CancellationError {
    throw ExitCode(128 + received.load(ordering: .relaxed))
  }
}

/// Whether a signal is not ignored, as nohup and the background jobs of scripts have it: then it stays so.
private func isHeeded(_ number: CInt) -> Bool {
  let handler = signal(number, SIG_IGN)
  signal(number, handler)
  return unsafeBitCast(handler, to: Int.self) != unsafeBitCast(SIG_IGN, to: Int.self)
}

import Farro

/// How a kernel is run: with which instructions, on how many threads at most.
public struct Configuration: Hashable, Sendable {
  /// The instruction set whose kernels run.
  public var isa: InstructionSet
  /// The most threads that a call may use.
  public var threads: Int

  /// The kernels of `isa` on at most `threads` threads.
  public init(isa: InstructionSet, threads: Int) {
    (self.isa, self.threads) = (isa, threads)
  }

  /// Calls `body` so that the kernels it calls run in this configuration.
  ///
  /// - Precondition: `isa.isSupported`.
  public func run<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    try withInstructionSet(isa) { () throws(Failure) -> Result in try withThreads(threads, body) }
  }
}

import Farro

/// How a kernel is run: with which instructions, on how many threads at most.
public struct Configuration: Hashable, Sendable {
  /// The instructions of the kernels.
  public var isa: InstructionSet
  /// The most threads of a call.
  public var threads: Int

  /// An instruction set with a number of threads.
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

extension Profile {
  /// How many times faster a kernel is than on one thread; `nil` where the profile has no such result.
  public func scaling(of result: KernelResult) -> Double? {
    var single = result.key
    single.threads = 1
    return kernels.first { $0.key == single }.map { $0.medianSeconds / result.medianSeconds }
  }

  /// Those whose fraction of the bound is too high to be believed.
  public var probeFaults: [KernelResult] { kernels.filter(\.isProbeFault) }
}

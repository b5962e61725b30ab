import Farro

/// The tables of what kernels reach.
extension Report {
  static func kernels(_ profile: Profile) -> String {
    guard !profile.kernels.isEmpty else { return "" }
    let tables = profile.families.map { family in
      familyTable(family, profile.kernels.filter { $0.family == family }, color: profile.colorIndex(of: family))
    }
    return """
      <section>
      <h2>What the kernels reach</h2>
      <p class="note">A bar is the share of the bound that applies, measured beside the kernel: the multiply-add rate, or the
      bandwidth of the memory level that holds the operands. ± is half the interquartile range.
      The shape of a matrix product shows under the pointer how it was carried out.
      A call too small to be worth waking another thread runs on one, at half the share of 2.</p>
      \(tables.joined(separator: "\n"))
      </section>
      """
  }

  private static func familyTable(_ family: String, _ kernels: [KernelResult], color: Int) -> String {
    let hasSeveralSets = Set(kernels.map(\.isa)).count > 1
    let rows = kernels.map { kernel in
      """
      <tr><th>\(escaped(kernel.name))</th><td class="text">\(kernel.dtype.rawValue)</td>\
      <td class="text shape"\(tooltip(kernel.detail))>\(kernel.shapeText)</td>\
      \(hasSeveralSets ? "<td class=\"text\">\(kernel.isa.rawValue)</td>" : "")\
      <td>\(kernel.threads)</td><td>\(roundedDuration(kernel.medianSeconds))</td>\
      <td class="quiet">\(percent(kernel.spread / 2))</td>\
      <td>\(kernel.gflops > 0 ? rounded(kernel.gflops) : "–")</td><td>\(rounded(kernel.gbps))</td>\
      <td class="text bound">\(escaped(kernel.bound.rawValue))</td>\
      <td class="bar">\(bar(kernel.fractionOfBound, isFault: kernel.isProbeFault))</td></tr>
      """
    }
    return """
      <table class="kernels color-\(color)">
      <caption>\(escaped(family))</caption>
      <thead><tr><th>kernel</th><th class="text">type</th><th class="text">shape</th>\
      \(hasSeveralSets ? "<th class=\"text\">instructions</th>" : "")<th>threads</th><th>time</th><th>±</th>\
      <th>GFLOP/s</th><th>GB/s</th><th class="text">bound</th><th class="text">reached</th></tr></thead>
      <tbody>\(rows.joined(separator: "\n"))</tbody>
      </table>
      """
  }

  private static func tooltip(_ text: String?) -> String { text.map { " title=\"\(escaped($0))\"" } ?? "" }

  /// A bar whose full width is the bound; one that is too high to be believed says so.
  private static func bar(_ fraction: Double, isFault: Bool) -> String {
    let width = rounded(min(max(fraction, 0), 1) * 100)
    let label = percent(fraction) + (isFault ? " <em>probe at fault</em>" : "")
    return "<div class=\"track\"><i style=\"width:\(width)%\"></i></div><span>\(label)</span>"
  }

  // MARK: - Threads

  /// How much faster each kernel is with more threads than with the fewest that it was measured with.
  static func scaling(_ profile: Profile) -> String {
    let groups = unique(profile.kernels.map { $0.key.withoutThreads }).compactMap { key -> ScalingRow? in
      let results = profile.kernels.filter { $0.key.withoutThreads == key }.sorted { $0.threads < $1.threads }
      return results.count > 1 ? ScalingRow(results) : nil
    }
    guard !groups.isEmpty else { return "" }
    let counts = unique(groups.flatMap { $0.speedups.map(\.threads) }).sorted()
    let hasSeveralSets = Set(groups.map(\.first.isa)).count > 1
    let rows = groups.map { group in
      let cells = counts.map { count in
        let speedup = group.speedups.first { $0.threads == count }
        return "<td class=\"bar\">\(speedup.map(scalingBar) ?? "")</td>"
      }
      return """
        <tr class="color-\(profile.colorIndex(of: group.first.family))"><th>\(escaped(group.first.name))</th>\
        <td class="text">\(group.first.dtype.rawValue)</td><td class="text shape">\(group.first.shapeText)</td>\
        \(hasSeveralSets ? "<td class=\"text\">\(group.first.isa.rawValue)</td>" : "")\(cells.joined())</tr>
        """
    }
    let titles = counts.map { "<th class=\"text\">\($0) threads</th>" }.joined()
    return """
      <section>
      <h2>Threads</h2>
      <p class="note">How many times as fast as with one thread, or the fewest measured. A full bar is as many times as there
      are more threads; a kernel that the memory bounds cannot fill it.</p>
      <table class="kernels">
      <thead><tr><th>kernel</th><th class="text">type</th><th class="text">shape</th>\
      \(hasSeveralSets ? "<th class=\"text\">instructions</th>" : "")\(titles)</tr></thead>
      <tbody>\(rows.joined(separator: "\n"))</tbody>
      </table>
      </section>
      """
  }

  private struct ScalingRow {
    let first: KernelResult
    let speedups: [(threads: Int, factor: Double, ideal: Double)]

    init(_ results: [KernelResult]) {
      let first = results[0]
      self.first = first
      speedups = results.dropFirst().map {
        ($0.threads, first.medianSeconds / $0.medianSeconds, Double($0.threads) / Double(first.threads))
      }
    }
  }

  private static func scalingBar(_ speedup: (threads: Int, factor: Double, ideal: Double)) -> String {
    let width = rounded(min(max(speedup.factor / speedup.ideal, 0), 1) * 100)
    return "<div class=\"track\"><i style=\"width:\(width)%\"></i></div><span>\(rounded(speedup.factor))×</span>"
  }
}

extension KernelResult.Key {
  fileprivate var withoutThreads: Self {
    var key = self
    key.threads = 0
    return key
  }
}

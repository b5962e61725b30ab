import Farro
import Foundation

/// A profile as a page for people.
public enum Report {
  /// One HTML file that needs nothing else: no scripts, no fonts, no network. Light or dark as the reader's browser prefers.
  public static func html(_ profile: Profile) -> String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>\(escaped("Farro profile: \(profile.machine.name)"))</title>
    <style>
    \(ReportStyle.css)
    </style>
    </head>
    <body>
    <main>
    \(header(profile))
    \(tiles(profile))
    <section>
    <h2>Roofline</h2>
    <figure>
    \(Roofline.svg(profile))</figure>
    </section>
    \(peaks(profile))
    \(kernels(profile))
    \(scaling(profile))
    </main>
    </body>
    </html>

    """
  }

  // MARK: - The machine

  private static func header(_ profile: Profile) -> String {
    let machine = profile.machine
    let cores = machine.logicalCores
    let facts: [(String, String?)] = [
      ("Cores", machine.usableCores == cores ? "\(cores)" : "\(machine.usableCores) of \(cores) usable"),
      ("Threads", machine.openMP ? "\(machine.threads)" : "\(machine.threads) (built without OpenMP)"),
      ("Instructions", machine.instructionSets.map(\.rawValue).joined(separator: ", ")),
      ("Clock", machine.frequencyHertz.map { rounded($0 / 1e9) + " GHz" }),
      ("L1 data", machine.l1DataBytes.map(roundedBytes)),
      ("L2", machine.l2Bytes.map(roundedBytes)),
      ("L3", machine.l3Bytes.map(roundedBytes)),
      ("Memory", machine.memoryBytes.map(roundedBytes)),
    ]
    let list = facts.map { "<div><dt>\($0)</dt><dd>\(escaped($1 ?? "unknown"))</dd></div>" }.joined(separator: "\n")
    return """
      <header>
      <p class="kicker">Farro profile</p>
      <h1>\(escaped(machine.name))</h1>
      <dl>
      \(list)
      </dl>
      </header>
      """
  }

  /// What a reader wants to know first: the limits, and how much of them the kernels reach.
  private static func tiles(_ profile: Profile) -> String {
    let (isa, threads) = (profile.bestInstructionSet, profile.mostThreads)
    let threadText = threads == 1 ? "1 thread" : "\(threads) threads"
    var tiles: [(value: String, unit: String, label: String)] = []
    for (name, kind) in [("f32", Peak.Kind.fmaF32), ("f64", .fmaF64)] {
      guard let rate = profile.peak(kind, isa: isa, threads: threads) else { continue }
      tiles.append((rounded(rate), "GFLOP/s", "peak \(name) multiply-add, \(threadText)"))
    }
    if let rate = profile.copyPeak(.dram, isa: isa, threads: threads) {
      tiles.append((rounded(rate), "GB/s", "copy in main memory, \(threadText)"))
    }
    // One thread: a call too small to be worth waking others runs on one whatever is allowed, far below their bound.
    let fewest = profile.kernels.map(\.threads).min()
    let fewestText = fewest == 1 ? "1 thread" : threadText
    let measured = profile.kernels.filter { $0.threads == fewest && $0.isa == isa }
    if !measured.isEmpty {
      let median = Summary(measured.map(\.fractionOfBound)).median
      let share = String(percent(median).dropLast())
      tiles.append((share, "%", "of its bound reached by the median kernel, \(fewestText)"))
    }
    let items = tiles.map { tile in
      "<div class=\"tile\"><p class=\"value\">\(tile.value)<span>\(tile.unit)</span></p><p>\(escaped(tile.label))</p></div>"
    }
    return items.isEmpty ? "" : "<div class=\"tiles\">\n\(items.joined(separator: "\n"))\n</div>"
  }

  // MARK: - Peaks

  private static func peaks(_ profile: Profile) -> String {
    """
    <section>
    <h2>What the machine can do</h2>
    <div class="columns">
    \(arithmeticTable(profile))
    \(bandwidthTable(profile))
    </div>
    </section>
    """
  }

  private static func arithmeticTable(_ profile: Profile) -> String {
    let arithmetic = profile.peaks.filter { $0.level == nil }
    let rows = unique(arithmetic.map { PeakRow(isa: $0.isa, threads: $0.threads) }).map { row in
      let rates = Peak.Kind.arithmetic.map { profile.peak($0, isa: row.isa, threads: row.threads) }
      return "<tr><th>\(row.isa.rawValue)</th><td>\(row.threads)</td>"
        + rates.map { "<td>\($0.map(rounded) ?? "–")</td>" }.joined() + "</tr>"
    }
    // Room is short: of `dot_bf16` the type.
    let titles = Peak.Kind.arithmetic.map { "<th>\($0.rawValue.split(separator: "_").last!)</th>" }.joined()
    return """
      <table>
      <caption>Multiply-add, GFLOP/s (u8s8: of integers)</caption>
      <thead><tr><th>instructions</th><th>threads</th>\(titles)</tr></thead>
      <tbody>\(rows.joined(separator: "\n"))</tbody>
      </table>
      """
  }

  private static func bandwidthTable(_ profile: Profile) -> String {
    let bandwidths = profile.peaks.filter { $0.level != nil }
    let kinds = Peak.Kind.allCases.filter { kind in bandwidths.contains { $0.kind == kind } }
    let groups = unique(bandwidths.map { PeakRow(isa: $0.isa, threads: $0.threads) })
    let rows = groups.flatMap { group in
      MemoryLevel.allCases.compactMap { level -> String? in
        let rates = kinds.map { profile.peak($0, level, isa: group.isa, threads: group.threads) }
        guard rates.contains(where: { $0 != nil }) else { return nil }
        return "<tr><th>\(level.rawValue)</th><td class=\"text\">\(group.isa.rawValue)</td><td>\(group.threads)</td>"
          + rates.map { "<td>\($0.map(rounded) ?? "–")</td>" }.joined() + "</tr>"
      }
    }
    let titles = kinds.map { "<th>\($0.rawValue.replacing("_nt", with: " nt"))</th>" }.joined()
    return """
      <table>
      <caption>Bandwidth, GB/s read and written (nt: non-temporal stores)</caption>
      <thead><tr><th>level</th><th class="text">instructions</th><th>threads</th>\(titles)</tr></thead>
      <tbody>\(rows.joined(separator: "\n"))</tbody>
      </table>
      """
  }

  private struct PeakRow: Hashable {
    let isa: InstructionSet
    let threads: Int
  }

  static func unique<Element: Hashable>(_ elements: [Element]) -> [Element] {
    var seen: Set<Element> = []
    return elements.filter { seen.insert($0).inserted }
  }
}

import FarroProfile
import Foundation

extension Profile {
  /// The machine, its peaks and the kernels, as text for a terminal; and of calls that have several ways, which they went.
  var table: String {
    let faults = probeFaults.isEmpty ? "" : "\nprobe fault: above 105% of the bound; the bound was measured too low.\n"
    return """
      \(machine.name), \(machine.usableCores) of \(machine.logicalCores) cores usable

      \(arithmeticTable)
      \(bandwidthTable)
      \(kernelTable)
      """ + detailText + faults
  }

  private var configurations: [Configuration] {
    peaks.map(\.configuration).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  private var arithmeticTable: TextTable {
    var table = TextTable(["arithmetic GFLOP/s", "threads"] + Peak.Kind.arithmetic.map(\.rawValue), leftAligned: [0])
    for configuration in configurations {
      let rate = { (kind: Peak.Kind) in
        peaks.first { $0.configuration == configuration && $0.kind == kind }?.gflops.map { fixed($0, 1) } ?? "-"
      }
      table.append([configuration.isa.rawValue, "\(configuration.threads)"] + Peak.Kind.arithmetic.map(rate))
    }
    return table
  }

  private var bandwidthTable: TextTable {
    let kinds: [Peak.Kind] = [.read, .write, .writeNonTemporal, .copy, .copyNonTemporal, .triad]
    var table = TextTable(["memory GB/s", "threads", "level"] + kinds.map(\.rawValue), leftAligned: [0, 2])
    for configuration in configurations {
      for level in MemoryLevel.allCases {
        let measured = peaks.filter { $0.configuration == configuration && $0.level == level }
        if measured.isEmpty { continue }
        let rates = kinds.map { kind in measured.first { $0.kind == kind }?.gbps.map { fixed($0, 1) } ?? "-" }
        table.append([configuration.isa.rawValue, "\(configuration.threads)", level.rawValue] + rates)
      }
    }
    return table
  }

  private var kernelTable: TextTable {
    var table = TextTable(
      [
        "kernel", "type", "shape", "isa", "threads", "time", "±", "GFLOP/s", "GB/s", "flop/byte", "bound", "of bound",
        "scaling", "",
      ],
      leftAligned: [0, 1, 2, 3, 10, 13]
    )
    for result in kernels {
      table.append([
        result.name, result.dtype.rawValue, result.shape.dimensions, result.isa.rawValue,
        "\(result.threads)", duration(result.medianSeconds), percent(result.spread / 2), fixed(result.gflops, 1),
        fixed(result.gbps, 1), fixed(result.intensity, 1), result.bound.rawValue, percent(result.fractionOfBound),
        result.threads == 1 ? "" : scaling(of: result).map { fixed($0, 2) + "x" } ?? "",
        result.isProbeFault ? "probe fault" : "",
      ])
    }
    return table
  }

  /// How each kernel went about a shape, once for all numbers of threads.
  private var detailText: String {
    var table = TextTable(["plan of", "type", "shape", "isa", ""], leftAligned: [0, 1, 2, 3, 4])
    var rows: [[String]] = []
    for result in kernels {
      guard let detail = result.detail else { continue }
      let row = [result.name, result.dtype.rawValue, result.shape.dimensions, result.isa.rawValue, detail]
      if !rows.contains(row) { rows.append(row) }
    }
    for row in rows { table.append(row) }
    return rows.isEmpty ? "" : "\n\(table)"
  }
}

extension KernelResult.Key {
  /// "matmul f32 512x512x512, avx512, 2 threads".
  var title: String {
    "\(name) \(dtype.rawValue) \(shape.dimensions), \(isa.rawValue), \(threads) thread\(threads == 1 ? "" : "s")"
  }
}

extension [Int] {
  /// "512x512x512".
  var dimensions: String { map(String.init).joined(separator: "x") }
}

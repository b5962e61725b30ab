import ArgumentParser
import Foundation

/// What a subcommand prints on standard output.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case table, json
}

/// Standard output holds data only; everything else goes to standard error.
///
/// - Throws: `ExitCode`, having said why, when not all could be written: a full disk must not look like success.
func writeOutput(_ data: Data) throws {
  var rest = data
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    if count < 0 && errno == EINTR { continue }
    guard count > 0 else {
      complain("farro: cannot write to standard output: \(String(cString: strerror(errno)))")
      throw ExitCode(EX_IOERR)
    }
    rest = rest.dropFirst(count)
  }
}

func complain(_ message: String) {
  try? FileHandle.standardError.write(contentsOf: Data((message + "\n").utf8))
}

/// One line on standard error that is written over again, when that is a terminal.
struct ProgressLine {
  private let isShown = isatty(STDERR_FILENO) == 1

  func show(_ text: String) {
    if isShown { try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[K\(text)".utf8)) }
  }

  func clear() { show("") }
}

/// Columns of text, right-aligned except where told.
struct TextTable: CustomStringConvertible {
  private var rows: [[String]]
  private let leftAligned: Set<Int>

  init(_ titles: [String], leftAligned: Set<Int> = []) {
    rows = [titles]
    self.leftAligned = leftAligned
  }

  mutating func append(_ cells: [String]) { rows.append(cells) }

  /// A line per row, each ending with a newline.
  var description: String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max()! }
    return rows.map { cells in
      let line = cells.indices.map { column in
        let padding = String(repeating: " ", count: widths[column] - cells[column].count)
        return leftAligned.contains(column) ? cells[column] + padding : padding + cells[column]
      }
      return String(line.joined(separator: "  ").reversed().drop { $0 == " " }.reversed()) + "\n"
    }
    .joined()
  }
}

func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

func percent(_ fraction: Double) -> String { fixed(fraction * 100, 1) + "%" }

/// "1 file", "2 files".
func counted(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

/// Three digits or so with the unit that suits: "1.23 ms".
func duration(_ seconds: Double) -> String {
  let units = [("s", 1.0), ("ms", 1e-3), ("us", 1e-6)]
  let (name, scale) = units.first { seconds >= $0.1 } ?? (seconds == 0 ? ("s", 1) : ("ns", 1e-9))
  return significant(seconds / scale) + " " + name
}

func byteCount(_ bytes: Int) -> String {
  let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
  guard let (name, scale) = units.first(where: { bytes >= $0.1 }) else { return "\(bytes) B" }
  return significant(Double(bytes) / Double(scale)) + " " + name
}

private func significant(_ value: Double) -> String {
  fixed(value, value >= 100 || value == 0 ? 0 : value >= 10 ? 1 : 2)
}

import Foundation

/// Where documents come from: each is a file, or a line of one.
struct DocumentList: Sendable {
  private(set) var files: [String] = []
  /// The first document of each file.
  private var firsts: [Int] = []
  /// The line of each document, where they are lines.
  private(set) var lines: [UInt32] = []
  let areLines: Bool

  init(areLines: Bool) { self.areLines = areLines }

  /// The documents that follow are from this file; `count` have been before.
  mutating func begin(_ file: String, after count: Int) {
    files.append(file)
    firsts.append(count)
  }

  mutating func append(line: Int) { lines.append(UInt32(clamping: line)) }

  /// The place of a document's file among the files.
  func file(of document: Int) -> Int {
    // The last file that begins at or before it; files without documents begin there too, before it.
    var (low, high) = (0, firsts.count)
    while low < high {
      let middle = (low + high) / 2
      if firsts[middle] <= document { low = middle + 1 } else { high = middle }
    }
    return low - 1
  }

  /// "file", or "file:line".
  func name(of document: Int) -> String {
    let file = files[file(of: document)]
    return areLines ? "\(file):\(lines[document])" : file
  }

  /// As an object of JSON.
  func json(of document: Int) -> String {
    let file = jsonString(files[file(of: document)])
    return areLines ? "{\"file\":\(file),\"line\":\(lines[document])}" : "{\"file\":\(file)}"
  }
}

/// A string of JSON.
func jsonString(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\0"..<" ": result += String(format: "\\u%04x", scalar.value)
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}

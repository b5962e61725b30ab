import FarroData
import Foundation

/// What the file of a model is made of, to be changed and put together again.
struct ModelParts {
  struct StoredArray {
    let name: String
    var dtype: String
    var shape: [Int]
    var bytes: [UInt8]
  }

  /// Its kind, its version and the like, as JSON.
  private let texts: [(key: String, value: String)]
  /// The model's JSON.
  var structure: [UInt8]
  var arrays: [StoredArray]

  /// The parts of a file.
  init(_ file: [UInt8]) throws {
    let dataStart = 8 + (0..<8).reduce(0) { $0 | Int(file[$1]) << (8 * $1) }
    guard let header = try JSONSerialization.jsonObject(with: Data(file[8..<dataStart])) as? [String: Any],
      let metadata = header["__metadata__"] as? [String: String], let structure = metadata["farro.model"]
    else { throw DamageError(description: "the header is not one of a model") }
    texts = ["farro.layout", "farro.kind", "farro.version"].map { ($0, metadata[$0] ?? "") }
    self.structure = Array(structure.utf8)
    arrays = header.compactMap { name, entry -> (Int, StoredArray)? in
      guard let entry = entry as? [String: Any], let offsets = entry["data_offsets"] as? [Int],
        let shape = entry["shape"] as? [Int], let dtype = entry["dtype"] as? String
      else { return nil }
      let bytes = Array(file[dataStart + offsets[0]..<dataStart + offsets[1]])
      return (offsets[0], StoredArray(name: name, dtype: dtype, shape: shape, bytes: bytes))
    }
    .sorted { ($0.0, $0.1.bytes.count, $0.1.name) < ($1.0, $1.1.bytes.count, $1.1.name) }
    .map(\.1)
  }

  /// The file, under the right checksum.
  var bytes: [UInt8] {
    var header = #"{"__metadata__":{"farro.checksum":"0000000000000000""#
    for (key, value) in texts { header += ",\(quoted(key)):\(quoted(value))" }
    header += ",\"farro.model\":\(quoted(String(decoding: structure, as: UTF8.self)))}"
    var offset = 0
    for array in arrays {
      header += ",\(quoted(array.name)):{\"dtype\":\(quoted(array.dtype)),\"shape\":\(array.shape)"
      header += ",\"data_offsets\":[\(offset),\(offset + array.bytes.count)]}"
      offset += array.bytes.count
    }
    header += "}"
    header += String(repeating: " ", count: (64 - (8 + header.utf8.count) % 64) % 64)
    let length = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) }
    var file = length + Array(header.utf8) + arrays.flatMap(\.bytes)
    ModelFile.seal(&file)
    return file
  }

  /// Every change: of each place in the structure, and of each array.
  func damaged() -> [ModelParts] {
    changes(structure, names: arrays.map(\.name)).map { range, text in
      var parts = self
      parts.structure.replaceSubrange(range, with: Array(text.utf8))
      return parts
    }
      + arrays.indices.flatMap { place in
        arrays[place].damaged().map { array in
          var parts = self
          parts.arrays[place] = array
          return parts
        }
      }
  }
}

extension ModelParts.StoredArray {
  /// Its first, middle and last element become others; it has a row more, less or none; another shape; another type.
  fileprivate func damaged() -> [Self] {
    func with(_ change: (inout Self) -> Void) -> Self {
      var array = self
      change(&array)
      return array
    }
    let isFloating = dtype.hasPrefix("F") || dtype.hasPrefix("BF")
    var damaged = [with { $0.shape.append(1) }, with { $0.shape = [1] + $0.shape }]
    if shape.count > 1 { damaged.append(with { $0.shape = $0.shape.reversed() }) }
    for (dtype, other) in [("F64", "I64"), ("F32", "I32"), ("U64", "I64"), ("U8", "I8")] {
      if self.dtype == dtype { damaged.append(with { $0.dtype = other }) }
      if self.dtype == other { damaged.append(with { $0.dtype = dtype }) }
    }
    let count = shape.reduce(1, *)
    guard count > 0 else { return damaged }
    if !shape.isEmpty {
      let row = bytes.count / shape[0]
      damaged += [
        with { ($0.shape[0], $0.bytes) = (shape[0] - 1, $0.bytes.dropLast(row)) },
        with { ($0.shape[0], $0.bytes) = (shape[0] + 1, $0.bytes + $0.bytes.suffix(row)) },
        with { ($0.shape[0], $0.bytes) = (0, []) },
      ]
    }
    let width = bytes.count / count
    for element in Set([0, count / 2, count - 1]).sorted() {
      let place = element * width..<(element + 1) * width
      let (zero, ones) = ([UInt8](repeating: 0, count: width), [UInt8](repeating: 255, count: width))
      // The element that is one more, negative or much greater; a floating point number that is infinite or none.
      var others = [zero, ones, ones.dropLast() + [127], [1] + zero.dropFirst(), [UInt8](repeating: 1, count: width)]
      if isFloating {
        others += [
          zero.dropLast(2) + [dtype == "F64" ? 0xF0 : 0x80, 127], bytes[place].dropLast() + [bytes[place].last! ^ 128],
        ]
      } else {
        others += [
          [bytes[place].first! &+ 1] + bytes[place].dropFirst(), [bytes[place].first! &- 1] + bytes[place].dropFirst(),
        ]
      }
      for other in others where !other.elementsEqual(bytes[place]) {
        damaged.append(with { $0.bytes.replaceSubrange(place, with: other) })
      }
    }
    return damaged
  }
}

private func quoted(_ text: String) -> String {
  var quoted = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"", "\\": quoted += "\\\(scalar)"
    case "\u{0}"..<" ": quoted += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
    default: quoted.unicodeScalars.append(scalar)
    }
  }
  return quoted + "\""
}

// MARK: - The structure

/// The ways to change a JSON text in one place: a range, and what comes to stand there.
///
/// Numbers become other numbers, zero, negative, huge, broken or none; texts become empty, or others, or the names of arrays;
/// members lose their names; lists lose their last element, have it twice, or are empty. Of lists, the first, middle and last
/// elements are changed.
private func changes(_ json: [UInt8], names: [String]) -> [(Range<Int>, String)] {
  var found: [(Range<Int>, String)] = []
  func text(_ range: Range<Int>) -> String { String(decoding: json[range], as: UTF8.self) }

  /// Where the value ends that begins here.
  func end(_ start: Int) -> Int {
    var (place, depth, isText) = (start, 0, false)
    while true {
      switch json[place] {
      case UInt8(ascii: "\\"): place += 1
      case UInt8(ascii: "\""):
        isText.toggle()
        if !isText && depth == 0 { return place + 1 }
      case _ where isText: break
      case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        depth -= 1
        if depth <= 0 { return depth == 0 ? place + 1 : place }
      case UInt8(ascii: ","), UInt8(ascii: ":"): if depth == 0 { return place }
      default: break
      }
      place += 1
      if place == json.count { return place }
    }
  }
  /// The values within brackets, those of keys among them.
  func parts(_ range: Range<Int>) -> [Range<Int>] {
    var (parts, place) = ([Range<Int>](), range.lowerBound + 1)
    while place < range.upperBound - 1 {
      parts.append(place..<end(place))
      place = parts.last!.upperBound + 1
    }
    return parts
  }
  func visit(_ range: Range<Int>) {
    let own = text(range)
    func become(_ others: [String]) { found += others.filter { $0 != own }.map { (range, $0) } }
    switch json[range.lowerBound] {
    case UInt8(ascii: "{"):
      let parts = parts(range)
      for member in stride(from: 0, to: parts.count, by: 2) {
        found.append((parts[member], "\"other\""))
        visit(parts[member + 1])
      }
      become(["null", "{}", "[]"])
    case UInt8(ascii: "["):
      let parts = parts(range)
      become(["null", "[]", "{}", "[0]", "[[]]"])
      guard let last = parts.last else { return }
      let kept = parts.count > 1 ? parts[parts.count - 2].upperBound : last.lowerBound
      found.append((kept..<last.upperBound, ""))
      found.append((last, text(last) + "," + text(last)))
      for place in Set([0, parts.count / 2, parts.count - 1]).sorted() { visit(parts[place]) }
    case UInt8(ascii: "\""):
      become(["\"\"", "\"x\"", "\"nan\"", "null", "1"])
      // Of arrays, each takes the place of each.
      if names.contains(where: { quoted($0) == own }) { become(names.map(quoted)) }
    case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"):
      become(["true", "false", "null", "1"])
    default:
      let neighbors = Int32(own).map { ["\(Int($0) + 1)", "\(Int($0) - 1)"] } ?? []
      become(
        ["0", "1", "-1", "-\(own)", "0.5", "1000000", "9223372036854775807", "1e300", "\"inf\"", "\"nan\""] + neighbors
      )
    }
  }
  visit(0..<json.count)
  return found
}

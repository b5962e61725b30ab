import Farro

/// What a safetensors file begins with: the length of a JSON text, and the text.
struct SafetensorsHeader {
  let metadata: [String: String]
  /// In the order of their bytes.
  let entries: [Safetensors.Entry]

  static let metadataName = "__metadata__"
}

extension DType {
  /// What the format calls it.
  fileprivate var safetensorsName: String { rawValue.uppercased() }
}

// MARK: - Writing

extension SafetensorsHeader {
  /// The bytes before those of the arrays, which follow in their order; as many as a multiple of 64.
  static func encoded(_ arrays: [NamedArray], metadata: [JSON.Member]) -> [UInt8] {
    var members: [JSON.Member] = []
    if !metadata.isEmpty { members.append(JSON.Member(key: metadataName, value: .object(metadata))) }
    func numbers(_ values: [Int]) -> JSON { .array(values.map { .number("\($0)") }) }
    var offset = 0
    for array in arrays {
      let end = offset + array.byteCount
      members.append(
        JSON.Member(
          key: array.name,
          value: .object([
            JSON.Member(key: "dtype", value: .string(array.dtype.safetensorsName)),
            JSON.Member(key: "shape", value: numbers(array.shape)),
            JSON.Member(key: "data_offsets", value: numbers([offset, end])),
          ])
        )
      )
      offset = end
    }
    var text = JSON.object(members).text
    text += [UInt8](repeating: 0x20, count: ArrayFile.padding(after: 8 + text.count))
    return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
  }
}

// MARK: - Reading

extension SafetensorsHeader {
  /// Checks all that the format demands.
  init(_ memory: UnsafeRawBufferPointer, _ path: String?) throws(SafetensorsError) {
    func fail(_ problem: SafetensorsError.Problem, _ offset: Int = 8) -> SafetensorsError {
      SafetensorsError(problem: problem, file: path, offset: offset)
    }
    guard memory.count >= 8 else { throw fail(.shortFile(expectedBytes: 8, foundBytes: memory.count), 0) }
    let length = UInt64(littleEndian: memory.loadUnaligned(as: UInt64.self))
    guard length <= Safetensors.mostHeaderBytes else { throw fail(.longHeader(bytes: length), 0) }
    let dataStart = 8 + Int(length)
    guard memory.count >= dataStart else {
      throw fail(.shortFile(expectedBytes: dataStart, foundBytes: memory.count), 0)
    }
    guard length > 0, memory[8] == UInt8(ascii: "{") else { throw fail(.malformedHeader("it must begin with {")) }

    let json: JSON
    do throws(JSONError) {
      let text = UnsafeRawBufferPointer(rebasing: memory[8..<dataStart])
      json = try JSON(parsing: text.assumingMemoryBound(to: UInt8.self))
    } catch {
      let problem = error.duplicate.map(SafetensorsError.Problem.duplicateName) ?? .malformedHeader(error.problem)
      throw fail(problem, 8 + error.offset)
    }
    guard case .object(let members) = json else { throw fail(.malformedHeader("it must be an object")) }
    var metadata: [String: String] = [:]
    var entries: [Safetensors.Entry] = []
    do throws(SafetensorsProblem) {
      for member in members {
        if member.key == SafetensorsHeader.metadataName {
          metadata = try texts(member.value)
        } else {
          entries.append(try Safetensors.Entry(member, dataStart: dataStart, fileBytes: memory.count))
        }
      }
      entries.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
      try checkNeighbors(entries, dataStart: dataStart)
    } catch {
      throw fail(error.problem)
    }
    let end = entries.last?.range.upperBound ?? dataStart
    guard end == memory.count else { throw fail(.otherLength(expectedBytes: end, foundBytes: memory.count), end) }
    (self.metadata, self.entries) = (metadata, entries)
  }
}

private struct SafetensorsProblem: Error {
  let problem: SafetensorsError.Problem
  init(_ problem: SafetensorsError.Problem) { self.problem = problem }
}

private func texts(_ json: JSON) throws(SafetensorsProblem) -> [String: String] {
  guard case .object(let members) = json else {
    throw SafetensorsProblem(.malformedHeader("\(SafetensorsHeader.metadataName) must be an object"))
  }
  var texts: [String: String] = [:]
  for member in members {
    guard let text = member.value.string else {
      throw SafetensorsProblem(.malformedHeader("the text \(quoted(member.key)) is \(member.value.kind)"))
    }
    texts[member.key] = text
  }
  return texts
}

private func checkNeighbors(_ entries: [Safetensors.Entry], dataStart: Int) throws(SafetensorsProblem) {
  var previous: Safetensors.Entry?
  for entry in entries {
    let end = previous?.range.upperBound ?? dataStart
    if entry.range.lowerBound > end { throw SafetensorsProblem(.hole(before: entry.name)) }
    if entry.range.lowerBound < end {
      throw SafetensorsProblem(.overlap(array: entry.name, before: previous?.name ?? ""))
    }
    previous = entry
  }
}

extension Safetensors.Entry {
  fileprivate init(_ member: JSON.Member, dataStart: Int, fileBytes: Int) throws(SafetensorsProblem) {
    let name = member.key
    func malformed(_ what: String) -> SafetensorsProblem {
      SafetensorsProblem(.malformedHeader("the array \(quoted(name)) has no \(what)"))
    }
    func counts(_ key: String) -> [Int]? {
      guard case .array(let values) = member.value[key] else { return nil }
      let counts = values.compactMap(\.count)
      return counts.count == values.count ? counts : nil
    }
    guard let dtypeName = member.value["dtype"]?.string else { throw malformed("type of elements") }
    guard let dtype = DType.allCases.first(where: { $0.safetensorsName == dtypeName }) else {
      throw SafetensorsProblem(.unsupportedDType(dtypeName, array: name))
    }
    guard let shape = counts("shape") else { throw malformed("shape of whole numbers") }
    guard let offsets = counts("data_offsets"), offsets.count == 2, offsets[0] <= offsets[1] else {
      throw malformed("pair of offsets that ascend")
    }
    // Also of an array without elements the other lengths must have a product, as a tensor's must.
    var bytes = dtype.bytes
    for length in shape where length != 0 {
      let (product, isTooLarge) = bytes.multipliedReportingOverflow(by: length)
      guard !isTooLarge else { throw SafetensorsProblem(.oversizedShape(shape, array: name)) }
      bytes = product
    }
    if shape.contains(0) { bytes = 0 }
    let found = offsets[1] - offsets[0]
    guard found == bytes else {
      throw SafetensorsProblem(.otherSize(array: name, expectedBytes: bytes, foundBytes: found))
    }
    guard offsets[1] <= fileBytes - dataStart else { throw SafetensorsProblem(.outOfBounds(array: name)) }
    self.init(name: name, dtype: dtype, shape: shape, range: dataStart + offsets[0]..<dataStart + offsets[1])
  }
}

import Farro

// The bound is the bandwidth of reading.

let nearDuplicateKernels = [jsonLinesKernel, bandKeysKernel]

/// Shapes are [lines, bytes of each line's text], without escapes: those would be taken out by the first run.
private let jsonLinesKernel = ProfiledKernel(
  family: "sketch",
  name: "json_lines",
  dtype: .u8,
  shapes: [[5, 83], [31, 1000], [16, 4096], [4096, 1 << 15]],
  inCache: [16, 4096],
  outOfCache: [4096, 1 << 15],
  traffic: .read,
  flops: { _ in 0 },
  bytes: { Double($0[0] * line(of: $0[1]).count) },
  prepare: { shape in
    let (line, field) = (line(of: shape[1]), JSONField(["text"]))
    var lines = [UInt8]((0..<shape[0]).map { _ in line }.joined())
    let offsets = (0...shape[0]).map { $0 * line.count }
    let first = line.count - shape[1] - 3
    return ProfiledKernel.Prepared(
      run: { lines.withUnsafeMutableBytes { blackHole(field.texts(in: $0, offsets: offsets)) } },
      verify: {
        let found = lines.withUnsafeMutableBytes { field.texts(in: $0, offsets: offsets) }
        return exactError(found, offsets.dropLast().map { .text($0 + first..<$0 + first + shape[1]) })
      }
    )
  }
)

private func line(of bytes: Int) -> [UInt8] {
  let text = (0..<bytes).map { $0 % 7 == 6 ? UInt8(ascii: " ") : UInt8(ascii: "a") + UInt8($0 % 26) }
  return Array(#"{"id":12345,"url":"https://example.com","text":""#.utf8) + text + Array("\"}\n".utf8)
}

/// Shapes are [signatures, slots], which are cut into bands of 8.
private let bandKeysKernel = ProfiledKernel(
  family: "sketch",
  name: "band_keys",
  dtype: .u32,
  shapes: [[3, 17], [512, 128], [1 << 18, 128]],
  inCache: [512, 128],
  outOfCache: [1 << 18, 128],
  traffic: .read,
  flops: { _ in 0 },
  bytes: { Double($0[0] * ($0[1] * 4 + $0[1] / 8 * 8)) },
  prepare: { shape in
    let (count, slots) = (shape[0], shape[1])
    let bands = slots / 8
    let random = operand(Float.self, shape: [count, slots]).withUnsafeBufferPointer { $0.map(\.bitPattern) }
    var keys = [UInt64](repeating: 0, count: count * bands)
    func make(_ keys: inout [UInt64], _ first: Int, _ count: Int) {
      random.withUnsafeBufferPointer { slotsOfAll in
        let rows = slotsOfAll.baseAddress! + first * slots
        keys.withUnsafeMutableBufferPointer {
          NearDuplicateKernels.makeKeys(rows, count: count, slots: slots, bands: bands, rows: 8, into: $0.baseAddress!)
        }
      }
    }
    return ProfiledKernel.Prepared(
      run: { make(&keys, 0, count) },
      verify: {
        // One signature at a time.
        make(&keys, 0, count)
        let places = [0, count / 2, count - 1]
        let alone = places.flatMap { place in
          var keys = [UInt64](repeating: 0, count: bands)
          make(&keys, place, 1)
          return keys
        }
        return exactError(places.flatMap { place in (0..<bands).map { keys[$0 * count + place] } }, alone)
      }
    )
  }
)

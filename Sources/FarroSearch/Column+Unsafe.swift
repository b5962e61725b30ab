import Farro
import FarroData

/// Elements one after the other that grow at the end, in memory of their own or, until they are changed, in a mapped file.
/// A value: copies share memory until one of them changes.
///
/// `@unchecked Sendable`: memory is written only by a column that holds the sole reference to it.
struct Column<Element: BitwiseCopyable>: @unchecked Sendable {
  private var memory: ColumnMemory
  private(set) var base: UnsafeMutablePointer<Element>
  private(set) var count: Int

  init() {
    memory = ColumnMemory(bytes: 0)
    base = memory.base.assumingMemoryBound(to: Element.self)
    count = 0
  }

  init(_ elements: some Sequence<Element>) {
    self.init()
    let elements = Array(elements)
    append(elements.count) { for i in elements.indices { $0[i] = elements[i] } }
  }

  /// The elements of a mapped section, in place.
  ///
  /// - Precondition: its length is a multiple of the element's.
  init(_ section: MappedSection) {
    memory = ColumnMemory(mapped: section)
    base = memory.base.assumingMemoryBound(to: Element.self)
    count = section.count / MemoryLayout<Element>.stride
  }

  var bytes: Int { count * MemoryLayout<Element>.stride }

  subscript(i: Int) -> Element {
    get { withExtendedLifetime(memory) { base[i] } }
    set {
      makeUnique()
      base[i] = newValue
    }
  }

  /// Makes this column the only one that sees its elements, with room for `capacity` of them.
  mutating func makeUnique(capacity: Int = 0) {
    let needed = max(capacity, count) * MemoryLayout<Element>.stride
    if isKnownUniquelyReferenced(&memory), !memory.isMapped, needed <= memory.bytes { return }
    // Grows by half, so that elements are copied a few times at most; no more than is asked for at first.
    let grown = ColumnMemory(bytes: capacity > count && count > 0 ? max(needed, bytes * 3 / 2) : needed)
    let elements = grown.base.assumingMemoryBound(to: Element.self)
    elements.update(from: base, count: count)
    (memory, base) = (grown, elements)
  }

  /// Appends elements that `body` writes.
  mutating func append(_ more: Int, _ body: (UnsafeMutablePointer<Element>) -> Void) {
    makeUnique(capacity: count + more)
    body(base + count)
    count += more
  }

  mutating func append(repeating element: Element, count more: Int) {
    append(more) { $0.update(repeating: element, count: more) }
  }

  /// Removes the rows of `width` elements at `places`, which ascend; the others move together.
  mutating func remove(_ places: [Int], width: Int) {
    makeUnique()
    var to = base + (places.first ?? 0) * width
    for (i, place) in places.enumerated() {
      let next = i + 1 < places.count ? places[i + 1] : count / width
      let kept = (next - place - 1) * width
      to.update(from: base + (place + 1) * width, count: kept)
      to += kept
    }
    count -= places.count * width
  }

  /// Forgets the elements from `count` on.
  mutating func truncate(to count: Int) { self.count = min(count, self.count) }

  func withUnsafeBufferPointer<Result>(_ body: (UnsafeBufferPointer<Element>) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(memory) { try body(UnsafeBufferPointer(start: base, count: count)) }
  }

  /// As a section of a file.
  func section(_ name: String) -> ArrayFileSection {
    ArrayFileSection(name) { visit in try withUnsafeBufferPointer { try visit(UnsafeRawBufferPointer($0)) } }
  }
}

extension Column where Element: TensorScalar {
  /// Appends the elements of a tensor.
  mutating func append(_ tensor: Tensor<Element>) {
    append(tensor.count) { place in
      tensor.withUnsafeBufferPointer { if let base = $0.baseAddress { place.update(from: base, count: tensor.count) } }
    }
  }

  /// Some rows of `d` elements, copied.
  func rows(_ numbers: some RandomAccessCollection<Int>, _ d: Int) -> Tensor<Element> {
    Tensor(unsafeUninitializedShape: [numbers.count, d]) { rows in
      guard let to = rows.baseAddress else { return }
      withExtendedLifetime(memory) {
        for (i, number) in numbers.enumerated() { (to + i * d).update(from: base + number * d, count: d) }
      }
    }
  }
}

/// Aligned to 64 bytes, and freed or unmapped with the last reference.
private final class ColumnMemory {
  let base: UnsafeMutableRawPointer
  let bytes: Int
  private let mapped: (any AnyObject & Sendable)?
  var isMapped: Bool { mapped != nil }

  init(bytes: Int) {
    base = .allocate(byteCount: max(bytes, 64), alignment: 64)
    self.bytes = bytes
    mapped = nil
  }

  init(mapped section: MappedSection) {
    // Never written: a column copies what is mapped before it changes it.
    base = UnsafeMutableRawPointer(mutating: section.memory.baseAddress!)
    bytes = section.count
    mapped = section.owner
  }

  deinit { if mapped == nil { base.deallocate() } }
}

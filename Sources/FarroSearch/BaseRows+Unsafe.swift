import Farro
import FarroData

/// Rows of a tensor or of a file, shown some at a time.
struct BaseRows<Element: TensorScalar>: Sendable {
  let withRows: @Sendable (Range<Int>, (UnsafeBufferPointer<Element>) -> Void) -> Void

  init(_ withRows: @escaping @Sendable (Range<Int>, (UnsafeBufferPointer<Element>) -> Void) -> Void) {
    self.withRows = withRows
  }

  func result<Result>(_ range: Range<Int>, _ body: (UnsafeBufferPointer<Element>) -> Result) -> Result {
    var result: Result?
    withRows(range) { result = body($0) }
    return result!
  }
}

extension MappedTensor {
  /// Calls `body` with a part of the leading axis, in place.
  func withRows(_ range: Range<Int>, _ body: (UnsafeBufferPointer<Scalar>) -> Void) {
    let width = shape.dropFirst().reduce(1, *)
    withUnsafeBufferPointer { all in
      body(UnsafeBufferPointer(rebasing: all[range.lowerBound * width..<range.upperBound * width]))
    }
  }
}

/// The first element that is NaN or infinite.
func firstNotFinite<Element: TensorScalar>(_ elements: UnsafeBufferPointer<Element>) -> (place: Int, value: String)? {
  // A sum that is not finite may have overflowed.
  if hasFiniteSum(elements) { return nil }
  // Of such elements, and of no others, all bits of the exponent are set.
  let place: Int? =
    switch Element.dtype {
    case .f32: first(UnsafeRawBufferPointer(elements), withAll: Float.infinity.bitPattern)
    case .f64: first(UnsafeRawBufferPointer(elements), withAll: Double.infinity.bitPattern)
    default: nil
    }
  return place.map { ($0, "\(elements[$0])") }
}

private func first<Word: FixedWidthInteger>(_ bytes: UnsafeRawBufferPointer, withAll bits: Word) -> Int? {
  bytes.withMemoryRebound(to: Word.self) { words in words.firstIndex { $0 & bits == bits } }
}

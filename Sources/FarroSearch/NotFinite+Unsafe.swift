import Farro

/// The first element that is NaN or infinite.
func firstNotFinite<Element: TensorScalar>(_ tensor: Tensor<Element>) -> (place: Int, value: String)? {
  tensor.withUnsafeBufferPointer(firstNotFinite)
}

private func firstNotFinite<Element: TensorScalar>(
  _ elements: UnsafeBufferPointer<Element>
) -> (place: Int, value: String)? {
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

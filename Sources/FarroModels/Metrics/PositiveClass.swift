import Farro

/// Which of two classes is the positive one, if a caller does not say.
///
/// - Parameter labels: In their order.
func positiveClass<Label: Hashable & Sendable>(of labels: [Label]) throws(MetricError) -> Label {
  if Label.self == Bool.self { return true as! Label }
  func one<Integer: FixedWidthInteger>(_: Integer.Type) -> Label? {
    let found = labels as! [Integer]
    let isUsual = found.count <= 2 && found.allSatisfy { $0 == 1 || $0 == 0 || $0 == -1 }
    return isUsual && found.contains(1) ? (1 as Integer as! Label) : nil
  }
  if let integer = Label.self as? any FixedWidthInteger.Type, let one = one(integer) { return one }
  guard labels.count == 2 else {
    throw .classes(labels, "which one is positive must be said, unless there are two")
  }
  return labels[1]
}

/// 1 for each row of the positive class, 0 for all others.
func positiveRows<Label: Hashable & Sendable>(
  _ actual: [Label],
  _ positive: Label?
) throws(MetricError) -> Tensor<UInt8> {
  if let positive { return mask(actual, positive) }
  if let flags = actual as? [Bool] { return mask(flags, true) }
  let classes = try Classes(of: actual)
  let label = try positiveClass(of: classes.labels)
  return mask(classes.codes[0], Int32(classes.labels.firstIndex(of: label)!))
}

/// 1 for each label that is equal.
func mask<Label: Hashable>(_ labels: [Label], _ label: Label) -> Tensor<UInt8> {
  @inline(__always)
  func compare<Known: Equatable>(_: Known.Type) -> Tensor<UInt8>? {
    guard Label.self == Known.self else { return nil }
    return equal(labels as! [Known], label as! Known)
  }
  // Of types that are known here, the loop compares vectors.
  return compare(Int.self) ?? compare(Int32.self) ?? compare(Bool.self) ?? compare(UInt8.self)
    ?? equal(labels, label)
}

@inline(__always)
private func equal<Label: Equatable>(_ labels: [Label], _ label: Label) -> Tensor<UInt8> {
  Tensor(unsafeUninitializedShape: [labels.count]) { mask in
    for row in labels.indices { mask[row] = labels[row] == label ? 1 : 0 }
  }
}

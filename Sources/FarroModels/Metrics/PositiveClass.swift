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
  if Label.self == Bool.self { return mask(actual, true as! Label) }
  // Of two integers the larger one is positive: it is 1, or the last.
  if let labels = known(actual, Int.self), let mask = maskOfLarger(labels) { return mask }
  if let labels = known(actual, Int32.self), let mask = maskOfLarger(labels) { return mask }
  let classes = try Classes(of: actual)
  let label = try positiveClass(of: classes.labels)
  // As the labels are numbers by now, those are compared.
  guard let place = classes.labels.firstIndex(of: label) else { return mask(classes.codes[0], -1) }
  return mask(classes.codes[0], Int32(place))
}

// MARK: - Comparisons of whole arrays

// Each type by its name: where the compiler knows it, vectors are compared; otherwise a row takes some 50 ns.

/// 1 for each label that is equal.
func mask<Label: Hashable>(_ labels: [Label], _ label: Label) -> Tensor<UInt8> {
  if let labels = known(labels, Int.self) { return equal(labels, label as! Int) }
  if let labels = known(labels, Int32.self) { return equal(labels, label as! Int32) }
  if let labels = known(labels, UInt8.self) { return equal(labels, label as! UInt8) }
  if let labels = known(labels, Bool.self) { return equal(labels, label as! Bool) }
  if let labels = known(labels, String.self) { return equal(labels, label as! String) }
  return equal(labels, label)
}

/// 1 for each row where both have the same label.
func matches<Label: Hashable>(_ a: [Label], _ b: [Label]) -> Tensor<UInt8> {
  if let a = known(a, Int.self), let b = known(b, Int.self) { return equal(a, b) }
  if let a = known(a, Int32.self), let b = known(b, Int32.self) { return equal(a, b) }
  if let a = known(a, UInt8.self), let b = known(b, UInt8.self) { return equal(a, b) }
  if let a = known(a, Bool.self), let b = known(b, Bool.self) { return equal(a, b) }
  if let a = known(a, String.self), let b = known(b, String.self) { return equal(a, b) }
  return equal(a, b)
}

/// 1 for each label that is the larger one of two that occur; nil if there is one only, or are others.
@inline(__always)
private func maskOfLarger<Integer: FixedWidthInteger>(_ labels: [Integer]) -> Tensor<UInt8>? {
  var (low, high) = (Integer.max, Integer.min)
  for label in labels {
    low = min(low, label)
    high = max(high, label)
  }
  guard low < high else { return nil }
  var others = 0 as Integer
  let mask = Tensor<UInt8>(unsafeUninitializedShape: [labels.count]) { mask in
    for row in labels.indices {
      let label = labels[row]
      others |= label == low || label == high ? 0 : 1
      mask[row] = label == high ? 1 : 0
    }
  }
  return others == 0 ? mask : nil
}

@inline(__always)
private func equal<Label: Equatable>(_ labels: [Label], _ label: Label) -> Tensor<UInt8> {
  Tensor(unsafeUninitializedShape: [labels.count]) { mask in
    for row in labels.indices { mask[row] = labels[row] == label ? 1 : 0 }
  }
}

@inline(__always)
private func equal<Label: Equatable>(_ a: [Label], _ b: [Label]) -> Tensor<UInt8> {
  Tensor(unsafeUninitializedShape: [a.count]) { mask in
    for row in a.indices { mask[row] = a[row] == b[row] ? 1 : 0 }
  }
}

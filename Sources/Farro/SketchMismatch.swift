/// Two sketches cannot be merged: they were made in different ways, so that no sketch is that of both.
public struct SketchMismatch: Error, Hashable, Sendable {
  /// The type of both: "HyperLogLog".
  public let sketch: String
  /// What differs, of both: "seeds".
  public let property: String
  /// That of the sketch that was to take in the other.
  public let first: String
  /// That of the other.
  public let second: String
}

extension SketchMismatch: CustomStringConvertible {
  /// What differs, in one line.
  public var description: String {
    "\(sketch): sketches whose \(property) are \(first) and \(second) cannot be merged"
  }
}

/// Throws unless both sketches have the same.
func requireEqual<Value: Equatable>(
  _ sketch: StaticString,
  _ property: StaticString,
  _ first: Value,
  _ second: Value
) throws(SketchMismatch) {
  guard first != second else { return }
  throw SketchMismatch(sketch: "\(sketch)", property: "\(property)", first: "\(first)", second: "\(second)")
}

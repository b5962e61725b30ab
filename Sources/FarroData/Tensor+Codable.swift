import Farro

/// What a model's file stores as an array, and not as JSON.
protocol StoredArray {
  /// `nil` when it is so small that it is better seen in JSON.
  func stored(as name: String) -> NamedArray?
  init(_ file: Safetensors, _ name: String) throws
}

extension Tensor: StoredArray {
  func stored(as name: String) -> NamedArray? { NamedArray(name, self) }
  init(_ file: Safetensors, _ name: String) throws { self = try file.tensor(name) }
}

extension Array: StoredArray where Element: TensorScalar {
  func stored(as name: String) -> NamedArray? { count < 16 ? nil : NamedArray(name, Tensor(self)) }
  init(_ file: Safetensors, _ name: String) throws {
    let tensor = try file.tensor(name, as: Element.self)
    guard tensor.rank == 1 else {
      throw SafetensorsError(
        problem: .malformedHeader("the array \(quoted(name)) must have one axis, not the shape \(tensor.shape)"),
        file: file.path,
        offset: 8
      )
    }
    self = tensor.scalars
  }
}

/// A tensor is its shape and its elements, row by row. (A ``ModelFile`` stores it as an array.)
extension Tensor: Codable {
  private enum CodingKeys: CodingKey { case shape, elements }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(shape, forKey: .shape)
    switch scalars.first?.scalarValue {
    case .floating: try container.encode(Tensor<Double>(casting: self).scalars, forKey: .elements)
    case .unsigned: try container.encode(Tensor<UInt64>(casting: self).scalars, forKey: .elements)
    case .signed, nil: try container.encode(Tensor<Int64>(casting: self).scalars, forKey: .elements)
    }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let shape = try container.decode([Int].self, forKey: .shape)
    func invalid(_ problem: String) -> DecodingError {
      DecodingError.dataCorruptedError(forKey: .elements, in: container, debugDescription: problem)
    }
    let elements: [ScalarValue]
    switch Scalar.dtype {
    case .bf16, .f16, .f32, .f64:
      elements = try container.decode([Double].self, forKey: .elements).map(\.scalarValue)
    case .u8, .u16, .u32, .u64:
      elements = try container.decode([UInt64].self, forKey: .elements).map(\.scalarValue)
    case .bool, .i8, .i16, .i32, .i64:
      elements = try container.decode([Int64].self, forKey: .elements).map(\.scalarValue)
    }
    var count = 1
    for length in shape where length != 0 {
      let (product, isTooLarge) = count.multipliedReportingOverflow(by: length)
      guard length > 0, !isTooLarge, product < 1 << 48 else { throw invalid("no tensor has the shape \(shape)") }
      count = product
    }
    guard elements.count == (shape.contains(0) ? 0 : count) else {
      throw invalid("\(elements.count) elements cannot have the shape \(shape)")
    }
    let range = Scalar.range
    if let range, let element = elements.first(where: { !$0.isWithin(range) }) {
      throw invalid("\(element) exceeds what an element of the type \(Scalar.dtype.rawValue) can be")
    }
    self.init(elements.map { Scalar(casting: $0) }, shape: shape)
  }
}

extension TensorScalar {
  /// What an integer or a boolean can be; of floating-point numbers, `nil`.
  fileprivate static var range: ClosedRange<Int64>? {
    switch dtype {
    case .bool: 0...1
    case .i8: -128...127
    case .i16: -32_768...32_767
    case .i32: Int64(Int32.min)...Int64(Int32.max)
    case .u8: 0...255
    case .u16: 0...65_535
    case .u32: 0...Int64(UInt32.max)
    case .i64, .u64, .bf16, .f16, .f32, .f64: nil
    }
  }
}

extension ScalarValue {
  fileprivate func isWithin(_ range: ClosedRange<Int64>) -> Bool {
    switch self {
    case .signed(let number): range.contains(number)
    case .unsigned(let number): number <= UInt64(range.upperBound)
    case .floating: true
    }
  }
}

import CKernels

extension Broadcast {
  /// `out[i] = operation(a[i], b[i])` for each element of the result.
  @inlinable @inline(__always)
  func combine<Operand, Result>(
    _ a: UnsafePointer<Operand>,
    _ b: UnsafePointer<Operand>,
    _ out: UnsafeMutablePointer<Result>,
    _ operation: (Operand, Operand) -> Result
  ) {
    forEachBlock { aOffset, bOffset, outOffset in
      for row in 0..<block.rows {
        let a = a + (aOffset + row * block.aRow)
        let b = b + (bOffset + row * block.bRow)
        let out = out + (outOffset + row * block.columns)
        // Loops apart, so that each can be vectorized.
        switch (block.aStep, block.bStep) {
        case (0, _):
          let first = a[0]
          for i in 0..<block.columns { out[i] = operation(first, b[i]) }
        case (_, 0):
          let second = b[0]
          for i in 0..<block.columns { out[i] = operation(a[i], second) }
        default:
          for i in 0..<block.columns { out[i] = operation(a[i], b[i]) }
        }
      }
    }
  }

  /// The same by the C kernels for `Float` and `Double`, and by Swift's trapping operators for integers. `out` may be `a`
  /// where `a` is not repeated.
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  @usableFromInline
  func combine<Scalar: ArithmeticScalar>(
    _ operation: Arithmetic,
    _ a: UnsafePointer<Scalar>,
    _ b: UnsafePointer<Scalar>,
    _ out: UnsafeMutablePointer<Scalar>
  ) {
    switch Scalar.dtype {
    case .f32: combine(operation.f32, operation.name, a.f32, b.f32, out.f32)
    case .f64: combine(operation.f64, operation.name, a.f64, b.f64, out.f64)
    case .i8: combineIntegers(operation, a.as(Int8.self), b.as(Int8.self), out.as(Int8.self))
    case .i16: combineIntegers(operation, a.as(Int16.self), b.as(Int16.self), out.as(Int16.self))
    case .i32: combineIntegers(operation, a.as(Int32.self), b.as(Int32.self), out.as(Int32.self))
    case .i64: combineIntegers(operation, a.as(Int64.self), b.as(Int64.self), out.as(Int64.self))
    case .u8: combineIntegers(operation, a.as(UInt8.self), b.as(UInt8.self), out.as(UInt8.self))
    case .u16: combineIntegers(operation, a.as(UInt16.self), b.as(UInt16.self), out.as(UInt16.self))
    case .u32: combineIntegers(operation, a.as(UInt32.self), b.as(UInt32.self), out.as(UInt32.self))
    case .u64: combineIntegers(operation, a.as(UInt64.self), b.as(UInt64.self), out.as(UInt64.self))
    case .bool, .bf16, .f16: stop("\(operation.name): no arithmetic on \(Scalar.self)")
    }
  }

  private func combine<Scalar>(
    _ kernel: Arithmetic.Kernel<Scalar>,
    _ name: StaticString,
    _ a: UnsafePointer<Scalar>,
    _ b: UnsafePointer<Scalar>,
    _ out: UnsafeMutablePointer<Scalar>
  ) {
    var shape = farro_binary_shape(
      rows: block.rows,
      columns: block.columns,
      a_row: block.aRow,
      a_step: block.aStep,
      b_row: block.bRow,
      b_step: block.bStep,
      out_row: block.columns
    )
    forEachBlock { aOffset, bOffset, outOffset in
      check(kernel(&shape, a + aOffset, b + bOffset, out + outOffset), name)
    }
  }

  private func combineIntegers<Integer: FixedWidthInteger>(
    _ operation: Arithmetic,
    _ a: UnsafePointer<Integer>,
    _ b: UnsafePointer<Integer>,
    _ out: UnsafeMutablePointer<Integer>
  ) {
    switch operation {
    case .add: combine(a, b, out, +)
    case .subtract: combine(a, b, out, -)
    case .multiply: combine(a, b, out, *)
    case .divide: combine(a, b, out, /)
    }
  }
}

/// The four operations, and the C kernels of each.
@usableFromInline
enum Arithmetic {
  typealias Kernel<Scalar> = (
    UnsafePointer<farro_binary_shape>?, UnsafePointer<Scalar>?, UnsafePointer<Scalar>?, UnsafeMutablePointer<Scalar>?
  ) -> farro_status

  case add, subtract, multiply, divide

  @usableFromInline var name: StaticString {
    switch self {
    case .add: "+"
    case .subtract: "-"
    case .multiply: "*"
    case .divide: "/"
    }
  }

  var f32: Kernel<Float> {
    switch self {
    case .add: farro_add_f32
    case .subtract: farro_subtract_f32
    case .multiply: farro_multiply_f32
    case .divide: farro_divide_f32
    }
  }

  var f64: Kernel<Double> {
    switch self {
    case .add: farro_add_f64
    case .subtract: farro_subtract_f64
    case .multiply: farro_multiply_f64
    case .divide: farro_divide_f64
    }
  }
}

extension Tensor where Scalar: ArithmeticScalar {
  @inlinable
  init(_ operation: Arithmetic, _ a: Tensor, _ b: Tensor) {
    let plan = Broadcast(a.shape, b.shape, operation.name)
    self.init(uninitialized: plan.shape, count: plan.count)
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { plan.combine(operation, a.baseAddress!, $0.baseAddress!, storage.base) }
    }
  }

  @inlinable
  init(_ operation: Arithmetic, _ a: Tensor, _ b: Scalar) {
    let plan = Broadcast(a.shape, count: a.count, isScalarFirst: false)
    self.init(uninitialized: plan.shape, count: plan.count)
    a.withUnsafeBufferPointer { a in
      withUnsafePointer(to: b) { plan.combine(operation, a.baseAddress!, $0, storage.base) }
    }
  }

  @inlinable
  init(_ operation: Arithmetic, _ a: Scalar, _ b: Tensor) {
    let plan = Broadcast(b.shape, count: b.count, isScalarFirst: true)
    self.init(uninitialized: plan.shape, count: plan.count)
    b.withUnsafeBufferPointer { b in
      withUnsafePointer(to: a) { plan.combine(operation, $0, b.baseAddress!, storage.base) }
    }
  }

  /// In place, unless another tensor shares the elements: then into new memory, without copying them first.
  @inlinable
  mutating func apply(_ operation: Arithmetic, _ other: Tensor) {
    let plan = Broadcast(shape, other.shape, operation.name)
    require(
      plan.shape == shape,
      "\(operation.name)=: the shape \(shape) cannot hold its combination with the shape \(other.shape)"
    )
    guard isKnownUniquelyReferenced(&storage) else {
      self = Tensor(operation, self, other)
      return
    }
    let elements = storage.base + offset
    other.withUnsafeBufferPointer { plan.combine(operation, elements, $0.baseAddress!, elements) }
  }

  @inlinable
  mutating func apply(_ operation: Arithmetic, _ other: Scalar) {
    guard isKnownUniquelyReferenced(&storage) else {
      self = Tensor(operation, self, other)
      return
    }
    let plan = Broadcast(shape, count: count, isScalarFirst: false)
    let elements = storage.base + offset
    withUnsafePointer(to: other) { plan.combine(operation, elements, $0, elements) }
  }
}

extension Tensor {
  /// `operation` on each pair of elements, for the comparisons.
  @inlinable @inline(__always)
  static func compare(_ a: Tensor, _ b: Tensor, _ name: StaticString, _ operation: (Scalar, Scalar) -> Bool)
    -> Tensor<Bool>
  {
    let plan = Broadcast(a.shape, b.shape, name)
    let result = Tensor<Bool>(uninitialized: plan.shape, count: plan.count)
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { plan.combine(a.baseAddress!, $0.baseAddress!, result.storage.base, operation) }
    }
    return result
  }

  /// The same with one number.
  @inlinable @inline(__always)
  static func compare(_ a: Tensor, _ b: Scalar, _ operation: (Scalar, Scalar) -> Bool) -> Tensor<Bool> {
    let plan = Broadcast(a.shape, count: a.count, isScalarFirst: false)
    let result = Tensor<Bool>(uninitialized: plan.shape, count: plan.count)
    a.withUnsafeBufferPointer { a in
      withUnsafePointer(to: b) { plan.combine(a.baseAddress!, $0, result.storage.base, operation) }
    }
    return result
  }

  /// Whether all elements are equal; the shapes are.
  @inlinable @inline(__always)
  func hasEqualElements(_ other: Tensor) -> Bool {
    withUnsafeBufferPointer { a in
      other.withUnsafeBufferPointer { b in
        // No branch within a block, so that it can be vectorized.
        for block in stride(from: 0, to: count, by: 256) {
          var areEqual = true
          for i in block..<Swift.min(block + 256, count) { areEqual = (a[i] == b[i]) && areEqual }
          if !areEqual { return false }
        }
        return true
      }
    }
  }
}

import CKernels

/// How a matrix product is carried out: which way it goes and how it is cut.
///
/// It depends on the shapes, the element type and the instruction set that is current when it is made, never on the number of
/// threads.
///
/// ```swift
/// print(MatmulPlan([1024, 1024], [1024, 1024], of: Float.self))
/// ```
public struct MatmulPlan: Sendable, Equatable, CustomStringConvertible {
  /// Which way a product goes.
  public enum Path: String, Sendable, CaseIterable, Codable {
    /// Nothing to multiply.
    case empty
    /// Tiles read both factors where they lie.
    case direct
    /// Each task packs some columns of the right factor for itself, then runs over rows of the left one.
    case packed
    /// All threads pack a block of the right factor, then all multiply it.
    case blocked
    /// Few rows: the right factor is read once, in the order in which it lies.
    case thin
    /// Few rows or columns, with the summed axis of both factors contiguous: dot products.
    case dot
    /// Few rows of low precision: the right factor is packed a piece at a time, and each piece used at once.
    case gathered
    /// Small matrices of low precision: they become `Float`, and tiles of that multiply them.
    case widened

    fileprivate init(_ path: farro_matmul_path) {
      self =
        switch path {
        case FARRO_MATMUL_DIRECT: .direct
        case FARRO_MATMUL_PACKED: .packed
        case FARRO_MATMUL_BLOCKED: .blocked
        case FARRO_MATMUL_THIN: .thin
        case FARRO_MATMUL_DOT: .dot
        case FARRO_MATMUL_GATHERED: .gathered
        case FARRO_MATMUL_WIDENED: .widened
        default: .empty
        }
    }
  }

  /// Which way each product goes.
  public let path: Path
  /// The products of matrices that the tensors are cut into. A batch with one right factor is one tall product.
  public let products: Int
  /// Rows and columns of the largest tile that runs.
  public let tileRows, tileColumns: Int
  /// How many terms of a sum are added up before it goes to the result.
  public let kBlock: Int
  /// Rows and columns of the result that one task takes at a time.
  public let rowBlock, columnBlock: Int
  /// Independent pieces of one product.
  public let tasks: Int
  /// Whether the left factor's rows are laid out anew, because they are strided.
  public let copiesA: Bool
  /// Whether the right factor is.
  public let packsB: Bool
  /// Bytes of work space for each thread.
  public let workspaceBytes: Int
  /// The plan in one line: "blocked, packs B, 14x32 tiles, k by 512, 19 tasks of 56x128".
  public let description: String

  /// The plan of `matmul` for operands of these shapes, called now from this thread.
  ///
  /// - Parameters:
  ///   - a: The shape of the left operand.
  ///   - b: The shape of the right operand.
  ///   - transposeA: Whether `a` is given with its last two axes exchanged.
  ///   - transposeB: Whether `b` is.
  ///   - type: The element type.
  /// - Precondition: the shapes can be multiplied.
  /// - Complexity: O(1) besides the number of axes.
  public init<Scalar: KernelScalar>(
    _ a: [Int],
    _ b: [Int],
    transposeA: Bool = false,
    transposeB: Bool = false,
    of type: Scalar.Type
  ) {
    self.init(Tensor<Scalar>.self, Tensor<Scalar>.self, a, b, transposeA, transposeB) { shape, plan in
      Scalar.dtype == .f32 ? farro_matmul_plan_f32(&shape, &plan) : farro_matmul_plan_f64(&shape, &plan)
    }
  }

  /// The plan of a product of two tensors of 16-bit floating-point numbers, that of
  /// ``matmul(_:_:as:transposeA:transposeB:epilogue:)`` called now.
  ///
  /// - Precondition: the shapes can be multiplied.
  /// - Complexity: O(1) besides the number of axes.
  public init<Scalar: HalfScalar>(
    _ a: [Int],
    _ b: [Int],
    transposeA: Bool = false,
    transposeB: Bool = false,
    of type: Scalar.Type
  ) {
    self.init(Tensor<Scalar>.self, Tensor<Scalar>.self, a, b, transposeA, transposeB) { shape, plan in
      Scalar.dtype == .bf16 ? farro_matmul_plan_bf16(&shape, &plan) : farro_matmul_plan_f16(&shape, &plan)
    }
  }

  /// The plan of a product of bytes, `UInt8` by `Int8`.
  ///
  /// - Precondition: the shapes can be multiplied.
  /// - Complexity: O(1) besides the number of axes.
  public init(
    _ a: [Int],
    _ b: [Int],
    transposeA: Bool = false,
    transposeB: Bool = false,
    of left: UInt8.Type,
    _ right: Int8.Type
  ) {
    self.init(Tensor<UInt8>.self, Tensor<Int8>.self, a, b, transposeA, transposeB) {
      farro_matmul_plan_u8s8(&$0, &$1)
    }
  }

  /// The plan of the product of a tensor of the shape `a` with a packed factor.
  ///
  /// - Precondition: the shapes can be multiplied.
  /// - Complexity: O(1) besides the number of axes.
  public init<Scalar>(_ a: [Int], _ b: PackedMatrix<Scalar>, transposeA: Bool = false) {
    self.init(Tensor<Scalar>.self, Tensor<Scalar>.self, a, b.shape, transposeA, false) { shape, plan in
      farro_matmul_plan_packed(&shape, b.packed, &plan)
    }
  }

  private init<A, B>(
    _: Tensor<A>.Type,
    _: Tensor<B>.Type,
    _ a: [Int],
    _ b: [Int],
    _ transposeA: Bool,
    _ transposeB: Bool,
    by plan: (inout farro_matmul_shape, inout farro_matmul_plan) -> farro_status
  ) {
    // Shapes of no tensor stop here.
    _ = (Tensor<A>.checkedCount(a), Tensor<B>.checkedCount(b))
    let product = MatrixProduct(a, b, transposeA, transposeB)
    _ = Tensor<A>.checkedCount(product.resultShape(a, b))
    var (shape, found) = (product.shape, farro_matmul_plan())
    check(plan(&shape, &found), "MatmulPlan")
    path = Path(found.path)
    products = shape.batch * product.calls
    (tileRows, tileColumns) = (found.tile_rows, found.tile_columns)
    (kBlock, tasks) = (found.k_block, found.tasks)
    (rowBlock, columnBlock) = (found.row_block, found.column_block)
    (copiesA, packsB, workspaceBytes) = (found.copies_a, found.packs_b, found.workspace)
    description = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
      farro_matmul_plan_describe(&found, text.baseAddress!, text.count)
      return String(cString: text.baseAddress!)
    }
  }
}

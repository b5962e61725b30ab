import ArgumentParser
import Farro
import FarroData
import FarroSearch
import Foundation

/// What a file of vectors is, or what a command makes of it, does not suit.
struct VectorFileError: Error, CustomStringConvertible {
  let description: String
}

/// How CSV files are read.
struct CSVArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp("Of CSV files: what stands between fields, a character or \"tab\".", valueName: "character")
  )
  var delimiter = CSVDelimiter.comma

  @Option(help: "Of CSV files: whether the first row names the columns; detected: it does if it holds no number.")
  var header = CSV.HeaderRule.detected

  func options<Scalar: CSVScalar>() -> CSV.Options<Scalar> { CSV.Options(delimiter: delimiter, header: header) }
}

extension CSVDelimiter: ExpressibleByArgument {
  public init?(argument: String) {
    if argument == "tab" || argument == "\\t" {
      self = .tab
    } else {
      guard argument.count == 1 else { return nil }
      self.init(argument.first!)
    }
  }

  public var defaultValueDescription: String { "," }
}

extension CSV.HeaderRule: ExpressibleByArgument {}

/// A file with a vector per row: NPY, or else CSV.
struct VectorFile: Sendable {
  let path: String
  private let csv: CSVArguments
  /// `nil` for CSV.
  private let header: NPYHeader?

  /// - Throws: `FileError`, `NPYError`; ``VectorFileError`` when the array has other than two axes.
  init(_ path: String, _ csv: CSVArguments) throws {
    (self.path, self.csv) = (path, csv)
    header = try isNPY(path) ? NPY.header(of: path) : nil
    if let header, header.shape.count != 2 {
      throw VectorFileError(description: "\(path): the shape \(header.shape) is not one of (rows, columns)")
    }
  }

  /// Whether single precision would not hold the elements as they are.
  var needsDouble: Bool {
    switch header?.dtype {
    case .f64, .i32, .u32, .i64, .u64: true
    default: false
    }
  }

  /// All rows, which must be of finite numbers.
  func rows<Scalar: KernelScalar & CSVScalar>(as: Scalar.Type = Scalar.self) throws -> Tensor<Scalar> {
    let rows = try unchecked(as: Scalar.self)
    let sum = rows.sum()
    // A sum that is finite has only finite terms; one that is not may have overflowed.
    if rows.count > 0 && sum - sum != 0 {
      let place = rows.withUnsafeBufferPointer { $0.firstIndex { $0 - $0 != 0 } }
      if let place {
        let (row, column) = place.quotientAndRemainder(dividingBy: rows.shape[1])
        let value = "\(rows[row, column])"
        throw named(.notFinite(row: row, column: column, value: value))
      }
    }
    return rows
  }

  private func unchecked<Scalar: KernelScalar & CSVScalar>(as: Scalar.Type) throws -> Tensor<Scalar> {
    guard header != nil else { return try CSV.read(path, options: csv.options()) }
    return try NPY.readAny(path).converted()
  }

  /// The rows to search among, left in the file where they lie as they are needed; rows must be finite once they are read.
  func search<Scalar: KernelScalar & CSVScalar & NPYScalar>(
    metric: DistanceMetric,
    as: Scalar.Type
  ) throws -> ExactSearch<Scalar> {
    do {
      if header?.dtype == Scalar.dtype {
        return try ExactSearch(NPY.map(path, as: Scalar.self), metric: metric)
      }
      if header?.dtype == .i8, Scalar.self == Float.self {
        return try ExactSearch<Float>(NPY.map(path, as: Int8.self), metric: metric) as! ExactSearch<Scalar>
      }
      return try ExactSearch(unchecked(as: Scalar.self), metric: metric)
    } catch let error as IndexError {
      throw named(error.problem)
    }
  }

  /// Integers from 0, one per row: the names of vectors.
  static func ids(_ path: String, _ csv: CSVArguments) throws -> [Int] {
    guard try isNPY(path) else {
      let ids = try CSV.read(path, as: Int.self, options: csv.options())
      guard ids.shape[1] == 1 else {
        throw VectorFileError(description: "\(path): ids are one column, and these are \(ids.shape[1])")
      }
      return ids.scalars
    }
    let header = try NPY.header(of: path)
    guard header.shape.count == 1 || header.shape.count == 2 && header.shape[1] == 1 else {
      throw VectorFileError(description: "\(path): the shape \(header.shape) is not (rows) or (rows, 1), as of ids")
    }
    return switch try NPY.readAny(path) {
    case .i64(let ids): ids.scalars.map(Int.init)
    case .i32(let ids): ids.scalars.map(Int.init)
    case .u32(let ids): ids.scalars.map(Int.init)
    case .u64(let ids): ids.scalars.map(Int.init(clamping:))
    default:
      throw VectorFileError(
        description: "\(path): the elements are \(header.dtype.rawValue); ids are i32, i64, u32 or u64"
      )
    }
  }

  /// An error of the search, as one of this file.
  func named(_ problem: IndexError.Problem) -> VectorFileError { VectorFileError(description: "\(path): \(problem)") }
}

/// Whether the file is to be read as NPY: by its name, or its first bytes.
private func isNPY(_ path: String) throws -> Bool {
  if path.hasSuffix(".npy") { return true }
  // What cannot be opened is told of by the reader.
  guard let file = FileHandle(forReadingAtPath: path) else { return false }
  defer { try? file.close() }
  var status = stat()
  guard fstat(file.fileDescriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
  return try file.read(upToCount: 6) == Data([0x93] + "NUMPY".utf8)
}

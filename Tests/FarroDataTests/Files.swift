import Farro
import Foundation

@testable import FarroData

/// The path of a file that Golden/make.py made.
func golden(_ label: String) -> String {
  Bundle.module.bundleURL.appendingPathComponent("Golden/\(label).npy").path
}

func contents(_ path: String) -> [UInt8]? { FileManager.default.contents(atPath: path).map(Array.init) }

/// A new file in the place of an old one. To write into the old one may wait for the disk, and for thousands of files too long.
func replace(_ path: String, _ bytes: [UInt8]) throws {
  try FileManager.default.removeItem(atPath: path)
  try Data(bytes).write(to: URL(fileURLWithPath: path))
}

/// Calls `body` with the path of an empty directory, which is then removed.
func withTemporaryDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("farro-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
  defer { try? FileManager.default.removeItem(at: url) }
  return try body(url.path)
}

func names(in directory: String) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
}

/// The bytes of an NPY file, valid or not.
func npy(_ header: String, data: [UInt8] = [], version: UInt8 = 1) -> [UInt8] {
  let length = header.utf8.count
  let lengthBytes = (0..<(version == 1 ? 2 : 4)).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
  return NPYHeader.magic + [version, 0] + lengthBytes + header.utf8 + data
}

func header(_ dtype: String, _ shape: String, fortran: Bool = false) -> String {
  "{'descr': '\(dtype)', 'fortran_order': \(fortran ? "True" : "False"), 'shape': \(shape), }\n"
}

func bytes<Element: BitwiseCopyable>(_ elements: [Element]) -> [UInt8] { elements.withUnsafeBytes(Array.init) }

func elements<Scalar>(_ tensor: Tensor<Scalar>) -> [Scalar] { tensor.withUnsafeBufferPointer(Array.init) }

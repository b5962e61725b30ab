import Farro
import FarroData

/// The data sets as texts within the program, which `make.py` writes.
///
/// Literals, not resources: a bundle would have to lie beside every program that uses one, and an array of bytes, which is what
/// SwiftPM's `embedInCode` makes of a file, takes the compiler minutes.
enum DatasetText {}

/// The numbers of a text in the notation of CSV.
func rows(_ text: StaticString) -> Tensor<Double> {
  text.withUTF8Buffer { bytes in
    do {
      return try CSV.decode(bytes, options: .init(header: .absent)).values
    } catch {
      stop("FarroDatasets: \(error)")
    }
  }
}

/// The numbers of a text in which each character but line ends is one: 0 to 9, and A for 10 on.
func pixels(_ text: StaticString, columns: Int) -> Tensor<Double> {
  let numbers = text.withUTF8Buffer { bytes in
    bytes.filter { $0 != UInt8(ascii: "\n") }.map { Double($0 < UInt8(ascii: "A") ? $0 - 48 : $0 - 55) }
  }
  return Tensor(numbers, shape: [numbers.count / columns, columns])
}

/// All columns but the last, and the last.
func split(_ rows: Tensor<Double>) -> (x: Tensor<Double>, y: Tensor<Double>) {
  let (count, features) = (rows.shape[0], rows.shape[1] - 1)
  var (x, y): ([Double], [Double]) = ([], [])
  x.reserveCapacity(count * features)
  for row in 0..<count {
    x += rows[row: row][0..<features].scalars
    y.append(rows[row, features])
  }
  return (Tensor(x, shape: [count, features]), Tensor(y))
}

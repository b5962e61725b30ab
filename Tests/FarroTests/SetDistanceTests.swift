import TestSupport
import Testing

@testable import Farro

/// Distances between bits, sorted lists and sparse rows.
@Suite struct SetDistanceTests {
  // The formulas of Tests/Golden/distances_of_sets.py.
  private static func bits(_ rows: Int, seed: Int) -> Tensor<UInt8> {
    Tensor(
      (0..<rows * 5).map { UInt8(($0 / 5 * 37 + $0 % 5 * 101 + seed * 53) * ($0 / 5 + $0 % 5 + 3) % 256) },
      shape: [rows, 5]
    )
  }

  private static func sparse(_ rows: Int, seed: Int) -> Tensor<Double> {
    Tensor(
      (0..<rows * 12).map {
        let number = ($0 / 12 * 7 + $0 % 12 * 5 + seed) * ($0 % 12 + 2) % 11
        return number < 4 ? Double(number - 4) / 4 : 0
      },
      shape: [rows, 12]
    )
  }

  // MARK: Bits

  @Test func `distances between bits are SciPy's on every instruction set`() {
    let (x, y) = (Self.bits(4, seed: 1), Self.bits(5, seed: 2))
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        #expect(pairwiseBitDistances(x, y, metric: .hamming).scalars == SetDistanceGolden.hamming)
        #expect(pairwiseBitDistances(x, y, metric: .jaccard).scalars == SetDistanceGolden.jaccard.map { Float($0) })
        #expect(pairwiseBitDistances(x, y, metric: .dice).scalars == SetDistanceGolden.dice.map { Float($0) })
        let paired = pairedBitDistances(x, y[0..<4], metric: .hamming)
        #expect(paired.scalars == (0..<4).map { SetDistanceGolden.hamming[$0 * 6] })
      }
    }
  }

  @Test func `the nearest rows of bits come in the order of their distances and then of their indices`() {
    let base = Tensor<UInt8>([0b1111, 0b0111, 0b0001, 0b0011, 0b0111], shape: [5, 1])
    let queries = Tensor<UInt8>([0b0111, 0], shape: [2, 1])
    let found = bitNeighbors(of: queries, in: base, k: 3, metric: .hamming)
    #expect(found.distances.scalars == [0, 0, 1, 1, 2, 3])
    #expect(found.indices.scalars == [1, 4, 0, 2, 3, 1])
    var (distances, indices) = (Tensor<Float>(zeros: [2, 7]), Tensor<Int>(zeros: [2, 7]))
    bitNeighbors(of: queries, in: base, k: 7, metric: .dice, into: &distances, &indices)
    #expect(indices.scalars.suffix(7) == [0, 1, 2, 3, 4, -1, -1])
    #expect(distances.scalars.suffix(2) == [.infinity, .infinity])
  }

  @Test func `rows of bits within a radius are as many as there are, the nearest first`() {
    let base = Tensor<UInt8>([0b1111, 0b0111, 0b0001, 0b0011, 0b0111], shape: [5, 1])
    let queries = Tensor<UInt8>([0b0111, 0], shape: [2, 1])
    let found = bitNeighbors(of: queries, in: base, radius: 1, metric: .hamming)
    #expect(found.offsets == [0, 4, 5] && found.distances.scalars == [0, 0, 1, 1, 1])
    #expect(found.indices.scalars == [1, 4, 0, 3, 2] && found[1].indices.scalars == [2])
    let ratios = bitNeighbors(of: queries, in: base, radius: 1 / 3, metric: .jaccard)
    #expect(ratios.offsets == [0, 3, 3] && ratios.distances.scalars == [0, 0, 0.25])
    #expect(bitNeighbors(of: queries, in: base, radius: .infinity, metric: .dice).offsets == [0, 5, 10])
    #expect(
      bitNeighbors(of: queries, in: Tensor<UInt8>(zeros: [0, 1]), radius: 9, metric: .dice).offsets == [0, 0, 0]
    )
  }

  @Test func `empty rows of bits and no rows have distances`() {
    let none = Tensor<UInt8>(zeros: [0, 3])
    let rows = Tensor<UInt8>(zeros: [2, 3])
    #expect(pairwiseBitDistances(none, rows, metric: .jaccard).shape == [0, 2])
    #expect(pairwiseBitDistances(rows, metric: .dice).scalars == [0, 0, 0, 0])
    #expect(bitNeighbors(of: rows, in: none, k: 1, metric: .hamming).indices.scalars == [-1, -1])
  }

  @Test func `bits of other lengths stop the program`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = pairwiseBitDistances(Tensor<UInt8>(zeros: [2, 3]), Tensor<UInt8>(zeros: [2, 4]), metric: .hamming)
    }
    #expect(result.map { message($0, has: "[2, 3] and [2, 4]") } ?? false)
    await #expect(processExitsWith: .failure) {
      _ = bitNeighbors(of: Tensor<UInt8>(zeros: [2, 3]), in: Tensor<UInt8>(zeros: [2, 3]), k: 0, metric: .dice)
    }
    await #expect(processExitsWith: .failure) {
      let rows = Tensor<UInt8>(zeros: [2, 3])
      _ = bitNeighbors(of: rows, in: rows, radius: .nan, metric: .hamming)
    }
  }

  // MARK: Sorted lists

  @Test func `distances between sets count what only one of them has`() {
    let x = SortedSets<UInt64>([[9, 3, 5, 3], [12, 5, 9], []])
    #expect(x[0] == [3, 5, 9] && x.count == 3)
    let expected: [Float] = [0, 0.5, 1, 0.5, 0, 1, 1, 1, 0]
    #expect(jaccardDistances(x).scalars == expected)
    #expect(jaccardDistances(SortedSets<UInt32>([[3, 5, 9], [5, 9, 12], []])).scalars == expected)
    #expect(pairedJaccardDistances(x, x).scalars == [0, 0, 0])
    var distances = Tensor<Float>(zeros: [3, 3])
    jaccardDistances(x, into: &distances)
    #expect(distances.scalars == expected)
  }

  // MARK: Sparse rows

  @Test func `distances between sparse rows are SciPy's and scikit-learn's on every instruction set`() {
    let (x, y) = (Self.sparse(4, seed: 1), Self.sparse(5, seed: 2))
    let golden: [(DistanceMetric, [Double])] = [
      (.euclidean, SetDistanceGolden.euclidean), (.squaredEuclidean, SetDistanceGolden.squaredEuclidean),
      (.manhattan, SetDistanceGolden.manhattan), (.cosine, SetDistanceGolden.cosine),
      (.innerProduct, SetDistanceGolden.innerProduct),
    ]
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        for (metric, expected) in golden {
          let (a, b) = (CSRMatrix(x), CSRMatrix(y))
          let bound = { (_: Int) in 1e-14 }
          #expect(
            worstError(pairwiseDistances(a, b, metric: metric).scalars, expected, bound: bound) <= 1,
            "\(isa) \(metric)"
          )
          #expect(
            worstError(pairwiseDistances(a, y, metric: metric).scalars, expected, bound: bound) <= 1,
            "\(isa) \(metric)"
          )
          let paired = pairedDistances(a, b[0..<4], metric: metric).scalars
          #expect(worstError(paired, (0..<4).map { expected[$0 * 6] }, bound: bound) <= 1, "\(isa) \(metric)")
        }
        let product = matmul(CSRMatrix(x), y.transposed()).scalars
        #expect(worstError(product, SetDistanceGolden.innerProduct) { _ in 1e-14 } <= 1)
      }
    }
  }

  @Test func `a sparse matrix goes to dense and back, and its rows and columns change about`() {
    let dense = Self.sparse(7, seed: 3)
    let matrix = CSRMatrix(dense)
    #expect(matrix.dense() == dense && CSRMatrix(matrix.dense()) == matrix)
    #expect(matrix.transposed().dense() == dense.transposed())
    #expect(matrix.transposed().transposed() == matrix)
    #expect(matrix[2..<5].dense() == dense[2..<5])
    #expect(CSRMatrix(Tensor<Float>(zeros: [3, 0])).transposed().shape == [0, 3])
    #expect(pairwiseDistances(CSRMatrix(Tensor<Float>(zeros: [2, 4]))).scalars == [0, 0, 0, 0])
  }

  @Test func `parts that are no sparse matrix are refused with what is wrong`() {
    func error(_ columns: Int, _ offsets: [Int64], _ indices: [Int32], _ values: [Float]) -> CSRError? {
      do throws(CSRError) {
        _ = try CSRMatrix(columns: columns, offsets: offsets, indices: indices, values: values)
      } catch {
        return error
      }
      return nil
    }
    #expect(error(3, [0, 2, 2], [0, 2], [1, 2]) == nil)
    #expect(error(-1, [0], [], []) == .columns(-1))
    #expect(error(3, [], [], []) == .ends(first: nil, last: nil, count: 0))
    #expect(error(3, [0, 1], [0, 2], [1, 2]) == .ends(first: 0, last: 1, count: 2))
    #expect(error(3, [0, 2], [0], [1, 2]) == .counts(indices: 1, values: 2))
    #expect(error(3, [0, 2, 1, 2], [0, 1], [1, 2]) == .offset(row: 1))
    #expect(error(3, [0, 5, 2], [0, 1], [1, 2]) == .offset(row: 0))
    #expect(error(3, [0, 2], [1, 1], [1, 2]) == .index(1, row: 0, place: 1))
    #expect(error(3, [0, 2], [0, 3], [1, 2]) == .index(3, row: 0, place: 1))
    #expect(error(3, [0, 1], [-1], [1]) == .index(-1, row: 0, place: 0))
    #expect("\(CSRError.index(3, row: 0, place: 1))".contains("column 3 of row 0"))
  }
}

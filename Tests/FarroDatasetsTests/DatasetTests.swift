import Farro
import FarroData
import FarroDatasets
import Testing

@Suite struct DatasetTests {
  private func crc(_ values: [Double]) -> UInt32 {
    values.map(\.bitPattern.littleEndian).withUnsafeBytes { CRC32.hash($0, seed: 0) }
  }

  private func check<Target>(
    _ data: Dataset<Double, Target>,
    _ single: Dataset<Float, Target>?,
    _ y: [Double],
    _ golden: DatasetGolden
  ) {
    #expect(data.x.shape == golden.shape && y.count == golden.shape[0])
    #expect(crc(data.x.scalars) == golden.checksum && crc(y) == golden.targetChecksum)
    #expect(abs(data.x.sum() - golden.sum) <= 1e-12 * data.x.scalars.map(abs).reduce(0, +))
    #expect(abs(y.reduce(0, +) - golden.targetSum) <= 1e-12 * golden.targetSum)
    #expect(data.featureNames.count == golden.shape[1] && Set(data.featureNames).count == golden.shape[1])
    #expect(Array(data.featureNames.prefix(2)) == golden.firstFeatures)
    #expect(data.featureNames.last == golden.lastFeature)
    #expect(data.classNames == golden.classNames)
    if let single { #expect(single.x.scalars == data.x.scalars.map { Float($0) }) }
    for text in [data.name, data.description, data.source, data.license] { #expect(!text.isEmpty) }
  }

  @Test(arguments: [
    (Datasets.iris(), Datasets.iris(as: Float.self), DatasetGolden.iris),
    (Datasets.wine(), Datasets.wine(as: Float.self), .wine),
    (Datasets.breastCancer(), Datasets.breastCancer(as: Float.self), .breastCancer),
    (Datasets.digits(), Datasets.digits(as: Float.self), .digits),
  ])
  func `classes are scikit-learn's, bit by bit`(
    data: ClassificationDataset<Double>,
    single: ClassificationDataset<Float>,
    golden: DatasetGolden
  ) throws {
    check(data, single, data.y.map { Double($0) }, golden)
    #expect(Set(data.y) == Set(data.classNames.indices))
    #expect(data.labels.last == data.classNames[data.y.last!])
    let table = data.table
    #expect(try table.dropping([data.targetName]).tensor(as: Double.self) == data.x)
    #expect(
      try Table(csv: table.csv(), options: .init(header: .present, types: [data.targetName: .categories])) == table
    )
  }

  @Test func `diabetes is scikit-learn's, bit by bit`() throws {
    let data = Datasets.diabetes()
    check(data, nil, data.y.scalars, .diabetes)
    #expect(Datasets.diabetes(as: Float.self).x.scalars == data.x.scalars.map { Float($0) })
    #expect(data.classNames.isEmpty)
    #expect(try data.table.numbers(of: "progression") == data.y)
    for column in data.featureNames {
      let numbers = try data.table.numbers(of: column)
      #expect(abs((numbers * numbers).sum() - 1) < 1e-12)
    }
  }
}

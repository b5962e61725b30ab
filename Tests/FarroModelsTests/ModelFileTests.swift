import Farro
import FarroData
import FarroModels
import Foundation
import TestSupport
import Testing

/// Models are the same after they were saved and loaded.
@Suite struct ModelFileTests {
  private let x = Tensor<Float>(randomNormal: [60, 3], seed: 4)

  private func withFile(_ body: (String) throws -> Void) throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("farro-\(UUID().uuidString).farro")
    defer { try? FileManager.default.removeItem(at: url) }
    try body(url.path)
  }

  @Test func `clusters`() throws {
    let model = try KMeans<Float>(nClusters: 5).fit(x)
    try withFile { path in
      try model.save(to: path)
      let again = try ClusterModel<Float>(contentsOf: path)
      #expect(again.centers == model.centers && again.labels == model.labels)
      #expect(again.inertia == model.inertia && again.iterations == model.iterations)
      #expect(try again.predict(x) == model.labels)
      #expect(try ModelFile(path).kind == "clusters of f32")
      let error = try #require(throws: ModelFileError.self) { try ClusterModel<Double>(contentsOf: path) }
      #expect(error.problem == .otherKind(found: "clusters of f32", expected: "clusters of f64"))
    }
    try checkDamage(to: model) { model in
      guard model.centers.shape[1] == 3 else { return }
      #expect(try model.predict(x).allSatisfy { 0..<Int32(model.nClusters) ~= $0 })
      _ = try model.transform(x)
    }
  }

  @Test func `a classifier with its labels`() throws {
    let names = ["low", "high"]
    let labels = (0..<60).map { names[x[$0, 0] > 0 ? 1 : 0] }
    let model = try StandardScaler().then(GaussianNB()).fit(x, labels)
    try withFile { path in
      try model.save(to: path)
      let again = try type(of: model).init(contentsOf: path)
      #expect(again == model)
      #expect(try again.predict(x) == model.predict(x))
      #expect(throws: ModelFileError.self) { try type(of: model.model).init(contentsOf: path) }
    }
    for classes in [["low"], ["low", "low"]] {
      try withFile { path in
        try Classifier(classes: classes, model: model.model).save(to: path)
        #expect(throws: ModelFileError.self) { try type(of: model).init(contentsOf: path) }
      }
    }
    try checkDamage(to: model) { model in _ = try? model.predict(x) }
  }
}

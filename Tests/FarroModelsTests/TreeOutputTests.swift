import Farro
import FarroData
import FarroDatasets
import FarroModels
import Testing

/// Trees as text, as drawings, and the ways of rows through them.
@Suite struct TreeOutputTests {
  private static let iris = Datasets.iris()
  private static let model = try! DecisionTreeClassifier(maxDepth: 2).fit(iris.x, iris.labels)

  @Test func `rules are lines of questions and answers`() throws {
    let rules = Self.model.rules(featureNames: Self.iris.featureNames)
    #expect(
      rules == """
        |--- petal length (cm) <= 2.45
        |   |--- class: setosa
        |--- petal length (cm) > 2.45
        |   |--- petal width (cm) <= 1.75
        |   |   |--- class: versicolor
        |   |--- petal width (cm) > 1.75
        |   |   |--- class: virginica

        """
    )
    #expect(
      Self.model.model.rules(maxDepth: 1, decimals: 0) == """
        |--- feature 2 <= 2.45
        |   |--- class: 0
        |--- feature 2 > 2.45
        |   |--- 2 leaves below

        """
    )
    let small = try DecisionTreeRegressor<Double>().fit([[1e-7], [-3e-7], [5]], [1, -20, 4e6])
    #expect(
      small.rules() == """
        |--- feature 0 <= 2.50
        |   |--- feature 0 <= -1e-07
        |   |   |--- value: -20.00
        |   |--- feature 0 > -1e-07
        |   |   |--- value: 1.00
        |--- feature 0 > 2.50
        |   |--- value: 4000000.00

        """
    )
    // Where values were missing, the rules say where they go.
    let gaps = try DecisionTreeRegressor<Double>().fit(Tensor([[1], [2], [8], [.nan]]), [0, 0, 4, 4])
    #expect(
      gaps.rules() == """
        |--- feature 0 <= 5.00
        |   |--- value: 0.00
        |--- feature 0 > 5.00 or missing
        |   |--- value: 4.00

        """
    )
    #expect(gaps.drawing().description.contains("feature 0 &lt;= 5.00"))
    let third = try DecisionTreeRegressor<Double>().fit([[0], [0.0123456]], [0, 0.66666])
    #expect(third.rules(decimals: 1).contains("feature 0 <= 0.00617"))
    #expect(third.rules(decimals: 1).contains("value: 0.667"))
    let sets = try DecisionTreeClassifier<Double>(categoricalFeatures: [0]).fit([[0], [1], [2]], ["a", "b", "a"])
    #expect(
      sets.rules() == """
        |--- feature 0 not in {1}
        |   |--- class: a
        |--- feature 0 in {1}
        |   |--- class: b

        """
    )
  }

  @Test func `a drawing has a box for each node, and one without those left out`() throws {
    let drawing = Self.model.drawing(featureNames: Self.iris.featureNames)
    func boxes(_ drawing: SVG) -> Int { drawing.elements.count { $0.name == "rect" } - 1 }
    #expect(boxes(drawing) == 5)
    #expect(drawing.elements.count { $0.name == "line" } == 4)
    #expect(drawing.description.contains("petal width (cm) &lt;= 1.75"))
    #expect(boxes(Self.model.drawing(maxDepth: 1)) == 3)
    for text in drawing.elements where text.name == "text" {
      let x = Double(text.attributes.first { $0.name == "x" }!.value)!
      let y = Double(text.attributes.first { $0.name == "y" }!.value)!
      #expect(x > 0 && x < drawing.width && y > 0 && y < drawing.height)
      // Within its box, or beside a line.
      let half = Double(text.text.count) * 3.5
      let isWithin = drawing.elements.dropFirst().contains { box in
        func number(_ name: String) -> Double {
          box.attributes.first { $0.name == name }.flatMap { Double($0.value) } ?? 0
        }
        return box.name == "rect" && x - half >= number("x") && x + half <= number("x") + number("width")
          && y > number("y") && y < number("y") + number("height")
      }
      #expect(isWithin || ["yes", "no"].contains(text.text))
    }
    let regressor = try DecisionTreeRegressor(maxDepth: 3).fit(Self.iris.x, Tensor(Self.iris.y.map { Double($0) }))
    #expect(boxes(regressor.drawing()) == regressor.tree.nodeCount)
  }

  @Test func `rows lead from the root to their leaf`() throws {
    let path = try Self.model.model.decisionPath(Self.iris.x)
    #expect(path.shape == [150, 5])
    let leaves = try Self.model.model.apply(Self.iris.x)
    let sums = path.dense().sum(axis: 0)
    #expect(sums.scalars == Self.model.tree.nNodeSamples.scalars.map { Double($0) })
    #expect(
      (0..<150).allSatisfy { path.dense()[$0, Int(leaves[$0])] == 1 && Self.model.tree.feature[Int(leaves[$0])] < 0 }
    )
    #expect(Self.model.tree.childrenLeft == [1, -1, 3, -1, -1])
    #expect(Self.model.tree.childrenRight == [2, -1, 4, -1, -1])
    #expect(Self.model.tree.depths == [0, 1, 1, 2, 2])
  }
}

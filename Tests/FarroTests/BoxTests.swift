import TestSupport
import Testing

@testable import Farro

@Suite struct BoxTests {
  // The formula of Tests/Golden/distances_of_sets.py.
  private static let boxes = Tensor<Double>(
    (0..<12).flatMap { i in
      let (x, y) = (Double(i * 29 % 41) / 4, Double(i * 17 % 37) / 4)
      return [x, y, x + 2 + Double(i * 13 % 7), y + 2 + Double(i * 11 % 5)]
    },
    shape: [12, 4]
  )
  private static let scores = Tensor<Double>((0..<12).map { Double($0 * 19 % 23 / 2) }, shape: [12])

  @Test func `overlaps are those of torchvision's formulas on every instruction set`() {
    let (x, y) = (Self.boxes[0..<4], Self.boxes[4..<9])
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        #expect(worstError(boxIoU(x, y).scalars, SetDistanceGolden.iou) { _ in 1e-15 } <= 1, "\(isa)")
        let generalized = boxGeneralizedIoU(x, y).scalars
        #expect(worstError(generalized, SetDistanceGolden.generalizedIoU) { _ in 1e-15 } <= 1, "\(isa)")
        var result = Tensor<Double>(zeros: [4, 5])
        boxIoU(x, y, into: &result)
        #expect(result == boxIoU(x, y))
        boxGeneralizedIoU(x, y, into: &result)
        #expect(result.scalars == generalized)
      }
    }
  }

  @Test func `suppression keeps what torchvision's loop keeps on every instruction set`() {
    let f32 = (Tensor<Float>(casting: Self.boxes), Tensor<Float>(casting: Self.scores))
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        let kept = nonMaximumSuppression(Self.boxes, scores: Self.scores, iouThreshold: 0.1)
        #expect(kept.scalars == SetDistanceGolden.kept, "\(isa)")
        #expect(nonMaximumSuppression(f32.0, scores: f32.1, iouThreshold: 0.1) == kept, "\(isa)")
      }
    }
  }

  @Test func `boxes of other classes and with low scores do not suppress`() {
    let boxes = Tensor<Float>([0, 0, 2, 2, 0, 0, 2, 2, 0, 0, 2, 2, 0, 0, 2, 2], shape: [4, 4])
    let scores = Tensor<Float>([1, 3, 2, 3], shape: [4])
    #expect(nonMaximumSuppression(boxes, scores: scores, iouThreshold: 0.5).scalars == [1])
    #expect(nonMaximumSuppression(boxes, scores: scores, iouThreshold: 1).scalars == [1, 3, 2, 0])
    let classes = Tensor<Int32>([7, 7, -1, 7], shape: [4])
    #expect(nonMaximumSuppression(boxes, scores: scores, iouThreshold: 0.5, classes: classes).scalars == [1, 2])
    let best = nonMaximumSuppression(boxes, scores: scores, iouThreshold: 0.5, scoreThreshold: 2, classes: classes)
    #expect(best.scalars == [1])
    #expect(nonMaximumSuppression(boxes[0..<0], scores: scores[0..<0], iouThreshold: 0.5).scalars == [])
  }

  @Test(arguments: BoxFormat.allCases, BoxFormat.allCases)
  func `boxes go from one format to another and back`(from: BoxFormat, to: BoxFormat) {
    let known: [BoxFormat: [Float]] = [
      .corners: [1, 2, 4, 8], .centerSize: [2.5, 5, 3, 6], .cornerSize: [1, 2, 3, 6],
    ]
    let boxes = Tensor(known[from]! + known[from]!, shape: [2, 4])
    var result = convertBoxes(boxes, from: from, to: to)
    #expect(result.scalars == known[to]! + known[to]!)
    convertBoxes(boxes, from: from, to: from, into: &result)
    #expect(result == boxes)
  }

  @Test func `boxes without area overlap nothing`() {
    let boxes = Tensor<Float>([0, 0, 0, 0, 0, 0, 1, 1], shape: [2, 4])
    #expect(boxIoU(boxes).scalars == [0, 0, 0, 1])
    #expect(boxIoU(boxes, boxes[0..<0]).shape == [2, 0])
  }

  @Test func `what is no box stops the program`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = boxIoU(Tensor<Float>(zeros: [2, 4]), Tensor<Float>(zeros: [2, 3]))
    }
    #expect(result.map { message($0, has: "[2, 4] and [2, 3]") } ?? false)
    await #expect(processExitsWith: .failure) {
      _ = nonMaximumSuppression(Tensor<Float>(zeros: [2, 4]), scores: Tensor(zeros: [3]), iouThreshold: 0.5)
    }
  }
}

import Farro
import Testing

@Suite struct MatmulPlanTests {
  @Test func `a plan tells how a product is cut`() {
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        let plan = MatmulPlan([1024, 1024], [1024, 1024], of: Float.self)
        #expect(plan.products == 1 && plan.path != .empty)
        #expect(plan.tileRows > 0 && plan.tileColumns > 0 && plan.kBlock > 0 && plan.tasks > 0)
        #expect(plan.description.contains("\(plan.tileRows)x\(plan.tileColumns)"))
      }
    }
  }

  @Test func `a plan is of the shapes that operands come in`() {
    #expect(MatmulPlan([0, 3], [3, 5], of: Double.self).path == .empty)
    #expect(MatmulPlan([7, 4, 4], [7, 4, 4], of: Float.self).products == 7)
    #expect(MatmulPlan([5, 1, 4, 4], [3, 4, 4], of: Float.self).products == 15)
    // One right factor: the rows of the batch are those of one product.
    #expect(MatmulPlan([7, 4, 4], [4, 4], of: Float.self) == MatmulPlan([28, 4], [4, 4], of: Float.self))
  }

  @Test func `elements of fewer bits and packed factors have plans`() {
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        #expect(MatmulPlan([64, 70], [70, 90], of: BFloat16.self).path != .empty)
        #expect(MatmulPlan([64, 70], [70, 90], of: UInt8.self, Int8.self).tasks > 0)
        #expect(MatmulPlan([4000, 4, 4], [4000, 4, 4], of: BFloat16.self).path == .widened)
        #expect(MatmulPlan([1, 4096], [4096, 4096], of: UInt8.self, Int8.self).path == .gathered)
        let packed = MatmulPlan([300, 70], PackedMatrix(Tensor<Float>(ones: [70, 90])))
        #expect(packed.path == .packed && !packed.packsB)
        #expect(MatmulPlan([3, 70], PackedMatrix(Tensor<Int8>(repeating: 1, shape: [70, 90]))).tasks > 0)
      }
    }
  }

  @Test func `shapes that cannot be multiplied have no plan`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = MatmulPlan([2, 3], [3, 2], transposeA: true, of: Float.self)
    }
    #expect(result.map { message($0, has: "[2, 3] transposed and [3, 2] cannot be multiplied") } ?? false)
  }
}

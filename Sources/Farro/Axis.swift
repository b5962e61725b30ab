/// The place of an axis in a shape: counted from the front or, when negative, from behind the end.
func axisPlace(_ axis: Int, in shape: [Int], _ function: StaticString) -> Int {
  let place = axis < 0 ? shape.count + axis : axis
  require(shape.indices.contains(place), "\(function): no axis \(axis) in the shape \(shape)")
  return place
}

import Farro

// Trees as text, for people to read.

/// What nodes are called and how their values are written.
struct TreeLabels {
  let featureNames: [String]?
  let classNames: [String]?
  let decimals: Int
  /// Whether questions say where missing values go: not in a tree that has seen none.
  let namesMissing: Bool

  func column(_ feature: Int32) -> String { featureNames?[Int(feature)] ?? "feature \(feature)" }

  func number(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    // Of numbers that so many decimals would make 0 or a single digit, three digits are written.
    guard value == 0 || abs(value) * scale >= 10 else {
      while abs(value) * scale < 100 { scale *= 10 }
      return scale.isFinite ? "\((value * scale).rounded() / scale)" : "\(value)"
    }
    let whole = (abs(value) * scale).rounded()
    guard whole < 0x1p53 else { return "\(value)" }
    let digits = String(Int(whole))
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    let sign = value < 0 && whole > 0 ? "-" : ""
    guard decimals > 0 else { return sign + padded }
    return "\(sign)\(padded.dropLast(decimals)).\(padded.suffix(decimals))"
  }

  /// What a node asks: of the rows that go left, and of those that go right.
  func question(_ node: Int, _ tree: TreeNodes) -> (left: String, right: String) {
    let name = column(tree.feature[node])
    let missingLeft = tree.arrays.missingLeft[node] != 0
    if let (named, goLeft) = tree.categories(node) {
      let set = "{" + named.map(String.init).joined(separator: ", ") + "}"
      let (inside, outside) = ("\(name) in \(set)", "\(name) not in \(set)")
      return goLeft ? (inside, outside) : (outside, inside)
    }
    let threshold = tree.threshold[node]
    if threshold == .infinity { return ("\(name) is there", "\(name) is missing") }
    let (low, high) = ("\(name) <= \(number(threshold))", "\(name) > \(number(threshold))")
    guard namesMissing else { return (low, high) }
    return missingLeft ? (low + " or missing", high) : (low, high + " or missing")
  }

  /// What a leaf answers.
  func answer(_ node: Int, _ tree: TreeNodes) -> String {
    let values = tree.value[row: node]
    guard let classNames else {
      return "value: " + values.scalars.map(number).joined(separator: ", ")
    }
    return "class: \(classNames[values.argmax()])"
  }
}

extension TreeNodes {
  /// The questions and answers as lines, a bar for each question above them.
  func rules(_ labels: TreeLabels, maxDepth: Int) -> String {
    var text = ""
    let (depths, right) = (depths, childrenRight)
    // What is still to be written, the next last: a node, or the question that leads to one.
    var open: [(node: Int, question: String?)] = [(0, nil)]
    while let (node, question) = open.popLast() {
      func line(_ words: String, depth: Int) {
        text += String(repeating: "|   ", count: depth) + "|--- " + words + "\n"
      }
      if let question {
        line(question, depth: depths[node] - 1)
        open.append((node, nil))
      } else if right[node] < 0 {
        line(labels.answer(node, self), depth: depths[node])
      } else if depths[node] >= maxDepth {
        line("\(leafCount(below: node)) leaves below", depth: depths[node])
      } else {
        let (left, other) = labels.question(node, self)
        open.append((right[node], other))
        open.append((node + 1, left))
      }
    }
    return text
  }

  /// How many leaves a node has below it: its nodes follow it, and a tree has one leaf more than questions.
  private func leafCount(below node: Int) -> Int {
    var (open, leaves, place) = (1, 0, node)
    while open > 0 {
      if arrays.feature[place] < 0 { leaves += 1 }
      open += arrays.feature[place] < 0 ? -1 : 1
      place += 1
    }
    return leaves
  }
}

extension DecisionTreeClassifierModel {
  /// The tree as text: a line for each question's two answers, in the way of scikit-learn's `export_text`.
  ///
  /// ```
  /// |--- petal width (cm) <= 0.80
  /// |   |--- class: setosa
  /// |--- petal width (cm) > 0.80
  /// ...
  /// ```
  ///
  /// Where the tree has learned from missing values, the side that they go to is called `<= 0.80 or missing`.
  ///
  /// - Parameters:
  ///   - featureNames: What the columns are called; when nil, by number.
  ///   - classNames: What the classes are called, in order; when nil, by number.
  ///   - maxDepth: Of deeper nodes only the number of leaves is written.
  ///   - decimals: How many decimals thresholds have.
  /// - Precondition: there are as many names as columns and classes.
  public func rules(
    featureNames: [String]? = nil,
    classNames: [String]? = nil,
    maxDepth: Int = 10,
    decimals: Int = 2
  ) -> String {
    tree.rules(labels(featureNames, classNames, decimals), maxDepth: maxDepth)
  }

  func labels(_ featureNames: [String]?, _ classNames: [String]?, _ decimals: Int) -> TreeLabels {
    requireNames(featureNames, columnCount, "columns")
    requireNames(classNames, classCount, "classes")
    return TreeLabels(
      featureNames: featureNames,
      classNames: classNames ?? (0..<classCount).map(String.init),
      decimals: decimals,
      namesMissing: sawMissing ?? true
    )
  }
}

extension DecisionTreeRegressorModel {
  /// The tree as text: a line for each question's two answers, in the way of scikit-learn's `export_text`.
  ///
  /// - Parameters:
  ///   - featureNames: What the columns are called; when nil, by number.
  ///   - maxDepth: Of deeper nodes only the number of leaves is written.
  ///   - decimals: How many decimals numbers have.
  /// - Precondition: there are as many names as columns.
  public func rules(featureNames: [String]? = nil, maxDepth: Int = 10, decimals: Int = 2) -> String {
    tree.rules(labels(featureNames, decimals), maxDepth: maxDepth)
  }

  func labels(_ featureNames: [String]?, _ decimals: Int) -> TreeLabels {
    requireNames(featureNames, columnCount, "columns")
    return TreeLabels(
      featureNames: featureNames,
      classNames: nil,
      decimals: decimals,
      namesMissing: sawMissing ?? true
    )
  }
}

extension Classifier {
  /// The tree as text, with the labels of its classes; as ``DecisionTreeClassifierModel/rules(featureNames:classNames:maxDepth:decimals:)``.
  public func rules<Scalar>(featureNames: [String]? = nil, maxDepth: Int = 10, decimals: Int = 2) -> String
  where Model == DecisionTreeClassifierModel<Scalar> {
    model.rules(
      featureNames: featureNames,
      classNames: classes.map { "\($0)" },
      maxDepth: maxDepth,
      decimals: decimals
    )
  }
}

private func requireNames(_ names: [String]?, _ count: Int, _ what: String) {
  require(names?.count ?? count == count, "\(names?.count ?? 0) names for \(count) \(what)")
}

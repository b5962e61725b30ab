import Farro
import Foundation

/// How many parts of the rows a sigmoid's decisions come from: each from a fit to the others.
let plattFolds = 5

/// The part of each row.
func foldsOfRows(_ count: Int, seed: UInt64) -> [Int] {
  var random = Xoshiro256(seed: seed)
  var folds = (0..<count).map { $0 * plattFolds / max(count, 1) }
  folds.shuffle(using: &random)
  return folds
}

/// A probability of a decision: 1 / (1 + exp(a × decision + b)).
///
/// H.-T. Lin, C.-J. Lin and R. C. Weng, "A note on Platt's probabilistic outputs for support vector machines", Machine Learning
/// 68, 2007.
struct PlattSigmoid: Sendable, Equatable, Codable {
  var a, b: Double

  /// Of the decisions that fits of the problem without a row's part give of it: variants 1 to 5 of the solution.
  init(_ problem: DualProblem, folds: [Int], _ solution: DualSolution) {
    let n = problem.y.count
    var decisions = [Double](repeating: 0, count: n)
    for fold in 0..<plattFolds {
      let limits = problem.limits[(fold + 1) * n..<(fold + 2) * n]
      let hasFirst = zip(limits, problem.y).contains { $0 > 0 && $1 > 0 }
      let hasSecond = zip(limits, problem.y).contains { $0 > 0 && $1 < 0 }
      for row in 0..<n where folds[row] == fold {
        // Nothing is learned of one class alone.
        decisions[row] =
          hasFirst && hasSecond ? solution.decisions[(fold + 1) * n + row] : hasFirst ? 1 : hasSecond ? -1 : 0
      }
    }
    let rows = (0..<n).filter { problem.limits[$0] > 0 }
    self.init(decisions: rows.map { decisions[$0] }, isFirst: rows.map { problem.y[$0] > 0 })
  }

  /// The most likely one, by Newton's method with line search.
  init(decisions: [Double], isFirst: [Bool]) {
    let firsts = Double(isFirst.reduce(0) { $0 + ($1 ? 1 : 0) })
    let others = Double(isFirst.count) - firsts
    let targets = isFirst.map { $0 ? (firsts + 1) / (firsts + 2) : 1 / (others + 2) }
    func loss(_ a: Double, _ b: Double) -> Double {
      zip(decisions, targets).reduce(0) { sum, row in
        let exponent = row.0 * a + b
        return sum + (exponent >= 0 ? row.1 : row.1 - 1) * exponent + log1p(exp(-abs(exponent)))
      }
    }
    (a, b) = (0, log((others + 1) / (firsts + 1)))
    var value = loss(a, b)
    for _ in 0..<100 {
      // The curvature and the gradient; 1e-12 keeps the former invertible.
      var (aa, bb, ab, ga, gb) = (1e-12, 1e-12, 0.0, 0.0, 0.0)
      for (decision, target) in zip(decisions, targets) {
        let exponent = decision * a + b
        let small = exp(-abs(exponent))
        let p = exponent >= 0 ? small / (1 + small) : 1 / (1 + small)
        let curvature = p * (1 - p)
        (aa, bb, ab) = (aa + decision * decision * curvature, bb + curvature, ab + decision * curvature)
        (ga, gb) = (ga + decision * (target - p), gb + target - p)
      }
      if abs(ga) < 1e-5 && abs(gb) < 1e-5 { return }
      let determinant = aa * bb - ab * ab
      let (da, db) = (-(bb * ga - ab * gb) / determinant, -(-ab * ga + aa * gb) / determinant)
      let slope = ga * da + gb * db
      var step = 1.0
      while step >= 1e-10 {
        let (newA, newB) = (a + step * da, b + step * db)
        let new = loss(newA, newB)
        if new < value + 0.0001 * step * slope {
          (a, b, value) = (newA, newB, new)
          break
        }
        step /= 2
      }
      if step < 1e-10 { return }
    }
  }

  func probability(_ decision: Double) -> Double {
    let exponent = decision * a + b
    return exponent >= 0 ? exp(-exponent) / (1 + exp(-exponent)) : 1 / (1 + exp(exponent))
  }
}

/// Probabilities of classes that agree best with those of pairs, (0, 1), (0, 2) ... (1, 2) ..., each of its first class.
///
/// T.-F. Wu, C.-J. Lin and R. C. Weng, "Probability estimates for multi-class classification by pairwise coupling", JMLR 5,
/// 2004: the second approach, with LIBSVM's limits.
func coupledProbabilities(_ pairs: [Double], classes k: Int) -> [Double] {
  let clamped = pairs.map { min(max($0, 1e-7), 1 - 1e-7) }
  if k == 2 { return [clamped[0], 1 - clamped[0]] }
  var r = [[Double]](repeating: Array(repeating: 0, count: k), count: k)
  for (pair, p) in zip(pairsOfClasses(k), clamped) { (r[pair.0][pair.1], r[pair.1][pair.0]) = (p, 1 - p) }
  var q = r
  for t in 0..<k {
    q[t][t] = (0..<k).reduce(0) { $1 == t ? $0 : $0 + r[$1][t] * r[$1][t] }
    for j in 0..<k where j != t { q[t][j] = -r[j][t] * r[t][j] }
  }
  var p = [Double](repeating: 1 / Double(k), count: k)
  for _ in 0..<max(100, k) {
    var qp = q.map { row in zip(row, p).reduce(0) { $0 + $1.0 * $1.1 } }
    var pqp = zip(p, qp).reduce(0) { $0 + $1.0 * $1.1 }
    if qp.allSatisfy({ abs($0 - pqp) < 0.005 / Double(k) }) { break }
    for t in 0..<k {
      let difference = (pqp - qp[t]) / q[t][t]
      p[t] += difference
      pqp = (pqp + difference * (difference * q[t][t] + 2 * qp[t])) / (1 + difference) / (1 + difference)
      for j in 0..<k {
        qp[j] = (qp[j] + difference * q[t][j]) / (1 + difference)
        p[j] /= 1 + difference
      }
    }
  }
  return p
}

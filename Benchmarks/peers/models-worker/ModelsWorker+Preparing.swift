import Farro
import FarroModels
import Foundation
import WorkerProtocol

extension ModelsWorker {
  static func preparing<Scalar: KernelScalar>() -> [String: Maker<Scalar>] {
    [
      "fit_count_terms": { problem in
        let texts = problem.texts
        return problem.preparing { try CountVectorizer(as: Scalar.self).fitTransform(texts).counts }
      },
      "fit_tfidf": { problem in
        let texts = problem.texts
        return problem.preparing { try TfidfVectorizer(nGramRange: 1...2, as: Scalar.self).fitTransform(texts).weighed }
      },
      "fit_hash_terms": { problem in
        let texts = problem.texts
        return problem.preparing { try HashingVectorizer(as: Scalar.self).transform(texts) }
      },
      "fit_one_hot": { problem in
        let encoder = OneHotEncoder<Tensor<Scalar>, _>(output: CSRMatrix<Scalar>.self)
        return problem.preparing { try encoder.fit(problem.x).transform(problem.x) }
      },
      "fit_imputer": { problem in
        problem.preparing { try SimpleImputer(strategy: .median).fit(problem.x).transform(problem.x) }
      },
      "fit_min_max": { problem in
        problem.preparing { try MinMaxScaler().fit(problem.x).transform(problem.x) }
      },
    ]
  }
}

extension Problem {
  /// A text of each row, as `families/preparing.py` spells it.
  fileprivate var texts: [String] {
    let letters = Array("etaoinshrdlucmfwypvb")
    var known: [Int: String] = [:]
    func spelled(_ number: Int) -> String {
      if let word = known[number] { return word }
      var (word, rest) = (number % 9 == 0 ? "Q" : "q", number)
      repeat {
        word.append(letters[rest % 20])
        rest /= 20
      } while rest > 0
      known[number] = word
      return word
    }
    return (0..<x.shape[0]).map { row in
      (0..<x.shape[1]).map { spelled(Int(x[row, $0])) + ($0 % 10 == 9 ? ". " : " ") }.joined()
    }
  }

  /// A row that times what makes other columns of rows.
  fileprivate func preparing<Rows: MatrixRows>(_ make: @escaping () throws -> Rows) -> Work
  where Rows.Scalar == Scalar {
    Work(way: "\(Rows.self)") { count in
      for _ in 0..<count { _ = try! make() }
    } result: {
      // Each row's product with fixed numbers.
      let made = try! make().sparseRows(as: Double.self)
      let sums = (0..<made.rows).map { row in
        made.elementsOfRow(row).reduce(0.0) { $0 + made.values[$1] * (1 + Double(made.indices[$1] % 101) / 101) }
      }
      return sums.map { Scalar($0) }.withUnsafeBytes { Data($0) }
    }
  }
}

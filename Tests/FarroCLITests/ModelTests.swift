import Farro
import FarroData
import FarroDatasets
import FarroModels
import Foundation
import Testing

/// A table with numbers, categories and missing values, of which the class and a number can be told.
private func mixedTable(rows: Int = 120) -> Table {
  let kinds = (0..<rows).map { ["red", "green", "blue"][$0 * 7 % 3] }
  let sizes = (0..<rows).map { row in row % 11 == 5 ? Double.nan : Double(row * 13 % 29) }
  let classes = (0..<rows).map { row in kinds[row] == "red" || (sizes[row].isNaN ? 0 : sizes[row]) > 15 ? "yes" : "no" }
  let amounts = (0..<rows).map { row in
    (kinds[row] == "red" ? 10 : 2) + (sizes[row].isNaN ? 14 : sizes[row]) / 2 + Double(row % 3) / 8
  }
  return Table([
    Table.Column("kind", kinds.enumerated().map { $0 % 17 == 3 ? nil : $1 }), Table.Column("size", Tensor(sizes)),
    Table.Column("amount", Tensor(amounts)), Table.Column("class", classes),
  ])
}

@Suite struct ModelTests {
  private func withData(_ body: (String) async throws -> Void) async throws {
    try await withTemporaryDirectory { directory in
      try Datasets.iris(as: Double.self).table.writeCSV(to: directory + "/iris.csv")
      try Datasets.diabetes(as: Double.self).table.writeCSV(to: directory + "/diabetes.csv")
      try mixedTable().writeCSV(to: directory + "/mixed.csv")
      try SVMLight.write(
        CSRMatrix(Datasets.iris(as: Double.self).x),
        Datasets.iris(as: Double.self).y.map { Double($0) },
        to: directory + "/iris.svm"
      )
      try await body(directory)
    }
  }

  private func json(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  private func models(_ task: String, sparse: Bool = false) async throws -> [String] {
    let listed = try await farro("fit", "--list", "--format", "json")
    let all = try #require(try JSONSerialization.jsonObject(with: Data(listed.output.utf8)) as? [[String: Any]])
    return all.filter { $0["task"] as? String == task && (!sparse || $0["sparse"] as? Bool == true) }
      .map { $0["name"] as! String }
  }

  @Test func `every model of classes is fitted to a table, saved, loaded and scored`() async throws {
    try await withData { directory in
      for model in try await models("classes") {
        for (file, target) in [("iris.csv", "species"), ("mixed.csv", "class")] {
          // Columns of categories add up to 1: no rows of one class differ in that direction.
          let parameters = model == "qda" ? ["--param", "reg_param=0.1"] : []
          let fitted = try await runFarro(
            ["fit", model, file, "--target", target, "--output", "m.farro", "--format", "json"] + parameters,
            in: directory
          )
          #expect(fitted.status == 0, "\(model): \(fitted.error)")
          let facts = try json(fitted.output)
          #expect(facts["model"] as? String == model && facts["task"] as? String == "classes")
          let scored = try await farro("evaluate", "m.farro", file, "--format", "json", in: directory)
          #expect(scored.status == 0, "\(model): \(scored.error)")
          let accuracy = try #require((try json(scored.output)["scores"] as? [String: Double])?["accuracy"])
          #expect(abs(accuracy - (facts["training_score"] as! Double)) < 1e-12)
          #expect(accuracy > (model == "dummy" ? 0.3 : 0.55), "\(model) \(file): \(accuracy)")
          let predicted = try await farro("predict", "m.farro", file, in: directory)
          #expect(predicted.status == 0 && predicted.output.hasPrefix(target + "\n"), "\(model): \(predicted.error)")
          let rows = try Table(contentsOfCSVFile: directory + "/" + file).rowCount
          #expect(predicted.output.split(separator: "\n").count == rows + 1)
        }
      }
    }
  }

  @Test func `every model of numbers is fitted to a table, saved, loaded and scored`() async throws {
    try await withData { directory in
      for model in try await models("numbers") {
        for (file, target) in [("diabetes.csv", "progression"), ("mixed.csv", "amount")] {
          let fitted = try await farro(
            "fit",
            model,
            file,
            "--target",
            target,
            "--output",
            "m.farro",
            "--format",
            "json",
            in: directory
          )
          #expect(fitted.status == 0, "\(model): \(fitted.error)")
          let facts = try json(fitted.output)
          let scored = try await farro("evaluate", "m.farro", file, "--format", "json", in: directory)
          #expect(scored.status == 0, "\(model): \(scored.error)")
          let r2 = try #require((try json(scored.output)["scores"] as? [String: Double])?["r2"])
          #expect(abs(r2 - (facts["training_score"] as! Double)) < 1e-9)
          #expect(r2 > (model == "dummy-regressor" ? -0.01 : 0.05), "\(model) \(file): \(r2)")
          let predicted = try await farro("predict", "m.farro", file, "--format", "json", in: directory)
          let rows = try JSONSerialization.jsonObject(with: Data(predicted.output.utf8)) as? [[String: Double]]
          #expect(
            try rows?.count == Table(contentsOfCSVFile: directory + "/" + file).rowCount,
            "\(model): \(predicted.error)"
          )
        }
      }
    }
  }

  @Test func `models of sparse rows take svmlight files`() async throws {
    try await withData { directory in
      for model in try await models("classes", sparse: true) {
        let fitted = try await farro("fit", model, "iris.svm", "--output", "m.farro", in: directory)
        #expect(fitted.status == 0, "\(model): \(fitted.error)")
        #expect(fitted.output.contains("0, 1, 2"))
        let scored = try await farro("evaluate", "m.farro", "iris.svm", in: directory)
        #expect(scored.status == 0 && scored.output.contains("accuracy"), "\(model): \(scored.error)")
        let other = try await farro("predict", "m.farro", "iris.csv", in: directory)
        #expect(other.status == 65 && other.error.contains("iris.csv: the model has learned from svmlight rows"))
      }
      let fitted = try await farro("fit", "dummy-regressor", "iris.svm", "--output", "m.farro", in: directory)
      #expect(fitted.status == 0, "\(fitted.error)")
      let predicted = try await farro("predict", "m.farro", "iris.svm", in: directory)
      #expect(predicted.output.hasPrefix("prediction\n1\n"))
    }
  }

  @Test func `a model that was fitted here is loaded from Swift`() async throws {
    try await withData { directory in
      let fitted = try await farro(
        "fit",
        "dummy",
        "iris.csv",
        "--target",
        "species",
        "--output",
        "m.farro",
        in: directory
      )
      #expect(fitted.status == 0, "\(fitted.error)")
      let saved = try SavedClassifier<TableModel<DummyClassModel<Tensor<Double>>>>(contentsOf: directory + "/m.farro")
      #expect(saved.target == "species" && saved.name == "dummy" && saved.classifier.classes.count == 3)
      let table = try Table(contentsOfCSVFile: directory + "/iris.csv")
      #expect(try saved.classifier.predict(table) == [String](repeating: "setosa", count: 150))
    }
  }

  @Test func `rows are predicted whatever the order of columns, with probabilities, into a file`() async throws {
    try await withData { directory in
      let fitted = try await farro(
        "fit",
        "dummy",
        "mixed.csv",
        "--target",
        "class",
        "--output",
        "m.farro",
        in: directory
      )
      #expect(fitted.status == 0, "\(fitted.error)")
      // Another order, no target, one more column, and a category that is new.
      let other = "extra,amount,size,kind\nx,3,4,red\ny,,5,purple\nz,1,,\n"
      try AtomicFile.write(other, to: directory + "/other.csv")
      let predicted = try await farro(
        "predict",
        "m.farro",
        "other.csv",
        "--probabilities",
        "--output",
        "p.csv",
        in: directory
      )
      #expect(predicted.status == 0 && predicted.output.isEmpty, "\(predicted.error)")
      let answers = try Table(contentsOfCSVFile: directory + "/p.csv")
      #expect(answers.columnNames == ["class", "no", "yes"] && answers.rowCount == 3)
      let sums = try answers.numbers(of: "no") + answers.numbers(of: "yes")
      #expect(sums.scalars.allSatisfy { abs($0 - 1) < 1e-12 })
      let rows = try await farro(
        "predict",
        "m.farro",
        "other.csv",
        "--probabilities",
        "--format",
        "json",
        in: directory
      )
      #expect(rows.output.contains("\"prediction\":") && rows.output.contains("\"probabilities\":{\"no\":"))
    }
  }

  @Test func `an evaluation has a report, a matrix and a ROC curve, and exits with 1 below a score`() async throws {
    try await withData { directory in
      _ = try await farro("fit", "dummy", "iris.csv", "--target", "species", "--output", "m.farro", in: directory)
      let scored = try await farro("evaluate", "m.farro", "iris.csv", "--svg", "roc.svg", in: directory)
      #expect(scored.status == 0, "\(scored.error)")
      for part in [
        "accuracy           0.3333", "roc_auc            0.5000", "log_loss", "precision", "true \\ predicted",
      ] {
        #expect(scored.output.contains(part), "\(part): \(scored.output)")
      }
      // Probabilities of classes can be compared between rows, as decision functions cannot.
      _ = try await farro("fit", "logistic", "iris.csv", "--target", "species", "--output", "l.farro", in: directory)
      let good = try await farro("evaluate", "l.farro", "iris.csv", "--format", "json", in: directory)
      #expect(try #require((try json(good.output)["scores"] as? [String: Double])?["roc_auc"]) > 0.99)
      let svg = try String(contentsOfFile: directory + "/roc.svg", encoding: .utf8)
      #expect(svg.contains("true positive rate") && svg.contains("virginica AUC 0.5"))
      let low = try await farro("evaluate", "m.farro", "iris.csv", "--at-least", "0.4", in: directory)
      #expect(low.status == 1 && low.output.contains("accuracy"))
      #expect(try await farro("evaluate", "m.farro", "iris.csv", "--at-least", "0.3", in: directory).status == 0)
      _ = try await farro(
        "fit",
        "dummy-regressor",
        "diabetes.csv",
        "--target",
        "progression",
        "--output",
        "n.farro",
        in: directory
      )
      let numbers = try await farro("evaluate", "n.farro", "diabetes.csv", in: directory)
      #expect(numbers.output.contains("mean_squared_error") && numbers.output.contains("5929.8849"), "\(numbers)")
      let curve = try await farro("evaluate", "n.farro", "diabetes.csv", "--svg", "roc.svg", in: directory)
      #expect(curve.status == 64 && curve.error.contains("The ROC curve is of classes"))
    }
  }

  @Test func `models are put side by side`() async throws {
    try await withData { directory in
      let compared = try await farro(
        "compare",
        "iris.csv",
        "--target",
        "species",
        "--folds",
        "3",
        "--format",
        "json",
        in: directory
      )
      #expect(compared.status == 0, "\(compared.error)")
      let lines = try #require(try json(compared.output)["models"] as? [[String: Any]])
      #expect(lines.map { $0["model"] as! String }.sorted() == (try await models("classes")).sorted())
      let scores = lines.compactMap { $0["score"] as? Double }
      #expect(scores == scores.sorted(by: >) && scores.count == lines.count, "\(compared.output)")
      #expect(lines.allSatisfy { $0["file_bytes"] as! Int > 100 && $0["fit_s"] as! Double > 0 })
      let table = try await farro(
        "compare",
        "diabetes.csv",
        "--target",
        "progression",
        "--models",
        "dummy-regressor",
        "--scorer",
        "neg_mean_absolute_error",
        in: directory
      )
      #expect(table.status == 0 && table.output.contains(" -6"), "\(table)")
      let mixed = try await farro(
        "compare",
        "mixed.csv",
        "--target",
        "class",
        "--models",
        "dummy,dummy_regressor",
        in: directory
      )
      #expect(mixed.status == 64 && mixed.error.contains("cannot be compared"))
    }
  }

  @Test func `rows of a group are in one fold`() async throws {
    try await withTemporaryDirectory { directory in
      // A group tells the class, and so does its number, but not of other groups.
      let rows = (0..<120).map { row in "\(row % 24),\(row * 7 % 5),g\(row % 24),\(row % 24 * 5 % 7 < 3 ? "yes" : "no")"
      }
      try AtomicFile.write("code,noise,who,class\n" + rows.joined(separator: "\n") + "\n", to: directory + "/g.csv")
      func score(_ more: String...) async throws -> Double {
        let arguments = ["compare", "g.csv", "--target", "class", "--models", "tree", "--categories", "code"]
        let compared = try await runFarro(arguments + ["--format", "json"] + more, in: directory)
        #expect(compared.status == 0, "\(compared.error)")
        return try #require((try json(compared.output)["models"] as? [[String: Any]])?.first?["score"] as? Double)
      }
      #expect(try await score("--ignore", "who") > 0.95)
      #expect(try await score("--groups", "who") < 0.8)
      let tune = ["tune", "ridge", "g.csv", "--target", "noise", "--param", "alpha=1", "--folds", "3"]
      let found = try await runFarro(tune + ["--groups", "who", "--output", "m.farro"], in: directory)
      #expect(found.status == 0, "\(found.error)")
      // The groups are not learned from.
      try AtomicFile.write("code,class\n3,yes\n", to: directory + "/new.csv")
      #expect(try await farro("predict", "m.farro", "new.csv", in: directory).status == 0)
      for (groups, status, message) in [
        ("nope", 65, "there is no column \"nope\""), ("noise", 64, "The target cannot tell the groups"),
        ("class", 65, "there must be at least 3 groups, not 2"),
      ] {
        let outcome = try await runFarro(tune + ["--groups", groups], in: directory)
        #expect(outcome.status == status && outcome.error.contains(message), "\(outcome)")
      }
    }
  }

  #if os(Linux)
    @Test(arguments: [
      ["fit", "svc", "rows.csv", "--target", "class", "--param", "c=1e6", "--output", "m.farro"],
      ["tune", "svc", "rows.csv", "--target", "class", "--param", "c=1e5,1e6", "--output", "m.farro"],
      ["compare", "rows.csv", "--target", "class", "--models", "svc,random-forest"],
    ])
    func `an interrupt ends a long fit, and leaves the old file`(arguments: [String]) async throws {
      try await withTemporaryDirectory { directory in
        // Classes that no border parts: there is much to do.
        let x = Tensor<Double>(randomNormal: [4000, 6], seed: 1)
        var columns = (0..<6).map { column in
          Table.Column("x\(column)", Tensor((0..<x.shape[0]).map { x[$0, column] }))
        }
        columns.append(Table.Column("class", (0..<x.shape[0]).map { ["a", "b"][$0 * 7 / 3 % 2] }))
        try Table(columns).writeCSV(to: directory + "/rows.csv")
        try AtomicFile.write("old", to: directory + "/m.farro")
        // A shell lets its background jobs ignore SIGINT.
        let fit = "env --default-signal=INT \"$0\" \"$@\" & sleep 1; kill -INT $!; wait $!"
        let outcome = try await runProgram("/bin/bash", ["-c", fit, executable().path] + arguments, in: directory)
        #expect(outcome.status == 130 && outcome.output.isEmpty, "\(outcome)")
        #expect(try String(contentsOfFile: directory + "/m.farro", encoding: .utf8) == "old")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory).sorted() == ["m.farro", "rows.csv"])
      }
    }
  #endif

  @Test func `parameters are searched, and the best model is written`() async throws {
    try await withData { directory in
      let tune = ["tune", "ridge", "diabetes.csv", "--target", "progression", "--format", "json"]
      let found = try await runFarro(
        tune + ["--param", "alpha=0.01,1,1e6,-1", "--param", "fitIntercept=true,false", "--output", "m.farro"],
        in: directory
      )
      #expect(found.status == 0, "\(found.error)")
      let facts = try json(found.output)
      let best = try #require(facts["best"] as? [String: String])
      #expect(best["fitIntercept"] == "true" && best["alpha"] != "1e6" && best["alpha"] != "-1")
      let candidates = try #require(facts["candidates"] as? [[String: Any]])
      #expect(candidates.count == 8 && candidates[0]["rank"] as? Int == 1 && candidates[7]["failure"] != nil)
      #expect(candidates[0]["score"] as? Double == facts["best_score"] as? Double)
      #expect(candidates[7]["score"] == nil)
      let saved = try await farro("evaluate", "m.farro", "diabetes.csv", in: directory)
      #expect(saved.status == 0 && saved.output.contains("r2"))

      let random = ["--random", "6", "--param", "alpha=0.01..100:log", "--seed", "3", "--top", "2"]
      let drawn = try await runFarro(tune + random, in: directory)
      #expect(drawn.status == 0, "\(drawn.error)")
      let again = try await runFarro(tune + random, in: directory)
      #expect(try json(drawn.output)["best_score"] as? Double == json(again.output)["best_score"] as? Double)
      #expect((try json(drawn.output)["candidates"] as? [Any])?.count == 2)
      let table = try await runFarro(Array(tune.dropLast(2)) + ["--param", "alpha=1,2"], in: directory)
      #expect(table.output.contains("best: alpha="), "\(table)")
      for (parameter, message) in [
        ("alpha=x", "alpha must be a number, not \"x\""), ("alpha=1..2", "a range needs --random"),
        ("alpha=1,", "values are a list"),
      ] {
        let outcome = try await runFarro(tune + ["--param", parameter], in: directory)
        #expect(outcome.status == 64 && outcome.error.contains(message), "\(outcome)")
      }
    }
  }

  @Test func `parameters are set by name, and kept in the file`() async throws {
    try await withData { directory in
      let fitted = try await farro(
        "fit",
        "ridge",
        "diabetes.csv",
        "--target",
        "progression",
        "--param",
        "alpha=1e9",
        "--output",
        "m.farro",
        in: directory
      )
      #expect(fitted.status == 0 && fitted.output.contains("alpha=1000000000"), "\(fitted)")
      let saved = try SavedRegressor<TableModel<LinearModel<Tensor<Double>>>>(contentsOf: directory + "/m.farro")
      #expect(saved.parameters.map(\.name) == ["alpha"])
      #expect(saved.model.base.coefficients.scalars.allSatisfy { abs($0) < 0.01 })
    }
  }

  @Test func `a value that cannot be is told of by the parameter's name`() async throws {
    try await withData { directory in
      for (model, parameter, message) in [
        ("sgd", "n_iter_no_change=0", "sgd: n_iter_no_change: must be at least 1, not 0."),
        ("svc", "max_iter=0", "svc: max_iter: must be at least 1, not 0."),
        ("hist-gradient-boosting", "tol=-1", "hist-gradient-boosting: tol: must be at least 0.0, not -1.0."),
        ("extra-trees", "max_samples=0.5", "extra-trees: max_samples: needs rows that are drawn: bootstrap."),
        ("linear-svc", "class_weight=1:2", "linear-svc: class_weight: 3 classes need as many finite weights"),
        ("linear-svc", "class_weight=0:0:0", "linear-svc: class_weight: 3 classes need as many finite weights"),
      ] {
        let fit = ["fit", model, "iris.csv", "--target", "species", "--output", "m.farro", "--param", parameter]
        let outcome = try await runFarro(fit, in: directory)
        #expect(outcome.status == 64 && outcome.error.contains(message), "\(outcome)")
      }
    }
  }

  @Test func `what scikit-learn's users set is set, and changes the model`() async throws {
    try await withData { directory in
      for (model, file, target, parameters) in [
        ("logistic", "iris.csv", "species", ["class_weight=1:1:9", "class_weight=balanced c=0.1", "l1_ratio=1"]),
        (
          "sgd", "iris.csv", "species",
          ["fit_intercept=false", "class_weight=1:1:9", "average=1", "power_t=0.1 learning_rate=invscaling"]
        ),
        ("perceptron", "iris.csv", "species", ["penalty=l1 alpha=0.01", "eta0=0.1 penalty=l2", "fit_intercept=false"]),
        (
          "svc", "iris.csv", "species",
          ["class_weight=1:1:9", "max_iter=2", "strategy=ovr", "kernel=poly degree=2 coef0=1"]
        ),
        ("linear-svc", "iris.csv", "species", ["class_weight=1:1:9", "intercept_scaling=9", "fit_intercept=false"]),
        ("tree", "iris.csv", "species", ["class_weight=1:1:9 max_depth=2", "min_weight_fraction_leaf=0.3"]),
        (
          "random-forest", "iris.csv", "species",
          ["n_estimators=2 max_samples=0.2", "n_estimators=2 balanced_subsample=true max_depth=1"]
        ),
        ("lda", "iris.csv", "species", ["solver=lsqr shrinkage=0.5", "solver=eigen shrinkage=auto"]),
        ("knn", "iris.csv", "species", ["metric=chebyshev", "metric=cosine"]),
        ("linear-svr", "diabetes.csv", "progression", ["loss=squared_epsilon_insensitive", "epsilon=50"]),
        ("svr", "diabetes.csv", "progression", ["max_iter=3", "gamma=0.5"]),
        ("elastic-net", "diabetes.csv", "progression", ["l1_ratio=0.1", "max_iter=1", "selection=random max_iter=2"]),
      ] {
        // What each model is, but for the list of what was set.
        var models: Set<[Data]> = []
        for parameters in [""] + parameters {
          let given = parameters.split(separator: " ").flatMap { ["--param", String($0)] }
          let fit = ["fit", model, file, "--target", target, "--output", "m.farro"]
          let fitted = try await runFarro(fit + given, in: directory)
          #expect(fitted.status == 0, "\(model) \(parameters): \(fitted.error)")
          let saved = try Safetensors(directory + "/m.farro")
          var facts = try json(saved.metadata["farro.model"]!)
          facts["parameters"] = nil
          let arrays = try saved.names.map {
            Data(try saved.tensor(casting: $0, to: Double.self).scalars.description.utf8)
          }
          models.insert(arrays + [try JSONSerialization.data(withJSONObject: facts, options: .sortedKeys)])
        }
        #expect(models.count == parameters.count + 1, "\(model)")
      }
    }
  }

  @Test func `models and their parameters are listed`() async throws {
    let list = try await farro("fit", "--list")
    #expect(
      list.status == 0 && list.output.contains("dummy-regressor") && list.output.contains("numbers  yes"),
      "\(list.output)"
    )
    let one = try await farro("fit", "dummy", "--list")
    #expect(one.status == 0 && one.output.contains("It has no parameters."))
    #expect(try await farro("fit", "--help").output.contains("--list"))
  }

  @Test(arguments: [
    (["fit"], "Say a model and a file"), (["fit", "dummy", "x.csv"], "Say --output"),
    (["fit", "nope", "x.csv", "--output", "m"], "There is no model nope, but dummy"),
    (["fit", "dummy", "iris.csv", "--output", "m"], "Say --target"),
    (
      ["fit", "dummy", "iris.csv", "--output", "m", "--target", "species", "--param", "c=1"], "dummy has no parameter c"
    ),
    (["fit", "dummy", "iris.csv", "--output", "m", "--target", "species", "--param", "c"], "c"),
    (
      ["fit", "dummy", "iris.csv", "--output", "m", "--target", "species", "--ignore", "species"], "cannot be left out"
    ),
    (
      ["fit", "dummy", "iris.csv", "--output", "m", "--target", "species", "--param", "c=1", "--param", "c=2"],
      "there twice"
    ),
    (["fit", "dummy", "iris.svm", "--output", "m", "--target", "species"], "Columns of svmlight files have no names"),
    (["fit", "dummy", "--list", "--output", "m"], "--list is of models alone"),
    (["tune", "dummy", "iris.csv", "--target", "species"], "Say --param"),
    (["tune", "dummy", "iris.csv", "--target", "species", "--param", "c=1,2"], "dummy has no parameter c"),
    (["compare", "iris.csv", "--target", "species", "--folds", "1"], "--folds must be at least 2"),
    (["compare", "iris.csv", "--target", "species", "--models", "nope"], "There is no model nope"),
    (
      ["fit", "svc", "iris.csv", "--output", "m", "--target", "species", "--param", "c=-1"],
      "svc: c: must be a number above 0"
    ),
    (
      ["compare", "iris.csv", "--target", "species", "--task", "classes", "--scorer", "r2"],
      "There is no score r2 of classes"
    ),
  ])
  func `options that cannot be are told of with 64`(arguments: [String], message: String) async throws {
    try await withData { directory in
      let outcome = try await runFarro(arguments, in: directory)
      #expect(outcome.status == 64 && outcome.output.isEmpty, "\(outcome)")
      #expect(outcome.error.contains(message), "\(outcome.error)")
      #expect(!FileManager.default.fileExists(atPath: directory + "/m"))
    }
  }

  @Test func `files that do not suit are told of with 65, and those that cannot be read or written with 74`()
    async throws
  {
    try await withData { directory in
      #expect(
        try await farro("fit", "dummy", "mixed.csv", "--target", "class", "--output", "m.farro", in: directory).status
          == 0
      )
      let whole = try Data(contentsOf: URL(fileURLWithPath: directory + "/m.farro"))
      var damaged = whole
      damaged[damaged.count / 2] ^= 1
      try damaged.write(to: URL(fileURLWithPath: directory + "/damaged.farro"))
      try KMeans<Float>(nClusters: 1).fit(Tensor(zeros: [2, 2])).save(to: directory + "/kmeans.farro")
      for (name, text) in [
        ("empty.csv", ""), ("head.csv", "a,b\n"), ("one.csv", "a,b\n1,x\n2,x\n"), ("texts.csv", "a,b\n1,x\n2,y\n"),
        ("hole.csv", "a,b\n1,x\n2,\n"), ("target.csv", "b\nx\ny\n"), ("nosize.csv", "kind,amount\nred,1\n"),
        ("badsize.csv", "kind,size,amount\nred,1,2\nred,much,2\n"), ("ragged.csv", "a,b\n1,x\n2\n"),
        ("inf.csv", "a,b\n1,x\n-inf,y\n"),
        ("bad.svm", "1 2:3 1:4\n"),
      ] { try AtomicFile.write(text, to: directory + "/" + name) }
      func fit(_ file: String, _ target: String = "b", model: String = "dummy") -> [String] {
        ["fit", model, file, "--target", target, "--output", "new.farro"]
      }
      for (arguments, message) in [
        (fit("empty.csv"), "empty.csv: line 1, column 1: there are no rows"),
        (fit("head.csv"), "head.csv: there are no rows to learn from"),
        (fit("one.csv"), "one.csv: all rows are of the class \"x\"; there must be two at least"),
        (fit("texts.csv", model: "dummy-regressor"), "texts.csv: line 2, column 2 (\"b\"): \"x\" is not a number"),
        (fit("hole.csv"), "hole.csv: row 2 of the column \"b\" is empty, and must be a class"),
        (fit("target.csv"), "target.csv: there are no columns to learn from"),
        (fit("texts.csv", "nope"), "there is no column \"nope\"; the columns are \"a\", \"b\""),
        (fit("ragged.csv"), "ragged.csv: line 3"),
        (fit("inf.csv"), "inf.csv: row 2 of the column \"a\" is -inf, and must be a number, or empty"),
        (["fit", "dummy", "bad.svm", "--output", "new.farro"], "bad.svm: line 1"),
        (fit("texts.csv") + ["--ignore", "zz"], "there is no column \"zz\""),
        (fit("mixed.csv", "class") + ["--output", "./mixed.csv"], "would replace mixed.csv, which is read"),
        (["predict", "m.farro", "nosize.csv"], "nosize.csv: line 1, column 1"),
        (["predict", "m.farro", "nosize.csv"], "there is no column \"size\"; the columns are \"kind\", \"amount\""),
        (["predict", "m.farro", "badsize.csv"], "badsize.csv: line 3, column 2 (\"size\"): \"much\" is not a number"),
        (["predict", "m.farro", "iris.svm"], "this is an svmlight file"),
        (["evaluate", "m.farro", "nosize.csv"], "nosize.csv"),
        (["predict", "damaged.farro", "mixed.csv"], "its checksum differs"),
        (["predict", "mixed.csv", "mixed.csv"], "not a model's file"),
        (["predict", "kmeans.farro", "mixed.csv"], "\"clusters of f32\", which farro fit does not write"),
        (["compare", "one.csv", "--target", "b"], "all rows are of the class"),
        (["compare", "texts.csv", "--target", "b"], "more than any class has rows"),
        (["evaluate", "m.farro", "mixed.csv", "--svg", "./m.farro"], "would replace m.farro"),
      ] {
        let outcome = try await runFarro(arguments, in: directory)
        #expect(outcome.status == 65 && outcome.output.isEmpty, "\(arguments): \(outcome)")
        #expect(outcome.error.contains(message), "\(arguments): \(outcome.error)")
      }
      for arguments in [
        fit("missing.csv"), ["predict", "missing.farro", "mixed.csv"], ["predict", "m.farro", "missing.csv"],
        ["fit", "dummy", "mixed.csv", "--target", "class", "--output", "no/m.farro"],
        ["predict", "m.farro", "mixed.csv", "--output", "no/p.csv"],
        ["evaluate", "m.farro", "mixed.csv", "--svg", "no/r.svg"],
      ] {
        let outcome = try await runFarro(arguments, in: directory)
        #expect(outcome.status == 74 && outcome.error.contains("cannot open"), "\(arguments): \(outcome)")
      }
      #expect(try Data(contentsOf: URL(fileURLWithPath: directory + "/m.farro")) == whole)
      #expect(!FileManager.default.fileExists(atPath: directory + "/new.farro"))
    }
  }
}

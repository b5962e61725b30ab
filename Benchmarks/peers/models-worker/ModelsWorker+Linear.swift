import Farro
import FarroModels

extension ModelsWorker {
  static func linear<Scalar: KernelScalar>() -> [String: Maker<Scalar>] {
    [
      "fit_least_squares": { problem in try problem.fitting(LinearRegression<Tensor<Scalar>>()) },
      "predict_least_squares": { problem in try problem.predicting(LinearRegression<Tensor<Scalar>>()) },
      "fit_ridge": { problem in try problem.fitting(Ridge<Tensor<Scalar>>()) },
      "predict_ridge": { problem in try problem.predicting(Ridge<Tensor<Scalar>>()) },
      "fit_lasso": { problem in try problem.fitting(Lasso<Tensor<Scalar>>(alpha: 0.01)) },
      "predict_lasso": { problem in try problem.predicting(Lasso<Tensor<Scalar>>(alpha: 0.01)) },
      "fit_linear_discriminants": { problem in try problem.fitting(LinearDiscriminantAnalysis<Scalar>()) },
      "predict_linear_discriminants": { problem in try problem.predicting(LinearDiscriminantAnalysis<Scalar>()) },
      "fit_quadratic_discriminants": { problem in
        try problem.fitting(QuadraticDiscriminantAnalysis<Scalar>(regParam: 0.1))
      },
      "predict_quadratic_discriminants": { problem in
        try problem.predicting(QuadraticDiscriminantAnalysis<Scalar>(regParam: 0.1))
      },
      "fit_gaussian_bayes": { problem in try problem.fitting(GaussianNB<Scalar>()) },
      "predict_gaussian_bayes": { problem in try problem.predicting(GaussianNB<Scalar>()) },
      "fit_bernoulli_bayes": { problem in try problem.fitting(BernoulliNB<Tensor<Scalar>>()) },
      "predict_bernoulli_bayes": { problem in try problem.predicting(BernoulliNB<Tensor<Scalar>>()) },
    ]
  }
}

// Written by Tests/Golden/sgd.py with scikit-learn 1.9.1.
// swift-format-ignore-file

enum SGDGolden {
  // Means and standard deviations of 40 seeds; of classifiers by the breast cancer's rows, then by iris's.
  static let scores: [String: [Double]] = [
    "hinge": [0.980448, 0.005053, 0.957167, 0.025212],
    "squared_hinge": [0.979789, 0.006405, 0.888333, 0.137464],
    "log_loss": [0.980404, 0.006498, 0.960167, 0.022007],
    "modified_huber": [0.975615, 0.010606, 0.946, 0.032054],
    "perceptron": [0.977329, 0.008337, 0.955, 0.031478],
    "squared_error": [0.514552, 0.000287],
    "huber": [-2.818407, 0.000111],
    "epsilon_insensitive": [0.458551, 2.3e-05],
    "squared_epsilon_insensitive": [0.51427, 0.001179],
    "Perceptron": [0.975132, 0.008391],
  ]
}

"""The operator tests that the onnx package publishes, run through libfarro's C interface."""

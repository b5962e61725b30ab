import CKernels

/// The plain loops that kernels are checked against: accumulated in a wider type, slow, and obviously right.
package enum Reference {}

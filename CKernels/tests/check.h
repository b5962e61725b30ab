// The kernels' own test program: runs where there is no Swift (arm64 under emulation, a sanitizer, another language's
// build). Each family has a file <family>_check.c with one function; main calls it once per supported instruction set.
#ifndef FARRO_TESTS_CHECK_H
#define FARRO_TESTS_CHECK_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CKernels.h"

// Counts a check, and prints the message (as printf takes it) when it fails.
#define EXPECT(condition, ...) expect((condition), __FILE__, __LINE__, __VA_ARGS__)
void expect(bool holds, const char *file, int line, const char *format, ...) __attribute__((format(printf, 4, 5)));

// `check --exhaustive`: functions of one float are tried on all 2^32 (minutes).
extern bool exhaustive;

// Deterministic numbers: uniform in [-1, 1), and below a bound.
double random_unit(void);
size_t random_below(size_t bound);

// `bytes` bytes directly before an unreadable page, so that one element too far is a crash, and as a rule off any
// alignment but the element's. Freed with guarded_free.
void *guarded_allocate(size_t bytes);
void guarded_free(void *pointer, size_t bytes);

void fill_f32(float *values, size_t count);
void fill_f64(double *values, size_t count);

// Sizes around every vector width, tails first, and some primes.
extern const size_t tail_sizes[];
extern const size_t tail_size_count;

void check_refusal(void); // before anything else: the choice of an instruction set is made once
void check_runtime(void);
void check_hashing(void);
void check_text(void);
void check_terms(void);
void check_sketch(void);
void check_checksums(void);
void check_murmur3(void);
void check_avalanche(void);
void check_chunking(void);
void check_integer_hashing(void);
void check_json(void);
void check_near_duplicates(void);
void check_counting(void);
void check_matmul(void);
void check_elementwise(void);
void check_functions(void);
void check_activation(void);
void check_reduction(void);
void check_scan(void);
void check_histogram(void);
void check_sorting(void);
void check_ranking(void);
void check_trees(void);
void check_distance(void);
void check_neighbors(void);
void check_assignment(void);
void check_kmeans(void);
void check_bit_distances(void);
void check_boosting(void);
void check_boxes(void);
void check_sparse(void);
void check_sets(void);
void check_codes(void);
void check_graph(void);
void check_lists(void);
void check_logistic(void);
void check_sgd(void);
void check_kd_tree(void);
void check_normalization(void);
void check_row_norms(void);
void check_group_norms(void);
void check_batch_norm(void);
void check_scaling(void);
void check_least_squares(void);
void check_bayes(void);
void check_likelihood(void);
void check_coordinate_descent(void);
void check_conversion(void);
void check_low_precision(void);
void check_low_precision_batches(void);
void check_linear_algebra(void);
void check_optimizer(void);
void check_random(void);
void check_embedding(void);
void check_softmax(void);
void check_loss(void);
void check_attention(void);
void check_convolution(void);
void check_pooling(void);
void check_svm(void);

#endif

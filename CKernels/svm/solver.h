// One dual problem.
#ifndef FARRO_SVM_SOLVER_H
#define FARRO_SVM_SOLVER_H

#include "cache.h"

// Of 128 to 512: smaller sets ask for fewer rows of K that turn out not to matter, larger ones read the others less
// often.
enum { svm_most_working = 256 };

// Solves all variants of a problem; slots is the number of rows of K to keep. FARRO_ERROR_ARGUMENT: cancelled.
farro_status svm_solve(const svm_rows *rows, const farro_svm_options *options, const farro_svm_problem *problem,
                       size_t slots, size_t working);

svm_places svm_places_of(const farro_svm_data *data, const farro_svm_problem *problem, size_t groups[2][2]);

#endif

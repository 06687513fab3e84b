// SPDX-License-Identifier: Apache-2.0
// Other words for what a sweep file says: names of hyperparameters, of their choices and of
// metrics, as people write them for Keras, PyTorch, scikit-learn and Weights & Biases. The one
// table of them; `brood list synonyms` shows it. Letters' case and marks between words never count
// (LEARNING_RATE, learningRate and learning-rate are one).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace brood::files {

// `words` are apart by spaces.
struct Synonyms {
  std::string_view of;  // "hyperparameter", "metric", or the hyperparameter whose choice it is
  std::string_view meant, words;
};
std::span<Synonyms const> synonyms();

// Lower-case letters and digits alone, which are what words are compared by.
std::string letters_of(std::string_view word);

// What a word is meant to be; empty if it is no name and no synonym, or has no one meaning.
// `is_list`: its values are lists, which of a size or a number of layers say the whole shape. The
// number of a layer is the word's own: width_0 of units_l0, whose like begin at 0.
std::string hyperparameter_meant(std::string_view word, bool is_list);
// A word's letters without the number of its layer, which is its first digit.
std::string without_number(std::string_view word);
std::string choice_meant(std::string_view hyperparameter, std::string_view word);
// Without the rows that it is of (val_, test/, ...).
std::string metric_meant(std::string_view word);

// Whether a key of `parameters` with this one value says nothing about the training: where results
// go, or that the model is of dense layers.
bool says_nothing(std::string_view word, std::string_view value);
// What a word that has several meanings, or none here, may mean; empty if there is none.
std::string_view advice_on(std::string_view word);

}  // namespace brood::files

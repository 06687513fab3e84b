// SPDX-License-Identifier: Apache-2.0
// Written by make_importances.py with Optuna 5.0.0.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace brood::golden {

// The first trials of a family of ped_anova_test.cpp, and the divergences.
struct ImportanceCase {
  char const* family;
  int trials;
  std::vector<std::pair<std::string, double>> divergences;
};

// clang-format off
inline std::vector<ImportanceCase> const kImportanceCases = {
    {"FourParameters", 100, {{"activation", 0.0015777848405030398}, {"lr", 0.01910450707711522}, {"noise", 0.0005596488421600079}, {"width", 0.0019020136905394465}}},
    {"FourParameters", 1000, {{"activation", 0.002369483022556123}, {"lr", 0.03008173352688804}, {"noise", 9.687233550873607e-05}, {"width", 0.00042949715457145864}}},
    {"FourParameters", 7, {{"activation", 0.002448979591829246}, {"lr", 0.17550697822095507}, {"noise", 0.16306524642391673}, {"width", 0.20606268146192233}}},
    {"FourParameters", 2, {{"activation", 0.01571428571424101}, {"lr", 2.144013286635952}, {"noise", 1.2725999207332828}, {"width", 1.613188782633543}}},
    {"Conditional", 300, {{"batch_size", 0.019918325055773154}, {"momentum", 0.0044366396513413515}, {"optimizer", 1.4984391259075022e-05}, {"weight_decay", 0.0033763364482175995}}},
    {"Conditional", 12, {{"batch_size", 0.08483691355924551}, {"momentum", 0.1495494893302666}, {"optimizer", 1.369550182678107e-33}, {"weight_decay", 0.0007837193746831786}}},
    {"Ties", 60, {{"x", 0.15178287470179652}, {"y", 0.0016511285420843641}}},
    {"Ties", 5, {{"x", 0.49126676494509414}, {"y", 0.3758343653333058}}},
};
// clang-format on

}  // namespace brood::golden

// SPDX-License-Identifier: Apache-2.0
// How TPE divides the trials.
#pragma once

namespace brood {

// Of n trials with a score, so many are the good ones: Optuna's default gamma.
int good_trials(int n);

}  // namespace brood

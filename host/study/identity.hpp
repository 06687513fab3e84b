// SPDX-License-Identifier: Apache-2.0
// What a study is, as text: a saved state goes on only with the study that saved it.
#pragma once

#include <string>

#include "brood/study.hpp"

namespace brood {

// Two studies of the same identity make the same decisions from the same state. Every setting is in
// it, and a fingerprint of the data.
std::string identity(Data const& data, Study const& study);

// Why a study cannot extend the one that has the identity `stored`; empty if it can.
std::string reason_not_to_extend(std::string const& stored, Data const& data, Study const& study);

}  // namespace brood

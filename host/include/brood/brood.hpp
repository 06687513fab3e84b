// SPDX-License-Identifier: Apache-2.0
// All of brood::brood in one line. Data files, sweep files and run directories are the library
// brood::files, whose headers (brood/files/) are included one by one.
#pragma once

#include "brood/backend.hpp"
#include "brood/calibration.hpp"
#include "brood/data.hpp"
#include "brood/engine.hpp"
#include "brood/error.hpp"
#include "brood/inspection.hpp"
#include "brood/member.hpp"
#include "brood/model.hpp"
#include "brood/population.hpp"
#include "brood/profile.hpp"
#include "brood/search.hpp"
#include "brood/space.hpp"
#include "brood/study.hpp"
#include "brood/table.hpp"
#include "brood/value.hpp"
#include "brood/version.hpp"

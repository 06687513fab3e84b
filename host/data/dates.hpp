// SPDX-License-Identifier: Apache-2.0
// Dates and times as numbers: days since 1970-01-01 in UTC, or seconds of a time of day (or of a
// duration). A format is its name: "yyyy-mm-dd", "dd/mm/yyyy", "mon yyyy", "hh:mm". Those with a
// day may be followed by a time of day (12:00, 12:00:30.5, 3:45 PM) and a zone (Z, UTC, +01:00).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "brood/data.hpp"

namespace brood {

// In the order in which they are taken where a text is of several.
std::span<std::string_view const> date_formats();
bool is_date_format(std::string_view format);
// Whether the numbers are seconds of a day, not days.
bool is_clock_format(std::string_view format);

// Nothing if the text is no date of the format.
std::optional<double> read_date(std::string_view text, std::string_view format);

// As ISO 8601 has it, without the time of day at midnight: "2024-01-31", "2024-01-31 12:00:30",
// "12:00:30".
std::string date_text(double value, std::string_view format);

// The cycles that the numbers went through at least one and a half times, at different places.
std::vector<Cycle> cycles_of(std::span<double const> numbers, std::string_view format);
// Where in a cycle a number is, 0 to 1.
double place_in(Cycle cycle, double value, std::string_view format);
std::string_view name_of(Cycle cycle);

}  // namespace brood

// SPDX-License-Identifier: Apache-2.0
#include "files/run/inspection_document.hpp"

#include <cmath>

#include "brood/error.hpp"
#include "files/run/run_document.hpp"

namespace brood::files {

namespace {

template <class T>
Json list_document(std::vector<T> const& items, Json (*document)(T const&)) {
  Json::Array list;
  for (T const& item : items)
    list.push_back(document(item));
  return list;
}

Json reliability_document(Inspection::Reliability const& each) {
  return Json().set("predicted", each.predicted).set("right", each.right).set("rows", each.rows);
}

Json label_document(Inspection::LabelCounts const& each) {
  return Json()
      .set("true_positive", each.true_positive)
      .set("false_positive", each.false_positive)
      .set("false_negative", each.false_negative)
      .set("true_negative", each.true_negative);
}

Json residuals_document(Inspection::Residuals const& each) {
  return Json()
      .set("mean", each.mean)
      .set("deviation", each.deviation)
      .set("truth", Json(each.truth))
      .set("predicted", Json(each.predicted));
}

Json column_document(Inspection::Column const& each) {
  return Json().set("name", each.name).set("mean", each.mean).set("deviation", each.deviation);
}

// A document with the path that messages name.
class Reader {
 public:
  Reader(Json const& document, std::string const& path) : document_(document), path_(path) {}

  [[noreturn]] void damaged(std::string_view key) const {
    throw StorageError(path_ + ":1: is damaged: " + std::string(key) + " is none");
  }
  Json::Array const& list(std::string_view key) const { return array_at(document_, key); }
  Json::Array const& array_at(Json const& object, std::string_view key) const {
    Json const* const found = object.find(key);
    auto const* const array = found ? found->as<Json::Array>() : nullptr;
    if (array == nullptr) damaged(key);
    return *array;
  }
  double real(Json const& object, std::string_view key) const {
    double const number = number_at(&object, key);
    if (std::isnan(number)) damaged(key);
    return number;
  }
  std::int64_t whole(Json const& object, std::string_view key) const {
    return whole(object.find(key), key);
  }
  std::int64_t whole(Json const* value, std::string_view key) const {
    auto const* const number = value ? value->as<std::int64_t>() : nullptr;
    if (number == nullptr) damaged(key);
    return *number;
  }
  // A list of numbers, whole ones among them.
  std::vector<double> reals(Json const& object, std::string_view key) const {
    std::vector<double> numbers;
    for (Json const& each : array_at(object, key)) {
      auto const* const whole = each.as<std::int64_t>();
      auto const* const number = each.as<double>();
      if (whole == nullptr && number == nullptr) damaged(key);
      numbers.push_back(number ? *number : static_cast<double>(*whole));
    }
    return numbers;
  }
  std::string text(Json const& object, std::string_view key) const {
    Json const* const found = object.find(key);
    auto const* const text = found ? found->as<std::string>() : nullptr;
    if (text == nullptr) damaged(key);
    return *text;
  }
  // False of what is not there.
  bool is_set(std::string_view key) const { return document_.find(key) != nullptr && flag(key); }
  bool flag(std::string_view key) const {
    Json const* const found = document_.find(key);
    auto const* const flag = found ? found->as<bool>() : nullptr;
    if (flag == nullptr) damaged(key);
    return *flag;
  }

 private:
  Json const& document_;
  std::string const& path_;
};

}  // namespace

Json inspection_document(Inspection const& inspection) {
  Json::Array confusion;
  for (auto const& row : inspection.confusion)
    confusion.push_back(Json(row));
  Json json;
  json.set("rows", inspection.rows);
  if (inspection.validated) json.set("of_validated_rows", true);
  json.set("confusion", std::move(confusion));
  json.set("calibration", list_document(inspection.reliability, reliability_document));
  json.set("labels", list_document(inspection.labels, label_document));
  json.set("residuals", list_document(inspection.residuals, residuals_document));
  json.set("columns", list_document(inspection.columns, column_document));
  json.set("column_rows", inspection.column_rows);
  json.set("column_repeats", inspection.column_repeats).set("by_winner", inspection.by_winner);
  return json;
}

Inspection read_inspection(Json const& document, std::string const& path) {
  Reader const reader(document, path);
  Inspection inspection;
  inspection.rows = reader.whole(document, "rows");
  inspection.validated = reader.is_set("of_validated_rows");
  for (Json const& row : reader.list("confusion")) {
    auto const* const cells = row.as<Json::Array>();
    if (cells == nullptr) reader.damaged("confusion");
    inspection.confusion.emplace_back();
    for (Json const& cell : *cells)
      inspection.confusion.back().push_back(reader.whole(&cell, "confusion"));
    if (cells->size() != reader.list("confusion").size()) reader.damaged("confusion");
  }
  for (Json const& each : reader.list("calibration")) {
    inspection.reliability.push_back(
        {reader.real(each, "predicted"), reader.real(each, "right"), reader.whole(each, "rows")});
  }
  for (Json const& each : reader.list("labels")) {
    inspection.labels.push_back(
        {reader.whole(each, "true_positive"), reader.whole(each, "false_positive"),
         reader.whole(each, "false_negative"), reader.whole(each, "true_negative")});
  }
  for (Json const& each : reader.list("residuals")) {
    inspection.residuals.push_back({reader.real(each, "mean"), reader.real(each, "deviation"),
                                    reader.reals(each, "truth"), reader.reals(each, "predicted")});
    auto const& residuals = inspection.residuals.back();
    if (residuals.truth.size() != residuals.predicted.size()) reader.damaged("predicted");
  }
  for (Json const& each : reader.list("columns")) {
    inspection.columns.push_back(
        {reader.text(each, "name"), reader.real(each, "mean"), reader.real(each, "deviation")});
  }
  inspection.column_rows = reader.whole(document, "column_rows");
  inspection.column_repeats = static_cast<int>(reader.whole(document, "column_repeats"));
  inspection.by_winner = reader.flag("by_winner");
  return inspection;
}

}  // namespace brood::files

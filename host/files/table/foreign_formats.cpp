// SPDX-License-Identifier: Apache-2.0
#include "files/table/foreign_formats.hpp"

#include <algorithm>

namespace brood::files {

namespace {

struct Foreign {
  std::string_view ending, magic, what;
  std::string_view reader;  // of pandas; empty: it has none
};
constexpr Foreign kForeign[] = {{".parquet", "PAR1", "a Parquet file", "read_parquet"},
                                {".feather", "ARROW1", "a Feather (Arrow) file", "read_feather"},
                                {".arrow", "ARROW1", "an Arrow file", "read_feather"},
                                {".orc", "ORC", "an ORC file", "read_orc"},
                                {".xlsx", "PK\x03\x04", "an Excel workbook", "read_excel"},
                                {".xls", "\xd0\xcf\x11\xe0", "an Excel workbook", "read_excel"},
                                {".ods", "", "an OpenDocument spreadsheet", "read_excel"},
                                {".json", "", "a JSON file", "read_json"},
                                {".jsonl", "", "a file of JSON lines", "read_json"},
                                {".ndjson", "", "a file of JSON lines", "read_json"},
                                {".dta", "", "a Stata file", "read_stata"},
                                {".sav", "$FL2", "an SPSS file", "read_spss"},
                                {".sas7bdat", "", "a SAS file", "read_sas"},
                                {".pkl", "", "a Python pickle", "read_pickle"},
                                {".h5", "\x89HDF", "an HDF5 file", "read_hdf"},
                                {".sqlite", "SQLite format 3", "an SQLite database", ""},
                                {".rds", "", "an R data file", ""},
                                {".rdata", "", "an R data file", ""},
                                {".arff", "", "a Weka file", ""},
                                {".mat", "MATLAB", "a MATLAB file", ""},
                                {".zip", "PK\x03\x04", "a zip archive", ""}};

std::string sentence(Foreign const& format, std::string_view name) {
  std::string text = "is " + std::string(format.what) + ", which is not read";
  if (is_arrow(format.magic)) text += " by this build, made without libarrow";
  if (format.reader.empty() || name == "-") return text + "; save its table as csv";
  std::string const lines =
      format.ending == ".jsonl" || format.ending == ".ndjson" ? ", lines=True" : "";
  std::string_view stem = name.substr(name.rfind('/') + 1);
  stem = stem.substr(0, stem.find('.'));
  std::string_view const other = name.ends_with(".csv") ? "_table" : "";  // not over itself
  return text + "; save it as csv, say with python3 -c \"import pandas; pandas." +
         std::string(format.reader) + "('" + std::string(name) + "'" + lines + ").to_csv('" +
         std::string(stem) + std::string(other) + ".csv', index=False)\"";
}

}  // namespace

bool is_arrow(std::string_view bytes) {
  return bytes.starts_with("PAR1") || bytes.starts_with("ARROW1");
}

std::string foreign_format(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  std::string_view base = lower;
  if (base.ends_with(".gz")) base.remove_suffix(3);
  for (Foreign const& format : kForeign) {
    if (base.ends_with(format.ending)) return sentence(format, name);
  }
  return "";
}

std::string foreign_format(std::string_view name, std::string_view bytes) {
  for (Foreign const& format : kForeign) {
    if (!format.magic.empty() && bytes.starts_with(format.magic)) return sentence(format, name);
  }
  return "";
}

}  // namespace brood::files

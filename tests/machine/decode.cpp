// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <map>
#include <stdexcept>

#include "machine/families.hpp"
#include "machine/warp.hpp"

namespace brood::machine {

Modifiers::Modifiers(std::string_view text) {
  while (!text.empty()) {
    auto const dot = text.find('.');
    parts_.push_back(text.substr(0, dot));
    text = dot == text.npos ? std::string_view{} : text.substr(dot + 1);
  }
}

bool Modifiers::take(std::string_view part) {
  auto const found = std::find(parts_.begin(), parts_.end(), part);
  if (found == parts_.end()) return false;
  parts_.erase(found);
  return true;
}

int Modifiers::one_of(std::initializer_list<std::string_view> parts) {
  int index = 0;
  for (auto const part : parts) {
    if (take(part)) return index;
    ++index;
  }
  return -1;
}

char const* name_of(Unit unit) {
  static char const* const names[kUnits] = {"alu",     "fma",     "fma_heavy", "tensor",
                                            "memory",  "shuffle", "special",   "fp64",
                                            "control", "system",  "constant",  "uniform"};
  return names[static_cast<int>(unit)];
}

namespace {

std::map<std::string_view, Choose*> const& families() {
  static auto const all = [] {
    std::map<std::string_view, Choose*> map;
    for (auto const list : {control_families(), conversion_families(), double_families(),
                            float_families(), integer_families(), memory_families(),
                            move_families(), tensor_families(), warp_families()}) {
      for (Family const& family : list)
        map.emplace(family.name, family.choose);
    }
    return map;
  }();
  return all;
}

void unknown(Warp& warp, Instruction const& instruction, std::uint32_t) {
  warp.fail("unknown instruction: " + std::string(instruction.text));
}

Unit unit_of(std::string_view name, std::string_view mnemonic) {
  auto is = [&](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (is({"HMMA", "IMMA", "DMMA"})) return Unit::tensor;
  if (is({"LDS", "STS", "LD", "LDG", "ST", "STG", "LDGSTS", "LDSM", "STL", "LDL", "STSM", "ATOM",
          "ATOMG", "ATOMS", "RED"}))
    return Unit::memory;
  if (is({"SHFL"})) return Unit::shuffle;
  if (is({"MUFU", "I2F", "F2I", "F2F", "FLO", "POPC", "FRND"})) return Unit::special;
  if (is({"DADD", "DMUL", "DFMA", "DSETP"})) return Unit::fp64;
  if (is({"FFMA", "FMUL", "FADD"})) return Unit::fma;
  if (is({"IMAD"})) return Unit::fma_heavy;
  if (is({"BRA", "BRX", "BRXU", "CALL", "RET", "EXIT", "BSSY", "BSYNC", "WARPSYNC", "BREAK", "NOP",
          "BAR", "DEPBAR", "LDGDEPBAR", "ENDCOLLECTIVE", "UCGABAR_ARV", "UCGABAR_WAIT"}))
    return Unit::control;
  if (is({"S2R", "S2UR", "R2UR"})) return Unit::system;
  if (is({"LDC", "ULDC"})) return Unit::constant;
  return mnemonic.starts_with('U') ? Unit::uniform : Unit::alu;
}

Control control_of(std::uint64_t high) {
  auto const bits = high >> 41;
  return {static_cast<std::uint8_t>(bits & 15), static_cast<std::uint8_t>(bits >> 5 & 7),
          static_cast<std::uint8_t>(bits >> 8 & 7), static_cast<std::uint8_t>(bits >> 11 & 63)};
}

// ---- operands

bool number_of(std::string_view text, std::int64_t& value) {
  bool const negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (!text.starts_with("0x")) return false;
  text.remove_prefix(2);
  std::uint64_t bits = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits, 16);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  value = static_cast<std::int64_t>(bits);
  if (negative) value = -value;
  return true;
}

bool index_of(std::string_view text, std::uint8_t& index) {
  int value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > 255) return false;
  index = static_cast<std::uint8_t>(value);
  return true;
}

class Parser {
 public:
  Parser(Code& code, Listing const& listing) : code_(code), listing_(listing) {}

  Instruction parse(Line const& line) {
    Instruction result;
    result.address = line.address;
    result.text = line.text;
    result.function = line.function;
    result.control = control_of(line.encoding[1]);
    line_ = &line;
    std::string_view text = line.text;
    if (text.starts_with('@')) {
      auto const space = text.find(' ');
      result.guard = operand(text.substr(1, space - 1));
      text = text.substr(space + 1);
      text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    }
    auto const end = text.find_first_of(" ");
    auto const mnemonic = text.substr(0, end);
    auto const dot = mnemonic.find('.');
    auto const name = mnemonic.substr(0, dot);
    result.unit = unit_of(name, mnemonic);
    Modifiers modifiers(dot == mnemonic.npos ? std::string_view{} : mnemonic.substr(dot + 1));
    assign(result, name, operands(end == text.npos ? std::string_view{} : text.substr(end + 1)));
    auto const family = families().find(name);
    if (family != families().end()) result.run = family->second(modifiers, result);
    if (result.run == nullptr || !modifiers.empty() || !known_) {
      result.run = unknown;
    }
    return result;
  }

 private:
  std::vector<Operand> operands(std::string_view text) {
    std::vector<Operand> result;
    known_ = true;
    int depth = 0;
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= text.size(); ++i) {
      bool const end = i == text.size();
      if (!end && (text[i] == '[' || text[i] == '(')) ++depth;
      if (!end && (text[i] == ']' || text[i] == ')')) --depth;
      if (!end && (text[i] != ',' || depth > 0)) continue;
      auto part = text.substr(begin, i - begin);
      part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
      while (part.ends_with(' '))
        part.remove_suffix(1);
      begin = i + 1;
      if (part.empty()) continue;
      // "R44 `(.L_x_1)" and "R32 -0x18e00" are two.
      auto const space = part.find(' ');
      if (space != part.npos && part[0] != '`') {
        result.push_back(operand(part.substr(0, space)));
        part = part.substr(space + 1);
      }
      result.push_back(operand(part));
    }
    return result;
  }

  Operand operand(std::string_view text) {
    if (auto const reuse = text.find(".reuse"); reuse != text.npos) {
      // Also inside bars: |R1|.reuse
      text = text.substr(0, reuse);
    }
    Operand o;
    o.text = text;
    std::int64_t number = 0;
    if (number_of(text, number)) return immediate(number);
    if (text.starts_with('!')) {
      o.inverted = true;
      text.remove_prefix(1);
    }
    if (text.starts_with('-') && text.size() > 1 && !is_float(text)) {
      o.negated = true;
      text.remove_prefix(1);
    }
    if (text.starts_with('~')) {
      o.inverted = true;
      text.remove_prefix(1);
    }
    if (text.starts_with('|') && text.size() > 2) {
      o.absolute = true;
      text = text.substr(1, text.size() - 2);
    }
    if (text.starts_with('`')) return label(o, text);
    if (text.starts_with("desc[")) text = text.substr(text.find(']') + 1);
    if (text.starts_with("c[")) return constant(o, text);
    if (text.starts_with('[')) return address(o, text);
    if (text == "PR" || text.starts_with("SR_") || text.starts_with("SB")) {
      o.kind = Operand::Kind::name;
      o.text = text;
      return o;
    }
    if (text.ends_with(".64")) {
      o.wide = true;
      text.remove_suffix(3);
    }
    if (names_register(o, text)) return o;
    if (is_float(text)) return immediate(static_cast<std::int64_t>(line_->encoding[0] >> 32));
    o.kind = Operand::Kind::name;
    return o;
  }

  bool names_register(Operand& o, std::string_view text) {
    using Kind = Operand::Kind;
    if (text == "RZ" || text == "SRZ") {
      o.kind = Kind::reg;
      o.reg = kZeroRegister;
    } else if (text == "URZ") {
      o.kind = Kind::uniform;
      o.reg = kZeroUniform;
    } else if (text == "PT" || text == "UPT") {
      o.kind = text[0] == 'U' ? Kind::uniform_predicate : Kind::predicate;
      o.reg = kTruePredicate;
    } else if (text.starts_with("UR") && index_of(text.substr(2), o.reg)) {
      o.kind = Kind::uniform;
    } else if (text.starts_with("UP") && index_of(text.substr(2), o.reg)) {
      o.kind = Kind::uniform_predicate;
    } else if (text.starts_with('R') && index_of(text.substr(1), o.reg)) {
      o.kind = Kind::reg;
    } else if (text.starts_with('P') && index_of(text.substr(1), o.reg)) {
      o.kind = Kind::predicate;
    } else if (text.starts_with('B') && index_of(text.substr(1), o.reg)) {
      o.kind = Kind::name;  // a convergence barrier: reg
    } else {
      return false;
    }
    return true;
  }

  // Digits, or what printf writes of what is no number. Its bits are taken from the encoding.
  static bool is_float(std::string_view text) {
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    return !text.empty() && ((text[0] >= '0' && text[0] <= '9') || text.starts_with("INF") ||
                             text.starts_with("QNAN") || text.starts_with("SNAN"));
  }

  Operand immediate(std::int64_t value) {
    Operand o;
    o.kind = Operand::Kind::immediate;
    o.value = value;
    auto const bits = static_cast<std::uint32_t>(value);
    auto& known = immediates_[bits];
    if (known == nullptr) known = &code_.immediates.emplace_back(Words::all(bits));
    o.words = known;
    return o;
  }

  Operand label(Operand o, std::string_view text) {
    o.kind = Operand::Kind::label;
    auto const name = text.substr(2, text.size() - 3);
    auto const found = listing_.labels.find(name);
    if (found == listing_.labels.end()) {
      known_ = false;
    } else {
      o.value = found->second;
    }
    return o;
  }

  // c[0x0][0x210], c[0x2][R3], c[0x0][R3+0x210], c[0x0][UR4]
  Operand constant(Operand o, std::string_view text) {
    o.kind = Operand::Kind::constant;
    std::int64_t bank = 0;
    auto const close = text.find(']');
    known_ = number_of(text.substr(2, close - 2), bank) && known_;
    o.bank = static_cast<std::uint8_t>(bank);
    auto const at = text.substr(close + 1);
    parts_of(o, at);
    return o;
  }

  // [R3.64+0x10], [R3.X4+UR2+-0x10]
  Operand address(Operand o, std::string_view text) {
    o.kind = Operand::Kind::address;
    parts_of(o, text);
    return o;
  }

  void parts_of(Operand& o, std::string_view text) {
    if (text.size() < 2 || text.front() != '[' || text.back() != ']') {
      known_ = false;
      return;
    }
    text = text.substr(1, text.size() - 2);
    while (!text.empty()) {
      auto const plus = text.find('+', 1);
      auto part = text.substr(0, plus);
      text = plus == text.npos ? std::string_view{} : text.substr(plus + 1);
      std::int64_t number = 0;
      Operand named;
      if (number_of(part, number)) {
        o.value += number;
        continue;
      }
      for (auto const& [suffix, scale] :
           {std::pair{".X4", 4}, std::pair{".X8", 8}, std::pair{".X16", 16}}) {
        if (part.ends_with(suffix)) {
          o.scale = static_cast<std::uint8_t>(scale);
          part.remove_suffix(std::string_view(suffix).size());
        }
      }
      if (part.ends_with(".64")) {
        o.wide = true;
        part.remove_suffix(3);
      } else if (part.ends_with(".U32")) {
        part.remove_suffix(4);
      }
      if (!names_register(named, part)) {
        known_ = false;
      } else if (named.kind == Operand::Kind::reg) {
        o.reg = named.reg;
      } else {
        o.uniform = named.reg;
      }
    }
  }

  // Which are results, which are sources, which are conditions. Results come first; predicates
  // among them may stand before or behind the register.
  static void assign(Instruction& result, std::string_view name, std::vector<Operand> const& list) {
    using Kind = Operand::Kind;
    auto is_predicate = [](Operand const& o) {
      return o.kind == Kind::predicate || o.kind == Kind::uniform_predicate;
    };
    std::size_t at = 0, results = 0, sources = 0, conditions = 0;
    auto plain_follows = [&](std::size_t from) {
      return std::any_of(list.begin() + static_cast<std::ptrdiff_t>(from), list.end(),
                         [&](Operand const& o) { return !is_predicate(o); });
    };
    bool const only_reads = name == "BRA" || name == "EXIT" || name == "BSYNC" || name == "BRX" ||
                            name == "BRXU" || name == "CALL" || name == "RET" || name == "BAR" ||
                            name == "WARPSYNC" || name == "BREAK";
    bool const stores = name == "ST" || name == "STG" || name == "STS" || name == "STL" ||
                        name == "LDGSTS" || name == "RED" || name == "STSM";
    bool const no_register =
        name.ends_with("SETP") || name == "FCHK" || name.ends_with("PLOP3") || name == "R2P";
    std::size_t const most = name == "FCHK" || name.starts_with("VOTE") ? 1 : 2;
    if (!only_reads && !stores) {
      while (at < list.size() && results < most && is_predicate(list[at]) && !list[at].inverted)
        result.predicates[results++] = list[at++];
      bool const votes_only = name.starts_with("VOTE") && results > 0;
      if (!no_register && !votes_only && at < list.size() &&
          (list[at].kind == Kind::reg || list[at].kind == Kind::uniform)) {
        result.result = list[at++];
        while (at < list.size() && results < most && is_predicate(list[at]) && !list[at].inverted &&
               plain_follows(at))
          result.predicates[results++] = list[at++];
      }
    }
    for (; at < list.size(); ++at) {
      if (is_predicate(list[at])) {
        if (conditions < 3) result.conditions[conditions++] = list[at];
      } else if (sources < 5) {
        result.source[sources++] = list[at];
      }
    }
  }

  Code& code_;
  Listing const& listing_;
  Line const* line_ = nullptr;
  bool known_ = true;
  std::map<std::uint32_t, Words const*> immediates_;
};

// "$kernel$function" without the kernel.
std::string short_name(std::string_view function, std::string_view kernel) {
  if (function == kernel) return "kernel";
  if (auto const at = function.find(kernel); at != function.npos)
    function.remove_prefix(std::min(at + kernel.size() + 1, function.size()));
  return std::string(function);
}

}  // namespace

Code decode(std::string const& kernel, std::shared_ptr<ListingFile const> file,
            KernelFacts const& facts) {
  Code code;
  code.kernel = kernel;
  code.facts = facts;
  Listing const listing = file->kernel(kernel);
  code.file = std::move(file);
  for (auto const function : listing.functions)
    code.functions.push_back(short_name(function, kernel));
  Parser parser(code, listing);
  code.instructions.reserve(listing.lines.size());
  for (Line const& line : listing.lines) {
    if (line.address != 16 * code.instructions.size())
      throw std::runtime_error(kernel + ": the listing lacks an instruction");
    code.instructions.push_back(parser.parse(line));
  }
  return code;
}

}  // namespace brood::machine

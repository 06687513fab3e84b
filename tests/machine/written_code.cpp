// SPDX-License-Identifier: Apache-2.0
#include "machine/written_code.hpp"

#include <cstdio>

namespace brood::machine {

WrittenLines operator+(WrittenLines a, WrittenLines const& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Code written_code(WrittenLines const& lines) {
  std::string text = "\t.section\t.text.written,\"ax\"\nwritten:\n";
  unsigned address = 0;
  for (WrittenLine const& line : lines) {
    if (line.text.ends_with(':')) {
      text += line.text + "\n";
      continue;
    }
    auto const& control = line.control;
    std::uint64_t const bits =
        control.stall | control.write_barrier << 5 | control.read_barrier << 8 | control.wait << 11;
    char words[200];
    std::snprintf(words, sizeof words, "/*%04x*/ %s ; /* 0x%016x */\n/* 0x%016llx */\n", address,
                  line.text.c_str(), 0, static_cast<unsigned long long>(bits << 41));
    text += words;
    address += 16;
  }
  KernelFacts facts;
  facts.architecture = 90;
  facts.registers = 255;
  facts.shared_bytes = 0x400;
  facts.parameter_offset = 0x210;
  facts.parameter_bytes = 8;
  return decode("written", std::make_shared<ListingFile>(std::move(text)), facts);
}

WrittenLines store_and_exit(std::string const& reg) {
  return {"LDC.64 R240, c[0x0][0x210]",
          "S2R R242, SR_TID.X",
          "S2R R243, SR_CTAID.X",
          "LDC R244, c[0x0][0x0]",
          "IMAD R242, R243, R244, R242",
          "IMAD.WIDE.U32 R240, R242, 0x4, R240",
          "STG.E desc[UR60][R240.64], " + reg,
          "EXIT"};
}

Outcome execute(WrittenLines const& lines, Shape const& shape) {
  Outcome outcome;
  outcome.out.assign(static_cast<std::size_t>(shape.blocks * shape.threads), 0);
  std::uint32_t* const out = outcome.out.data();
  auto const begin = reinterpret_cast<std::uint64_t>(out);
  Program program(written_code(lines));
  Machine machine(program);
  machine.run({.kernel = "written",
               .blocks = shape.blocks,
               .threads = shape.threads,
               .cluster = shape.cluster,
               .shared_bytes = shape.shared_bytes,
               .parameters = {reinterpret_cast<std::uint8_t const*>(&out), sizeof out}},
              MemoryMap({{begin, begin + 4 * outcome.out.size()}}));
  outcome.reports = machine.reports;
  return outcome;
}

}  // namespace brood::machine

// SPDX-License-Identifier: Apache-2.0
// A backend's copies of host objects that several members share: by the address of the original,
// for as long as one of the members keeps the copy.
#pragma once

#include <map>
#include <memory>
#include <utility>

#include "brood/member.hpp"

namespace brood {

template <class Original, class Copy>
class SharedCopies {
 public:
  // The copy for members of a table; make() makes it where there is none.
  template <class Make>
  std::shared_ptr<Copy> get(std::shared_ptr<Original const> const& original, TableId table,
                            Make&& make) {
    auto& entry = entries_[{table, original.get()}];
    auto copy = entry.copy.lock();
    if (copy == nullptr || entry.original.lock() != original) {
      copy = std::make_shared<Copy>(make());
      entry = {original, copy};
    }
    return copy;
  }

  void forget(TableId table) {
    std::erase_if(entries_, [&](auto const& entry) { return entry.first.first == table; });
  }
  // Lets go of the entries that no member uses any more.
  void forget_unused() {
    std::erase_if(entries_, [](auto const& entry) { return entry.second.copy.expired(); });
  }

 private:
  struct Entry {
    std::weak_ptr<Original const> original;
    std::weak_ptr<Copy> copy;
  };
  std::map<std::pair<TableId, Original const*>, Entry> entries_;
};

}  // namespace brood

// SPDX-License-Identifier: Apache-2.0
// Serves a page and a document of it to browsers of this machine: on 127.0.0.1 alone, to read, and
// only to who has the token that is in the address. One thread does it all.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace brood::tools {

// What there is to be served. The texts live until the next call.
class ServedPage {
 public:
  virtual ~ServedPage() = default;
  // Before a request is answered.
  virtual void refresh() = 0;
  virtual std::string const& page() const = 0;
  virtual std::string const& data() const = 0;     // JSON
  virtual std::string const& version() const = 0;  // of the data
};

class PageServer {
 public:
  // Nothing: a port that is free. Throws UsageError if it is taken or not allowed, StorageError if
  // the machine gives none.
  PageServer(ServedPage& served, std::optional<int> port);
  ~PageServer();
  PageServer(PageServer const&) = delete;
  PageServer& operator=(PageServer const&) = delete;

  int port() const;
  // http://127.0.0.1:PORT/TOKEN/
  std::string address() const;
  // Until SIGINT, SIGTERM or SIGHUP (returned), or until `every_second` says that it is over (0).
  int serve(std::function<bool()> const& every_second);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace brood::tools

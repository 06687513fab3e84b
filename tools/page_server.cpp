// SPDX-License-Identifier: Apache-2.0
// The only file that includes Boost.Beast and Asio.
#include "tools/page_server.hpp"

#include <sys/random.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

#include "brood/error.hpp"

namespace brood::tools {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using beast::error_code;

constexpr std::chrono::seconds kPatience{30};  // with a connection on which nothing happens
constexpr std::uint32_t kMostHeaderBytes = 8192;
constexpr int kMostConnections = 512;

// 128 random bits, in hex.
std::string random_token() {
  std::array<unsigned char, 16> bytes = {};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    throw StorageError(std::string("the system has no random numbers: ") + std::strerror(errno));
  std::string token;
  for (unsigned char const byte : bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    token += kDigits[byte >> 4];
    token += kDigits[byte & 15];
  }
  return token;
}

// In a time that does not tell where they differ.
bool is_same(std::string_view a, std::string_view b) {
  unsigned char differences = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < b.size(); ++i)
    differences |= static_cast<unsigned char>((i < a.size() ? a[i] : 0) ^ b[i]);
  return differences == 0;
}

// A page elsewhere can have its own name resolve to this machine, and be let in by the browser; the
// name gives it away.
bool is_this_machine(std::string_view host) {
  std::size_t const bracket = host.rfind(']');
  std::size_t const colon = host.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || bracket < colon))
    host = host.substr(0, colon);
  return host == "127.0.0.1" || host == "localhost" || host == "[::1]";
}

using Request = http::request<http::empty_body>;
using Response = http::response<http::string_body>;

}  // namespace

class PageServer::Impl {
 public:
  Impl(ServedPage& served, std::optional<int> port)
      : served_(served), acceptor_(context_), timer_(context_), signals_(context_) {
    listen(port.value_or(0));
  }

  int port() const { return acceptor_.local_endpoint().port(); }
  std::string address() const {
    return "http://127.0.0.1:" + std::to_string(port()) + "/" + token_ + "/";
  }

  int serve(std::function<bool()> const& every_second) {
    int received = 0;
    signals_.add(SIGINT);
    signals_.add(SIGTERM);
    struct sigaction now = {};
    ::sigaction(SIGHUP, nullptr, &now);
    if (now.sa_handler != SIG_IGN) signals_.add(SIGHUP);  // started by nohup, it lives on
    signals_.async_wait([&](error_code error, int signal) {
      if (error) return;
      received = signal;
      context_.stop();
    });
    accept();
    tick(every_second);
    context_.run();
    return received;
  }

 private:
  class Connection;

  void listen(int port) {
    auto const number = static_cast<unsigned short>(port);
    tcp::endpoint const place(asio::ip::address_v4::loopback(), number);
    error_code error;
    acceptor_.open(place.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(place, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) return;
    std::string const what = "--port: " + std::to_string(port) + " cannot be had: ";
    if (error == asio::error::address_in_use)
      throw UsageError(what + "another program has it; leave --port out for one that is free");
    if (error == asio::error::access_denied)
      throw UsageError(what + "the system does not allow it; allowed are most from 1024 on");
    throw StorageError("no port of 127.0.0.1 can be listened on: " + error.message());
  }

  void accept();

  void tick(std::function<bool()> const& every_second) {
    timer_.expires_after(std::chrono::seconds(1));
    timer_.async_wait([this, &every_second](error_code error) {
      if (error) return;
      if (every_second()) {
        context_.stop();
      } else {
        tick(every_second);
      }
    });
  }

  // Nothing of what there is is said to who may not know it.
  Response answer_to(Request const& request) {
    Response response;
    response.version(11);
    response.keep_alive(request.keep_alive());
    response.set(http::field::cache_control, "no-store");
    response.set("Referrer-Policy", "no-referrer");
    response.set("X-Content-Type-Options", "nosniff");
    response.set("Cross-Origin-Resource-Policy", "same-origin");
    response.set("Content-Security-Policy", "frame-ancestors 'none'");
    if (!is_this_machine(to_view(request[http::field::host]))) {
      response.result(http::status::forbidden);
      return response;
    }
    std::string_view const path = to_view(request.target());
    std::size_t const slash = path.find('/', 1);
    std::string_view const name = slash == std::string_view::npos ? "" : path.substr(slash);
    if (!is_same(path.substr(0, slash), "/" + token_)) {
      response.result(http::status::not_found);
      return response;
    }
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
      response.result(http::status::method_not_allowed);
      response.set(http::field::allow, "GET, HEAD");
      response.keep_alive(false);  // a body may follow
      return response;
    }
    put(name, to_view(request[http::field::if_none_match]), response);
    return response;
  }

  void put(std::string_view name, std::string_view known, Response& response) {
    if (name == "/") {
      response.set(http::field::content_type, "text/html; charset=utf-8");
      response.body() = served_.page();
    } else if (name == "/data.json") {
      served_.refresh();
      std::string const version = '"' + served_.version() + '"';
      response.set(http::field::etag, version);
      if (known == version) {
        response.result(http::status::not_modified);
      } else {
        response.set(http::field::content_type, "application/json");
        response.body() = served_.data();
      }
    } else {
      response.result(http::status::not_found);
    }
  }

  static std::string_view to_view(beast::string_view text) { return {text.data(), text.size()}; }

  ServedPage& served_;
  std::string const token_ = random_token();
  int connections_ = 0;
  asio::io_context context_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer timer_;
  asio::signal_set signals_;
};

// One request after the other, until either side ends it. Lives in what it waits for.
class PageServer::Impl::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Impl& server, tcp::socket socket) : server_(server), stream_(std::move(socket)) {
    ++server_.connections_;
  }
  ~Connection() { --server_.connections_; }
  Connection(Connection const&) = delete;
  Connection& operator=(Connection const&) = delete;

  void read() {
    parser_.emplace();
    parser_->header_limit(kMostHeaderBytes);
    stream_.expires_after(kPatience);
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = shared_from_this()](error_code error, std::size_t) {
                              if (!error) self->write();
                            });
  }

 private:
  void write() {
    Request const& request = parser_->get();
    bool const is_head = request.method() == http::verb::head;
    response_ = server_.answer_to(request);
    response_.prepare_payload();
    if (!parser_->is_done()) response_.keep_alive(false);  // nothing that is sent is read
    if (is_head) response_.body().clear();
    serializer_.emplace(response_);
    stream_.expires_after(kPatience);
    auto const written = [self = shared_from_this()](error_code error, std::size_t) {
      if (!error && self->response_.keep_alive()) {
        self->read();
      } else {
        self->stream_.socket().shutdown(tcp::socket::shutdown_send, error);
      }
    };
    if (is_head) {
      http::async_write_header(stream_, *serializer_, written);
    } else {
      http::async_write(stream_, *serializer_, written);
    }
  }

  Impl& server_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_{2 * kMostHeaderBytes};
  std::optional<http::request_parser<http::empty_body>> parser_;
  Response response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
};

void PageServer::Impl::accept() {
  acceptor_.async_accept([this](error_code error, tcp::socket socket) {
    if (!error && connections_ < kMostConnections)
      std::make_shared<Connection>(*this, std::move(socket))->read();
    if (error && error != asio::error::connection_aborted) {
      // There is no descriptor left: in a moment there may be.
      auto const later = std::make_shared<asio::steady_timer>(context_, std::chrono::seconds(1));
      later->async_wait([this, later](error_code) { accept(); });
      return;
    }
    accept();
  });
}

PageServer::PageServer(ServedPage& served, std::optional<int> port)
    : impl_(std::make_unique<Impl>(served, port)) {}
PageServer::~PageServer() = default;

int PageServer::port() const {
  return impl_->port();
}
std::string PageServer::address() const {
  return impl_->address();
}
int PageServer::serve(std::function<bool()> const& every_second) {
  return impl_->serve(every_second);
}

}  // namespace brood::tools

// SPDX-License-Identifier: Apache-2.0
// YAML by yaml-cpp's events, built into a tree of our own. What yaml-cpp lets pass (bytes that are
// no text, depth, tags on plain text, quotes that are never closed) is refused here; its
// recursion is stopped by an exception from the event that would exceed the depth.
#include "files/io/yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "brood/error.hpp"
#include "files/io/text.hpp"
#include "files/io/utf8.hpp"

namespace brood::files {

namespace {

// ---- bytes

bool is_control(char c) {
  auto const byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f;
}

// The first byte that no text has, if there is one. A carriage return is text before a line feed
// only: yaml-cpp does not take one alone for the end of a line.
void check_bytes(std::string_view bytes, Place place, Problems& problems) {
  bool const with_lines = place.in_file();
  for (std::size_t i = 0; i < bytes.size();) {
    std::size_t const size = character_size(bytes.substr(i));
    bool const lone_return = bytes[i] == '\r' && !bytes.substr(i).starts_with("\r\n");
    if (size == 0) {
      problems.add(place, "the byte 0x" + hex(bytes[i]) + " is no UTF-8 text");
    } else if (is_control(bytes[i])) {
      problems.add(place, "the control character 0x" + hex(bytes[i]) + " is not allowed");
    } else if (lone_return) {
      problems.add(place, "a carriage return without a line feed; end lines with LF or CR LF");
    }
    if (!problems.none()) return;
    if (with_lines) {
      place.column = bytes[i] == '\n' ? 1 : place.column + 1;
      place.line += bytes[i] == '\n';
    }
    i += size;
  }
}

// ---- scalars

bool is_whole_number(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Gives a plain scalar its kind and value.
void resolve(Node& node, Problems& problems) {
  node.kind = NodeKind::text;
  if (node.text == "true" || node.text == "false") {
    node.kind = NodeKind::boolean;
    node.boolean = node.text == "true";
    return;
  }
  auto const [reading, value] = read_number<double>(node.text);
  if (reading == Reading::not_a_number) return;
  if (reading == Reading::too_large) {
    problems.add(node.place,
                 "the number " + files::quoted(node.text) + " is too large for a double");
    return;
  }
  node.kind = NodeKind::real;
  node.real = value;
  if (!is_whole_number(node.text)) return;
  std::string_view digits = node.text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  std::int64_t whole = 0;
  auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), whole);
  if (error != std::errc{}) return;
  node.kind = NodeKind::integer;
  node.integer = whole;
}

// Whether the quoted scalar at the beginning of `source` is closed: yaml-cpp takes the end of the
// file for a closing quote.
bool is_closed(std::string_view source) {
  char const quote = source[0];
  for (std::size_t i = 1; i < source.size(); ++i) {
    if (quote == '"' && source[i] == '\\') {
      ++i;
    } else if (source[i] == quote) {
      bool const doubled = quote == '\'' && source.substr(i + 1).starts_with('\'');
      if (!doubled) return true;
      ++i;
    }
  }
  return false;
}

// ---- the tree

// Thrown by an event that makes going on pointless; the problem is noted already.
struct Stop {};

class Builder final : public YAML::EventHandler {
 public:
  Builder(std::string_view source, Place start, Problems& problems)
      : source_(source), start_(std::move(start)), problems_(problems) {}

  Node take() {
    if (!root_) return node_at(start_);
    return std::move(*root_);
  }

  Place place_of(YAML::Mark const& mark) {
    if (!start_.in_file() || mark.is_null()) return start_;
    return {start_.name, mark.line + 1, column_of(mark)};
  }
  // The innermost list, or map, that is being read; null if there is none.
  Node const* innermost(NodeKind kind) const {
    auto const last = std::find_if(open_.rbegin(), open_.rend(),
                                   [&](Open const& each) { return each.node.kind == kind; });
    return last == open_.rend() ? nullptr : &last->node;
  }
  // No more than white space follows. yaml-cpp has no mark, or the first, for the very end.
  bool is_at_end(YAML::Mark const& mark) const {
    return mark.is_null() || mark.pos == 0 ||
           at(mark).find_first_not_of(" \t\r\n") == std::string_view::npos;
  }

  void OnDocumentStart(YAML::Mark const& mark) override {
    if (++documents_ == 1) return;
    problems_.add(place_of(mark), "there is more after the end of the document; a file has one");
    throw Stop{};
  }
  void OnDocumentEnd() override {}

  void OnNull(YAML::Mark const& mark, YAML::anchor_t anchor) override {
    Node node = node_at(place_of(mark));
    check_untagged(mark, "?", node.place);
    // An absent value has the place of what comes next; its key says more.
    std::string_view const text = content_at(mark);
    bool const written = text.starts_with('~') || text.starts_with('n') || text.starts_with('N');
    if (!written && !open_.empty() && open_.back().key) node.place = open_.back().key->place;
    keep(node, anchor);
    attach(std::move(node));
  }
  // What is copied stands where it is used; what is in it, where it was written.
  void OnAlias(YAML::Mark const& mark, YAML::anchor_t anchor) override {
    Place const place = place_of(mark);
    auto const anchored = anchored_.find(anchor);
    if (anchored == anchored_.end()) {
      problems_.add(place, "this alias (*name) is a part of what it stands for");
      throw Stop{};
    }
    if (open_.size() + static_cast<std::size_t>(depth_of(anchored->second)) > kMaxYamlDepth)
      stop_at_depth(place);
    spend(anchored->second, place);
    Node node = anchored->second;
    node.place = place;
    attach(std::move(node));
  }
  void OnScalar(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                std::string const& value) override {
    Node node = node_at(place_of(mark), NodeKind::text);
    node.text = value;
    check_untagged(mark, tag, node.place);
    std::string_view const source = content_at(mark);
    if ((source.starts_with('"') || source.starts_with('\'')) && !is_closed(source)) {
      problems_.add(node.place, "the quote that begins here is never closed");
    }
    if (value.find('\0') != std::string::npos) {
      problems_.add(node.place, "the text holds the character \\0, which is not allowed");
    }
    node.quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
    bool const is_key = !open_.empty() && open_.back().wants_key();
    if (!node.quoted && (!is_key || anchor != 0)) resolve(node, problems_);
    keep(node, anchor);
    attach(std::move(node));
  }
  void OnSequenceStart(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(NodeKind::list, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(NodeKind::map, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor = 0;
    bool merges = false;            // the key << is there, without quotes
    std::optional<Entry> key = {};  // of a map: read, its value not yet
    std::unordered_map<std::string, Place> keys = {};

    bool wants_key() const { return node.kind == NodeKind::map && !key; }
  };

  std::string_view at(YAML::Mark const& mark) const {
    return source_.substr(std::min(source_.size(), static_cast<std::size_t>(mark.pos)));
  }

  // Behind the anchor and the tag, if there are any.
  std::string_view content_at(YAML::Mark const& mark) const {
    std::string_view text = at(mark);
    while (text.starts_with('&') || text.starts_with('!')) {
      text.remove_prefix(std::min(text.size(), text.find_first_of(" \t\r\n")));
      text.remove_prefix(std::min(text.size(), text.find_first_not_of(" \t\r\n")));
    }
    return text;
  }
  bool has_tag(YAML::Mark const& mark) const {
    std::string_view const text = at(mark);
    auto const end = static_cast<std::size_t>(content_at(mark).data() - text.data());
    return text.starts_with('!') || text.substr(0, end).find(" !") != std::string_view::npos;
  }

  // Columns in characters; yaml-cpp counts bytes. Counted from the place before, for a file may be
  // one long line.
  int column_of(YAML::Mark const& mark) {
    auto const characters = [&](int from, int to) {
      auto const begin = source_.begin() + from, end = source_.begin() + to;
      return static_cast<int>(
          std::count_if(begin, end, [](char c) { return !continues_character(c); }));
    };
    int const pos = std::min(mark.pos, static_cast<int>(source_.size()));
    int column;
    if (mark.line != last_line_) {
      column = 1 + characters(std::max(0, pos - mark.column), pos);
    } else if (pos >= last_pos_) {
      column = last_column_ + characters(last_pos_, pos);
    } else {
      column = last_column_ - characters(pos, last_pos_);
    }
    last_line_ = mark.line;
    last_pos_ = pos;
    last_column_ = column;
    return column;
  }

  // ---- anchors

  void keep(Node const& node, YAML::anchor_t anchor) {
    if (anchor == 0) return;
    spend(node, node.place);
    anchored_.insert_or_assign(anchor, node);
  }
  void spend(Node const& node, Place const& place) {
    copies_ += size_of(node);
    if (copies_ <= kMaxYamlCopies) return;
    problems_.add(place, "anchors and aliases (&name, *name) copy more than " +
                             std::to_string(kMaxYamlCopies) +
                             " values here; write out what is needed");
    throw Stop{};
  }
  static std::int64_t size_of(Node const& node) {
    std::int64_t size = 1;
    for (Node const& item : node.items)
      size += size_of(item);
    for (Entry const& entry : node.entries)
      size += size_of(entry.value);
    return size;
  }
  static int depth_of(Node const& node) {
    if (node.is_scalar()) return 0;
    int depth = 0;
    for (Node const& item : node.items)
      depth = std::max(depth, depth_of(item));
    for (Entry const& entry : node.entries)
      depth = std::max(depth, depth_of(entry.value));
    return depth + 1;
  }

  // The key << of a map: entries of other maps, in the order written, that it does not have itself.
  void merge(Node& map) {
    auto const written = std::find_if(map.entries.begin(), map.entries.end(),
                                      [](Entry const& entry) { return entry.key == "<<"; });
    Node merged = std::move(written->value);
    map.entries.erase(written);
    if (merged.kind != NodeKind::list) merged.items = {Node(merged)};
    std::unordered_set<std::string> own;
    for (Entry const& entry : map.entries)
      own.insert(entry.key);
    for (Node& from : merged.items) {
      if (from.kind != NodeKind::map) {
        problems_.add(from.place, "<< merges a map, such as *name, or a list of maps");
        continue;
      }
      for (Entry& entry : from.entries) {
        if (own.insert(entry.key).second) map.entries.push_back(std::move(entry));
      }
    }
  }

  // The tag of what has none is "?", or "!" if it is quoted.
  void check_untagged(YAML::Mark const& mark, std::string const& tag, Place const& place) {
    if ((tag == "?" || tag == "!") && !has_tag(mark)) return;
    if (is_standard(tag)) return;
    problems_.add(place, "tags (!name) are not allowed, but !!float and its like");
  }
  // One of YAML's own types, which say no more than the text does, but for !!str.
  static bool is_standard(std::string const& tag) {
    constexpr std::string_view kTypes[] = {"float", "int", "str", "bool", "null", "seq", "map"};
    return std::any_of(std::begin(kTypes), std::end(kTypes), [&](std::string_view type) {
      return tag == "tag:yaml.org,2002:" + std::string(type);
    });
  }

  void open(NodeKind kind, YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor) {
    Node node = node_at(place_of(mark), kind);
    check_untagged(mark, tag, node.place);
    if (open_.size() == kMaxYamlDepth) stop_at_depth(node.place);
    open_.push_back({.node = std::move(node), .anchor = anchor});
  }
  [[noreturn]] void stop_at_depth(Place const& place) {
    problems_.add(place, "lists and maps lie more than " + std::to_string(kMaxYamlDepth) +
                             " deep in each other");
    throw Stop{};
  }
  void close() {
    Node node = std::move(open_.back().node);
    YAML::anchor_t const anchor = open_.back().anchor;
    if (open_.back().merges) merge(node);
    open_.pop_back();
    keep(node, anchor);
    attach(std::move(node));
  }

  void attach(Node node) {
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (Open& parent = open_.back(); parent.node.kind == NodeKind::list) {
      parent.node.items.push_back(std::move(node));
    } else if (parent.wants_key()) {
      parent.key = key_of(std::move(node), parent);
    } else {
      parent.key->value = std::move(node);
      parent.node.entries.push_back(std::move(*parent.key));
      parent.key.reset();
    }
  }

  Entry key_of(Node node, Open& map) {
    if (!node.is_scalar() || node.kind == NodeKind::null) {
      problems_.add(node.place, node.is_scalar() ? "a key is missing here, or it is null"
                                                 : "a key must be a word, not a list or a map");
      return {"", node.place, {}};
    }
    map.merges = map.merges || (node.text == "<<" && !node.quoted);
    auto const [twin, is_new] = map.keys.emplace(node.text, node.place);
    if (!is_new) {
      problems_.add(node.place, "the key " + files::quoted(node.text) +
                                    " is there twice; the first is at " + twin->second.text());
    }
    return {std::move(node.text), std::move(node.place), {}};
  }

  std::string_view source_;
  Place start_;
  Problems& problems_;
  std::optional<Node> root_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, Node> anchored_;
  std::int64_t copies_ = 0;
  int documents_ = 0;
  int last_line_ = -1, last_pos_ = 0, last_column_ = 1;
};

// What yaml-cpp's messages mean, where they do not say.
std::string explain(std::string const& message) {
  namespace E = YAML::ErrorMsg;
  std::pair<char const*, char const*> const explanations[] = {
      {E::MAP_VALUE, "a ':' cannot stand here; put the text in quotes if it belongs to it"},
      {E::MAP_KEY, "a '?' cannot stand here; put the text in quotes if it belongs to it"},
      {E::END_OF_MAP,
       "this does not go on with the map before it; look at its indentation, colons "
       "and commas"},
      {E::END_OF_SEQ, "this does not go on with the list before it; look at its indentation"},
      {E::END_OF_MAP_FLOW, "a ',' or '}' is missing before this"},
      {E::END_OF_SEQ_FLOW, "a ',' or ']' is missing before this"},
      {E::FLOW_END, "there is no list or map open that this could close"},
      {E::BLOCK_ENTRY, "a list entry '- ' cannot begin here"},
      {E::TAB_IN_INDENTATION, "indent with spaces, not tabs"},
      {E::UNKNOWN_TOKEN, "text cannot begin with this character; put it in quotes"},
      {E::EOF_IN_SCALAR, "the text ends inside quotes"},
      {E::DOC_IN_SCALAR, "a line '---' or '...' inside quotes"},
      {E::UNKNOWN_ANCHOR, "no anchor (&name) of this alias (*name) stands before it"},
  };
  for (auto const& [theirs, ours] : explanations) {
    if (message == theirs) return ours;
  }
  return message;
}

// The first line that is indented with a tab; 0: none. (yaml-cpp stumbles over the line behind it.)
int line_of_tab(std::string_view bytes) {
  int line = 1;
  for (std::size_t begin = 0; begin < bytes.size(); ++line) {
    std::size_t const end = std::min(bytes.find('\n', begin), bytes.size());
    std::string_view const text = bytes.substr(begin, end - begin);
    std::size_t const first = text.find_first_not_of(" \t\r");
    bool const indented = first != std::string_view::npos && text[first] != '#';
    if (indented && text.substr(0, first).find('\t') != std::string_view::npos) return line;
    begin = end + 1;
  }
  return 0;
}

void note(YAML::Exception const& error, std::string_view bytes, Builder& builder,
          Place const& start, Problems& problems) {
  int const tab = start.in_file() ? line_of_tab(bytes) : 0;
  if (tab > 0) return problems.add({start.name, tab, 1}, "indent with spaces, not tabs");
  bool const list = error.msg == YAML::ErrorMsg::END_OF_SEQ_FLOW;
  bool const map = error.msg == YAML::ErrorMsg::END_OF_MAP_FLOW;
  if ((list || map) && builder.is_at_end(error.mark)) {
    if (Node const* open = builder.innermost(list ? NodeKind::list : NodeKind::map)) {
      problems.add(open->place, list ? "the list that begins here is never closed; ']' is missing"
                                     : "the map that begins here is never closed; '}' is missing");
      return;
    }
  }
  problems.add(builder.place_of(error.mark), explain(error.msg));
}

Node parse(std::string_view bytes, Place const& start) {
  Problems problems;
  if (static_cast<std::int64_t>(bytes.size()) > kMaxYamlBytes) {
    throw UsageError(*start.name + ": has " + std::to_string(bytes.size()) + " bytes; at most " +
                     std::to_string(kMaxYamlBytes) + " are read");
  }
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
  check_bytes(bytes, start, problems);
  problems.throw_if_any();

  Builder builder(bytes, start, problems);
  std::istringstream stream{std::string(bytes)};
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (Stop const&) {
  } catch (YAML::Exception const& error) {
    note(error, bytes, builder, start, problems);
  }
  problems.throw_if_any();
  return builder.take();
}

}  // namespace

Node node_at(Place place, NodeKind kind) {
  Node node;
  node.kind = kind;
  node.place = std::move(place);
  return node;
}

Entry const* Node::find(std::string_view key) const {
  auto const entry = std::find_if(entries.begin(), entries.end(),
                                  [&](Entry const& candidate) { return candidate.key == key; });
  return entry == entries.end() ? nullptr : &*entry;
}

Node parse_yaml(std::string_view bytes, std::string const& name) {
  return parse(bytes, {std::make_shared<std::string const>(name), 1, 1});
}

Node parse_yaml_value(std::string_view bytes, std::string const& name) {
  return parse(bytes, {std::make_shared<std::string const>(name), 0, 0});
}

std::string yaml_text(std::string_view text) {
  auto const is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  bool const plain = !text.empty() && std::all_of(text.begin(), text.end(), is_word) &&
                     !(text[0] >= '0' && text[0] <= '9');
  std::string lower(text);
  for (char& c : lower)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  bool const word_of_yaml = lower == "null" || lower == "true" || lower == "false";
  if (plain && !word_of_yaml) return std::string(text);

  std::string result = "\"";
  for (char const c : text) {
    if (c == '"' || c == '\\') {
      result += {'\\', c};
    } else if (is_control(c) || c == '\t' || c == '\n' || c == '\r') {
      result += "\\x" + hex(c);
    } else {
      result += c;
    }
  }
  return result + '"';
}

}  // namespace brood::files
